import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The file's text, or undefined when there is none; every other failure stays a failure. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw e;
  }
}

function writeBeside(file: string, text: string, mode: number): string {
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, text, { mode, flag: 'wx' });
  return temporary;
}

/** Replaces a file at once: a reader sees the old text or the new one, never half of it. */
export function writeAtomic(file: string, text: string, mode = 0o600): void {
  renameSync(writeBeside(file, text, mode), file);
}

/** Writes the file unless somebody was faster, and returns what is in it afterwards. */
export function writeOnce(file: string, text: string, mode = 0o600): string {
  const temporary = writeBeside(file, text, mode);
  try {
    linkSync(temporary, file);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(file, 'utf8');
}
