import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { git } from '#server/platform/git.ts';

/** A bare repository as the factory keeps it, with these files in one commit. */
export async function bareRepository(root: string, files: Record<string, string>): Promise<string> {
  const work = join(root, 'source');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(work, path)), { recursive: true });
    await writeFile(join(work, path), text);
  }
  await git(['init', '-q', work]);
  const o = { gitDir: join(work, '.git'), workTree: work };
  await git(['add', '-A'], o);
  await git(['-c', 'user.name=T', '-c', 'user.email=t@example.invalid', 'commit', '-qm', 'Start'], o);
  const bare = join(root, 'project.git');
  await git(['clone', '-q', '--bare', work, bare]);
  return bare;
}

/**
 * The Bento repository as it is after these parts of the rehearsal's scenario were accepted. Its test files run in one
 * process, because a chain runs them twenty times.
 */
export async function bentoFiles(...parts: string[]): Promise<Record<string, string>> {
  const root = join(import.meta.dirname, '../workers/rehearsal/scenarios/bento/files');
  const files: Record<string, string> = {};
  for (const part of parts) {
    for (const entry of await readdir(join(root, part), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files[path.slice(join(root, part).length + 1)] = await readFile(path, 'utf8');
    }
  }
  const manifest = files['package.json'];
  if (manifest)
    files['package.json'] = manifest.replace('"node --test"', '"node --test --test-isolation=none"');
  return files;
}
