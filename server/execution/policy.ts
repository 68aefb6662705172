import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { AlaiError } from '#server/domain/errors.ts';
import { type StepRules, writeReason } from '#server/domain/role-rules.ts';

/** Which paths a tool may touch. Refusals say why, in words the model can act on. */

const MAX_PATH = 400;

function refuse(reason: string): never {
  throw new AlaiError(
    'TOOL_REFUSED',
    reason,
    'Use a path relative to the repository, inside what this step may touch.',
  );
}

/** Normalises a path a model wrote, or refuses it. Knows nothing of the disk. */
export function cleanPath(path: string): string {
  if (path.includes('\0')) refuse('the path holds a NUL character');
  if (path.length > MAX_PATH) refuse(`the path is longer than ${MAX_PATH} characters`);
  if (path.includes('\\')) refuse('write paths with / and not with \\');
  if (/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u.test(path)) refuse('the path holds invisible characters');
  // A full-width or otherwise look-alike spelling is folded by some file systems into the plain one.
  const folded = path.normalize('NFKC');
  if (folded.startsWith('/') || /^[a-z]:/i.test(folded)) {
    refuse(`"${path}" is absolute; paths are relative to the repository, e.g. "src/app.js"`);
  }
  if (folded.startsWith('~')) refuse('there is no home directory here; paths are relative to the repository');
  const parts = folded.split('/').filter((p) => p !== '' && p !== '.');
  for (const part of parts) {
    if (part === '..') refuse(`"${path}" leaves the repository`);
    if (/^(\.git|git~\d+)[ .]*$/i.test(part))
      refuse('.git belongs to the factory; it commits your work itself');
    // Some file systems drop them, and the name becomes that of another file.
    if (/[. ]$/.test(part)) refuse(`"${part}" ends with a dot or a blank`);
  }
  if (folded !== path) refuse('write the path with plain characters');
  return parts.join('/');
}

/** Refuses a file that the rules of the role, the step or the company exclude, in words the model can act on. */
export function checkWrite(rules: StepRules, path: string): void {
  if (path === '') refuse('a file name is needed');
  const why = writeReason(rules, path);
  if (why) throw new AlaiError('TOOL_REFUSED', why.reason, why.hint);
}

/** The place on disk of a path to be read: links are followed only while they stay inside. */
export async function placeToRead(root: string, path: string): Promise<string> {
  const place = join(root, cleanPath(path));
  const real = await realpath(place).catch((e: NodeJS.ErrnoException) => {
    if (e.code === 'ENOENT' || e.code === 'ENOTDIR') refuse(`"${path}" does not exist`);
    refuse(`"${path}" cannot be read (${e.code})`);
  });
  const inside = relative(await realpath(root), real);
  if (inside === '..' || inside.startsWith(`..${sep}`))
    refuse(`"${path}" is a link that leaves the repository`);
  if (inside.split(sep).some((p) => p.toLowerCase() === '.git')) refuse('.git belongs to the factory');
  return real;
}

/** The place of a file to be written: no link anywhere on the way, and no second name for the same file. */
export async function placeToWrite(root: string, path: string): Promise<string> {
  const parts = cleanPath(path).split('/');
  let place = root;
  for (const [i, part] of parts.entries()) {
    place = join(place, part);
    const at = await lstat(place).catch((e: NodeJS.ErrnoException) => {
      if (e.code === 'ENOENT') return null;
      refuse(`"${path}" cannot be written (${e.code})`);
    });
    if (!at) break;
    if (at.isSymbolicLink())
      refuse(`"${parts.slice(0, i + 1).join('/')}" is a link; write to the file it stands for`);
    if (i < parts.length - 1 && !at.isDirectory())
      refuse(`"${parts.slice(0, i + 1).join('/')}" is not a folder`);
    if (i === parts.length - 1 && !at.isFile()) refuse(`"${path}" is not a file`);
    if (i === parts.length - 1 && at.nlink > 1)
      refuse(`"${path}" has a second name (hard link); remove it first`);
  }
  return join(root, ...parts);
}

const NEVER_WAIT = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a regular file whole. What stands there is looked at after it is open, so neither a link nor a pipe that appeared
 * since the check is read; a pipe would be waited for without end.
 */
export async function readRegular(place: string, path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(place, constants.O_RDONLY | NEVER_WAIT);
  try {
    const at = await file.stat();
    if (!at.isFile()) refuse(`"${path}" is not a file`);
    if (at.size > maxBytes)
      refuse(`"${path}" has ${at.size} bytes, more than the ${maxBytes} a tool may take`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Writes without following a link, a pipe or a second name that appeared since the check. */
export async function writeNoFollow(place: string, path: string, content: string): Promise<void> {
  const file = await open(place, constants.O_WRONLY | constants.O_CREAT | NEVER_WAIT, 0o644).catch(
    (e: NodeJS.ErrnoException) => {
      if (e.code === 'ENXIO' || e.code === 'ELOOP') refuse(`"${path}" is not a file`);
      throw e;
    },
  );
  try {
    const at = await file.stat();
    if (!at.isFile()) refuse(`"${path}" is not a file`);
    if (at.nlink > 1) refuse(`"${path}" has a second name (hard link); remove it first`);
    await file.truncate(0);
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}
