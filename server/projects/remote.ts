import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AlaiError, type ErrorCode } from '#server/domain/errors.ts';
import { type GitOptions, git } from '#server/platform/git.ts';
import { bareRepositoryOf, configureBare } from './git.ts';

/** A project that is cloned from an address instead of read from a folder. */
export interface RemoteProject {
  /** The same address, however it is spelt, is the same project. */
  id: string;
  name: string;
  url: string;
  defaultBranch: string;
}

const ASK_MS = 30_000;
const CLONE_MS = 10 * 60_000;
const MOST_BYTES = 2 * 1024 ** 3;
const LOOK_MS = 500;

const SCP = /^(?:[\w.-]+@)[\w.-]+:(?!\/\/)[^\s]+$/;

/** Whether a reference is an address of a repository and not an id or a folder. */
export const isRepositoryUrl = (reference: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(reference) || SCP.test(reference);

/**
 * The address as it is kept and asked. Throws PROJECT_URL_REFUSED for what is not fetched: other protocols, plain http
 * beyond this machine, files unless the server is for this machine alone, and addresses with a password in them.
 */
export function repositoryUrl(reference: string, o: { files: boolean }): string {
  if (SCP.test(reference)) return reference.replace(/\/+$/, '');
  let url: URL;
  try {
    url = new URL(reference);
  } catch {
    refuse('PROJECT_URL_REFUSED', `"${reference}" is no address`, 'Give https://host/owner/repository.git');
  }
  if (url.password || (url.username && url.protocol !== 'ssh:'))
    refuse(
      'PROJECT_URL_REFUSED',
      'the address has a credential in it',
      'Give it without, and let ssh keys do it (git@host:owner/repository.git).',
    );
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const able =
    url.protocol === 'https:' ||
    url.protocol === 'ssh:' ||
    (url.protocol === 'http:' && here) ||
    (url.protocol === 'file:' && o.files && url.hostname === '');
  if (!able)
    refuse(
      'PROJECT_URL_REFUSED',
      `${url.protocol}// is not fetched${url.protocol === 'http:' ? ' from another machine' : ''}`,
      'Give https://… or git@…, or the full path of a folder on this machine.',
    );
  url.hash = '';
  url.search = '';
  return url.href.replace(/\/+$/, '');
}

/** Deterministic: the address without its spelling (protocol, user, `.git`, case of the host). */
export function idOfUrl(url: string): string {
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.*)$/.exec(url);
  const where = scp ? `${scp[1]?.toLowerCase()}/${scp[2]}` : plainAddress(new URL(url));
  return createHash('sha256')
    .update(`url\n${where.replace(/\.git$/, '').replace(/\/{2,}/g, '/')}`)
    .digest('hex')
    .slice(0, 16);
}
const plainAddress = (u: URL) => `${u.hostname.toLowerCase()}${u.port ? `:${u.port}` : ''}${u.pathname}`;

const network = (signal?: AbortSignal): GitOptions => ({
  ...(signal ? { signal } : {}),
  env: {
    GIT_ALLOW_PROTOCOL: 'https:http:ssh:file',
    // Never a question that nobody sees; a host of before must not have become another one.
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new -oConnectTimeout=15',
    ...(process.env.SSH_AUTH_SOCK ? { SSH_AUTH_SOCK: process.env.SSH_AUTH_SOCK } : {}),
  },
});

/**
 * Clones the default branch of an address into the factory's bare repository, whole or not at all; again, it brings what is
 * new. Nothing of the repository runs: no hooks, no filters, no submodules, no checkout.
 */
export async function importUrl(
  reference: string,
  home: string,
  o: { files: boolean; mostBytes?: number },
): Promise<RemoteProject> {
  const url = repositoryUrl(reference, o);
  const id = idOfUrl(url);
  const name = basename(url.replace(/\.git$/, '').replace(/^.*:(?!\/\/)/, '')) || 'repository';
  const defaultBranch = await branchOf(url);
  const ref = `refs/heads/${defaultBranch}`;
  const bare = bareRepositoryOf(home, id);
  if (await stat(join(bare, 'HEAD')).catch(() => null)) {
    // Only forward: the factory's branch may hold accepted work that the address has not seen.
    await fetchInto(bare, url, `${ref}:${ref}`, o.mostBytes ?? MOST_BYTES, [1]);
    return { id, name, url, defaultBranch };
  }
  await mkdir(join(home, 'repositories'), { recursive: true });
  const half = `${bare}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await git(['init', '--quiet', '--bare', '--template=', half]);
    await fetchInto(half, url, `+${ref}:${ref}`, o.mostBytes ?? MOST_BYTES);
    await git(['symbolic-ref', 'HEAD', ref], { gitDir: half });
    await configureBare(half);
    await rename(half, bare).catch((e: NodeJS.ErrnoException) => {
      // Somebody else imported the same address at the same moment.
      if (e.code !== 'ENOTEMPTY' && e.code !== 'EEXIST') throw e;
    });
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return { id, name, url, defaultBranch };
}

async function branchOf(url: string): Promise<string> {
  const said = await git(['ls-remote', '--symref', '--', url, 'HEAD'], {
    ...network(),
    timeoutMs: ASK_MS,
  }).catch((e: unknown) => unreachable(url, e));
  const branch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(said.stdout)?.[1];
  if (!branch || !/^[0-9a-f]{40,64}\tHEAD$/m.test(said.stdout))
    refuse('PROJECT_EMPTY', `${url} has no commits yet`, 'Push a first commit, then add it.');
  return branch;
}

async function fetchInto(bare: string, url: string, spec: string, mostBytes: number, ok: number[] = []) {
  const stop = new AbortController();
  let tooLarge = false;
  const look = setInterval(() => {
    void sizeOf(bare).then((bytes) => {
      if (bytes <= mostBytes) return;
      tooLarge = true;
      stop.abort();
    });
  }, LOOK_MS);
  try {
    await git(
      ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', '--', url, spec],
      { ...network(stop.signal), gitDir: bare, timeoutMs: CLONE_MS, ok },
    );
    tooLarge ||= (await sizeOf(bare)) > mostBytes;
  } catch (e) {
    if (!tooLarge) unreachable(url, e);
  } finally {
    clearInterval(look);
  }
  if (tooLarge)
    refuse(
      'PROJECT_TOO_LARGE',
      `${url} is larger than ${Math.round(mostBytes / 1024 ** 2)} MB`,
      'Clone it yourself and give the folder.',
    );
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((e) => e.isFile())
      .map(async (e) => (await stat(join(e.parentPath, e.name)).catch(() => null))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function unreachable(url: string, e: unknown): never {
  const said = e instanceof Error ? (e.message.split('\n')[0] ?? '').slice(0, 300) : '';
  throw new AlaiError(
    'PROJECT_UNREACHABLE',
    `${url} cannot be fetched: ${said}`,
    'Try git ls-remote with it in a terminal: the address may be wrong, or need an ssh key. Nothing asks for passwords here.',
    {},
    e,
  );
}

function refuse(code: ErrorCode, message: string, hint: string): never {
  throw new AlaiError(code, message, hint);
}
