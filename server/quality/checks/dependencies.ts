import { dirname, join, relative } from 'node:path/posix';
import { z } from 'zod';
import { type LockEntry, lockEntriesSchema, NPM_REGISTRY, strangersIn } from '#server/domain/lockfile.ts';
import type { CheckInput } from '#server/domain/seams.ts';
import { block, type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { exists, type Package, parsePackage } from './project.ts';
import { readRegular } from './read.ts';

const MANIFEST =
  /(?:^|\/)(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|requirements[^/]*\.txt|Dockerfile[^/]*|[^/]+\.dockerfile)$|(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/i;
const LOCK = /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/;
const MAX_LOCK_BYTES = 30_000_000;
const EXACT = /^(?:npm:[^@]+@|(?:@[^@/]+\/)?[^@]*@)?v?\d+\.\d+\.\d+(?:[-+][\w.-]+)?$/;
const ANYTHING = /^(?:\*|x|latest|next|>=?\s*\d.*|)$/i;
const FROM_ELSEWHERE = /^(?:git|https?:|github:|[\w-]+\/[\w.-]+$)/;

const allOf = (p: Package | null): Record<string, string> => ({
  ...p?.optionalDependencies,
  ...p?.devDependencies,
  ...p?.dependencies,
});

/** Which manifests npm's lockfile speaks for, and what it says. */
type Manifest = { path: string; lock: Record<string, string> | null; other: boolean };

/** 12: what was added to the dependencies is one known version, from the registry, and the lockfile says the same. */
export const dependencies: Check = async (input) => {
  const { writes, root, changes, addedLines, before } = input;
  if (!writes) return notApplicable(READ_ONLY);
  const changed = changes.filter((c) => MANIFEST.test(c.path) && c.status !== 'D').map((c) => c.path);
  const locks = changes.filter((c) => LOCK.test(c.path)).map((c) => c.path);
  if (changed.length === 0 && locks.length === 0)
    return notApplicable('No manifest of dependencies changed.');
  const loose: string[] = [];
  const apart: string[] = [];
  const manifests = await Promise.all(
    changed.filter((p) => /(?:^|\/)package\.json$/.test(p)).map((p) => manifestAt(root, p)),
  );
  for (const { path, lock, other } of manifests) {
    const now = allOf(parsePackage((await readRegular(root, path)) ?? '{}'));
    const was = allOf(parsePackage((await before(path)) ?? '{}'));
    for (const [name, range] of Object.entries(now)) {
      if (lock && lock[name] !== range)
        apart.push(`${path}: ${name} ${range}, the lockfile says ${lock[name] ?? 'nothing'}`);
      if (was[name] === range || /^(?:file|link|workspace|catalog|portal|patch):/.test(range)) continue;
      const held = other || lock?.[name] === range;
      const pinned = EXACT.test(range) || (held && !ANYTHING.test(range) && !FROM_ELSEWHERE.test(range));
      const commit = FROM_ELSEWHERE.test(range) && /#[0-9a-f]{40}$/.test(range);
      if (!pinned && !commit)
        loose.push(`${path}: ${name} ${range}${lock ? '' : ', and there is no lockfile'}`);
    }
  }
  for (const l of addedLines) loose.push(...looseLine(l));
  if (loose.length > 0) return block(`${loose.length} dependency(ies) are not pinned`, lines(loose));
  const strange = input.reverts
    ? []
    : (await Promise.all(locks.map((path) => strangersOf(input, path)))).flat();
  if (strange.length > 0)
    return block(
      `${strange.length} entry(ies) of the lockfile do not come from the registry with an integrity: ${strange[0]}`,
      lines(strange),
    );
  if (apart.length > 0) return fail('Manifest and lockfile disagree', lines(apart));
  if (locks.length === 0 && manifests.length === changed.length && manifests.every((m) => m.other))
    return notApplicable('pnpm or yarn keeps the lockfile, which is not read.');
  return pass(
    `${[...changed, ...locks.filter((l) => !changed.includes(l))].join(', ')}: everything added is pinned`,
  );
};

/** Entries that this change brought into a lockfile and that come from somewhere else. */
async function strangersOf({ root, before, registry }: CheckInput, path: string): Promise<string[]> {
  const was = lockOf(await before(path));
  const text = await readRegular(root, path, MAX_LOCK_BYTES);
  // Without it nothing is installed, and what cannot run cannot fail.
  if (text === null) return was ? [`${path}: it was there before`] : [];
  const now = lockOf(text);
  if (!now) return [`${path}: it cannot be read`];
  const known = JSON.stringify;
  return strangersIn(now, [NPM_REGISTRY, ...(registry ? [registry] : [])])
    .filter((name) => known(was?.[name]) !== known(now[name]))
    .map((name) => `${path}: ${name}`);
}

function lockOf(text: string | null): Record<string, LockEntry> | null {
  if (text === null) return null;
  try {
    return lockEntriesSchema.parse(JSON.parse(text)).packages;
  } catch {
    return null;
  }
}

/** A manifest with what the nearest lockfile says it asked for: in a workspace that is the one of the whole repository. */
async function manifestAt(root: string, path: string): Promise<Manifest> {
  const own = dirname(path);
  for (let dir = own; ; dir = dirname(dir)) {
    for (const name of ['npm-shrinkwrap.json', 'package-lock.json']) {
      const lock = await readLock(root, join(dir, name), relative(dir, own));
      if (lock) return { path, lock, other: false };
    }
    for (const name of ['pnpm-lock.yaml', 'yarn.lock'])
      if (await exists(root, join(dir, name))) return { path, lock: null, other: true };
    if (dir === '.') return { path, lock: null, other: false };
  }
}

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

/** What a lockfile says the manifest in this folder asked for; null when there is none that can be read. */
async function readLock(root: string, path: string, folder: string): Promise<Record<string, string> | null> {
  try {
    const text = await readRegular(root, path, MAX_LOCK_BYTES);
    const own = lockSchema.parse(JSON.parse(text ?? '')).packages[folder];
    return own ? { ...own.optionalDependencies, ...own.devDependencies, ...own.dependencies } : null;
  } catch {
    return null;
  }
}
