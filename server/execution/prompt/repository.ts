import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { placeToRead, readRegular } from '../policy.ts';

/** What a model that cannot look for itself is shown of a repository. */

const MAX_LISTED = 400;
const MAX_FILES = 12;
const MAX_BYTES = 24_000;
const ALWAYS = ['README.md', 'package.json'];
const SKIP = new Set(['node_modules', '.git', '.next', 'dist', 'coverage']);

/** The paths of a repository, and the text of the files that `about` names, as they are now. */
export async function repositoryText(root: string, about: string): Promise<string> {
  const paths = await list(root);
  const named = paths
    .filter((p) => ALWAYS.includes(p) || about.includes(p))
    .sort((a, b) => Number(ALWAYS.includes(a)) - Number(ALWAYS.includes(b)));
  const texts: string[] = [];
  for (const path of named.slice(0, MAX_FILES)) {
    const text = await textOf(root, path);
    if (text !== null) texts.push(`=== ${path}\n${text.trimEnd()}`);
  }
  const more = paths.length > MAX_LISTED ? `\n… ${paths.length - MAX_LISTED} more …` : '';
  return [paths.slice(0, MAX_LISTED).join('\n') + more, ...texts].join('\n\n');
}

async function list(root: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (at: string): Promise<void> => {
    const entries = await readdir(join(root, at), { withFileTypes: true }).catch(() => []);
    for (const e of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (found.length > MAX_LISTED * 4) return;
      const path = at === '' ? e.name : `${at}/${e.name}`;
      if (e.isDirectory() && !SKIP.has(e.name)) await walk(path);
      else if (e.isFile()) found.push(path);
    }
  };
  await walk('');
  return found;
}

async function textOf(root: string, path: string): Promise<string | null> {
  try {
    const bytes = await readRegular(await placeToRead(root, path), path, MAX_BYTES);
    return bytes.includes(0) ? null : bytes.toString();
  } catch {
    return null;
  }
}
