import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { CatalogueError, type Collector } from './source.ts';

/** The entries of a folder that a person put there, in order; none when the folder is not there. */
export function listed(root: string, folder: string, collect: Collector): string[] {
  return collect.read(() => entriesOf(root, folder)) ?? [];
}

function entriesOf(root: string, folder: string): string[] {
  try {
    return readdirSync(`${root}/${folder}`)
      .filter((entry) => !entry.startsWith('.'))
      .sort();
  } catch (e) {
    const { code, message } = e as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const [said, remedy] =
      code === 'ENOTDIR'
        ? ['A file stands where this folder should be.', `Make a folder of ${folder}, or take it away.`]
        : [
            `This folder cannot be read: ${message}.`,
            'Give the user of Mission Control the right to read it.',
          ];
    throw new CatalogueError({ file: folder, line: 1, message: said, remedy });
  }
}

/** Deeper than any file of a company: company/skills/name/SKILL.md. */
const DEPTH = 4;

/** Changes when any file does. A folder that cannot be read is part of the stamp, never the end of it. */
export function stampOf(folder: string, depth = DEPTH): string {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (e) {
    return `${folder}:${(e as NodeJS.ErrnoException).code}`;
  }
  return entries
    .sort()
    .map((entry) => {
      const place = path.join(folder, entry);
      try {
        const at = statSync(place);
        if (at.isDirectory()) return depth > 1 ? stampOf(place, depth - 1) : place;
        return `${place}:${at.mtimeMs}:${at.ctimeMs}:${at.size}:${at.ino}`;
      } catch (e) {
        return `${place}:${(e as NodeJS.ErrnoException).code}`;
      }
    })
    .join('\n');
}
