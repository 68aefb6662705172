import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The Node and npm that commands get: the one that runs us, which a fresh machine may have in our own folder only. */
export interface Toolchain {
  node: string;
  /** Folder of the npm package, when there is one. */
  npm: string | null;
}

let found: Toolchain | undefined;

export function toolchain(): Toolchain {
  if (found) return found;
  const npmBin = (process.env.PATH ?? '')
    .split(delimiter)
    .map((d) => join(d, 'npm'))
    .find((p) => existsSync(p));
  let npm: string | null = null;
  if (npmBin) {
    const dir = dirname(dirname(realpathSync(npmBin)));
    if (existsSync(join(dir, 'bin/npm-cli.js'))) npm = dir;
  }
  found = { node: process.execPath, npm };
  return found;
}
