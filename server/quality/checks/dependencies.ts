import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { block, type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { type Package, parsePackage } from './project.ts';

const MANIFEST =
  /(?:^|\/)(?:package\.json|package-lock\.json|requirements[^/]*\.txt|Dockerfile[^/]*|[^/]+\.dockerfile)$|(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/i;
const EXACT = /^(?:npm:[^@]+@|(?:@[^@/]+\/)?[^@]*@)?v?\d+\.\d+\.\d+(?:[-+][\w.-]+)?$/;
const ANYTHING = /^(?:\*|x|latest|next|>=?\s*\d.*|)$/i;
const FROM_ELSEWHERE = /^(?:git|https?:|github:|[\w-]+\/[\w.-]+$)/;

const allOf = (p: Package | null): Record<string, string> => ({
  ...p?.optionalDependencies,
  ...p?.devDependencies,
  ...p?.dependencies,
});

/** 12: what was added to the dependencies is one known version, and the lockfile says the same as the manifest. */
export const dependencies: Check = async ({ writes, root, changes, addedLines, before }) => {
  if (!writes) return notApplicable(READ_ONLY);
  const manifests = changes.filter((c) => MANIFEST.test(c.path) && c.status !== 'D').map((c) => c.path);
  if (manifests.length === 0) return notApplicable('No manifest of dependencies changed.');
  const loose: string[] = [];
  const apart: string[] = [];
  for (const path of manifests.filter((p) => /(?:^|\/)package\.json$/.test(p))) {
    const now = allOf(parsePackage(await readFile(join(root, path), 'utf8').catch(() => '{}')));
    const was = allOf(parsePackage((await before(path)) ?? '{}'));
    const lock = await readLock(root, path.replace(/package\.json$/, 'package-lock.json'));
    for (const [name, range] of Object.entries(now)) {
      if (lock && lock[name] !== range)
        apart.push(`${path}: ${name} ${range}, the lockfile says ${lock[name] ?? 'nothing'}`);
      if (was[name] === range || /^(?:file|link|workspace):/.test(range)) continue;
      const pinned =
        EXACT.test(range) || (lock?.[name] === range && !ANYTHING.test(range) && !FROM_ELSEWHERE.test(range));
      const commit = FROM_ELSEWHERE.test(range) && /#[0-9a-f]{40}$/.test(range);
      if (!pinned && !commit)
        loose.push(`${path}: ${name} ${range}${lock ? '' : ', and there is no lockfile'}`);
    }
  }
  for (const l of addedLines) loose.push(...looseLine(l));
  if (loose.length > 0) return block(`${loose.length} dependency(ies) are not pinned`, lines(loose));
  if (apart.length > 0) return fail('Manifest and lockfile disagree', lines(apart));
  return pass(`${manifests.join(', ')}: everything added is pinned`);
};

/** What other manifests say by the line. */
function looseLine({ file, line, text }: { file: string; line: number; text: string }): string[] {
  const at = `${file}:${line}: ${text.trim()}`;
  if (/requirements[^/]*\.txt$/i.test(file)) {
    const spec = text.replace(/#.*/, '').trim();
    return spec === '' || spec.startsWith('-') || /==|@ .*@[0-9a-f]{40}/.test(spec) ? [] : [at];
  }
  if (/(?:^|\/)(?:Dockerfile[^/]*|[^/]+\.dockerfile)$/i.test(file)) {
    const image = /^\s*FROM\s+(?:--\S+\s+)*(\S+)/i.exec(text)?.[1];
    if (!image || image === 'scratch' || image.includes('$') || image.includes('@sha256:')) return [];
    const tag = /:([^/:]+)$/.exec(image)?.[1];
    // `FROM build`: a stage of the same file has neither a slash nor a tag, so it cannot be told from an image.
    return tag === 'latest' || (!tag && image.includes('/')) ? [at] : [];
  }
  if (/(?:^|\/)\.github\/workflows\//.test(file)) {
    const ref = /^\s*-?\s*uses:\s*\S+@(\S+)/.exec(text)?.[1];
    return ref && /^(?:main|master|latest|HEAD|dev|develop)$/.test(ref) ? [at] : [];
  }
  return [];
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      dependencies: z.record(z.string(), z.string()).optional(),
      devDependencies: z.record(z.string(), z.string()).optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** What package-lock.json says the manifest asked for; null when there is no lockfile that can be read. */
async function readLock(root: string, path: string): Promise<Record<string, string> | null> {
  try {
    const own = lockSchema.parse(JSON.parse(await readFile(join(root, path), 'utf8'))).packages[''];
    return { ...own?.optionalDependencies, ...own?.devDependencies, ...own?.dependencies };
  } catch {
    return null;
  }
}
