import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { AgentRole, BlueprintStep } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';

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
  }
  if (folded !== path) refuse('write the path with plain characters');
  return parts.join('/');
}

/** Whether a role may write here at all, before any look at the disk. */
export function checkWrite(role: AgentRole, paths: BlueprintStep['paths'], path: string): void {
  if (path === '') refuse('a file name is needed');
  if (role === 'reviewer') {
    refuse('reviewers are read-only: report what is wrong with the finding tool, the builder mends it');
  }
  if (role === 'lead')
    refuse('leads are write-locked: describe the change in your report, the builder writes it');
  const why = outsidePaths(paths, path);
  if (why) refuse(why);
}

/** Why the step's path rules exclude this file, or null. Also used on the finished diff. */
export function outsidePaths(paths: BlueprintStep['paths'], path: string): string | null {
  const denied = paths.deny.find((g) => matchesGlob(path, g));
  if (denied) return `"${path}" is denied in this step (${denied})`;
  if (paths.allow.length > 0 && !paths.allow.some((g) => matchesGlob(path, g))) {
    return `"${path}" is outside what this step may write: ${paths.allow.join(', ')}`;
  }
  return null;
}

/** `*` within a folder, `**` across folders, `?` one character; nothing else is special. */
export function matchesGlob(path: string, glob: string): boolean {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i] ?? '';
    if (glob.startsWith('**/', i)) {
      source += '(?:[^/]+/)*';
      i += 2;
    } else if (glob.startsWith('**', i)) {
      source += '.*';
      i += 1;
    } else if (c === '*') source += '[^/]*';
    else if (c === '?') source += '[^/]';
    else source += c.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  }
  return new RegExp(`^${source}$`).test(path);
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

/** Writes without following a link that appeared since the check. */
export async function writeNoFollow(place: string, content: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const file = await open(place, flags, 0o644);
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}
