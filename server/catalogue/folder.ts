import { readdirSync } from 'node:fs';

/** The entries of a folder that a person put there, in order; none when the folder is not there. */
export function listed(root: string, folder: string): string[] {
  try {
    return readdirSync(`${root}/${folder}`)
      .filter((entry) => !entry.startsWith('.'))
      .sort();
  } catch {
    return [];
  }
}
