import { createHash } from 'node:crypto';
import { mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AlaiError, type ErrorCode } from '#server/domain/errors.ts';
import { type GitOptions, git, gitLine, inFolder } from '#server/platform/git.ts';

/** The git side of a project: from the operator's folder into the factory's bare repository. */
export interface ImportedProject {
  /** Same folder and history, same id: importing twice finds the project again. */
  id: string;
  name: string;
  /** The folder, with links resolved. */
  path: string;
  bareRepository: string;
  defaultBranch: string;
  head: string;
}

export const bareRepositoryOf = (home: string, projectId: string) =>
  join(home, 'repositories', `${projectId}.git`);

/** The folder's own repository, never one above it. */
const folder = (path: string): GitOptions => ({ gitDir: join(path, '.git'), workTree: path, cwd: path });

/** Checks a folder path and says what is wrong with it; nothing is written. */
export async function inspectFolder(path: string): Promise<Omit<ImportedProject, 'bareRepository'>> {
  const real = await realpath(path).catch(() => null);
  if (real === null || !(await stat(real)).isDirectory()) {
    refuse(
      'PROJECT_NOT_A_REPOSITORY',
      `there is no folder ${path}`,
      'Give the full path of a folder on this machine.',
    );
  }
  if (!(await stat(join(real, '.git')).catch(() => null))) {
    const bare = await git(['rev-parse', '--is-bare-repository'], { gitDir: real, cwd: real, ok: [128] });
    if (bare.stdout.trim() === 'true') {
      refuse('PROJECT_BARE', `${path} is a bare repository`, 'Give the folder of a clone with files in it.');
    }
    refuse(
      'PROJECT_NOT_A_REPOSITORY',
      `${path} is no git repository`,
      'Run git init there and commit, or give its top folder.',
    );
  }
  const known = await git(['rev-parse', '--is-bare-repository'], {
    cwd: real,
    env: ceiling(real),
    ok: [128],
  });
  if (known.code !== 0) {
    refuse(
      'PROJECT_NOT_A_REPOSITORY',
      `${path} is no git repository: ${known.stderr.trim()}`,
      'Repair it, or clone it anew.',
    );
  }
  if (known.stdout.trim() === 'true') {
    refuse('PROJECT_BARE', `${path} is a bare repository`, 'Give the folder of a clone with files in it.');
  }
  const gitDir = await gitLine(['rev-parse', '--absolute-git-dir'], { cwd: real, env: ceiling(real) });
  const o = await inFolder({ gitDir, workTree: real, cwd: real });
  const headSha = await git(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { ...o, ok: [1, 128] });
  if (headSha.code !== 0)
    refuse('PROJECT_EMPTY', `${path} has no commits yet`, 'Make a first commit, then import it.');
  const dirty = (
    await git(['status', '--porcelain', '--untracked-files=normal', '--ignore-submodules=all'], o)
  ).stdout.trimEnd(); // never at the front: a line may begin with a blank that belongs to it
  if (dirty !== '') {
    const files = dirty
      .split('\n')
      .slice(0, 5)
      .map((l) => l.slice(3))
      .join(', ');
    refuse(
      'PROJECT_DIRTY',
      `${path} has uncommitted changes: ${files}`,
      'Commit or stash them; agents start from commits.',
    );
  }
  const branch = await git(['symbolic-ref', '--quiet', '--short', 'HEAD'], { ...o, ok: [1] });
  if (branch.code !== 0) {
    refuse(
      'PROJECT_EMPTY',
      `${path} is on no branch (detached HEAD)`,
      'Check out the branch the work should go to.',
    );
  }
  return {
    id: await idOf(o, real),
    name: basename(real),
    path: real,
    defaultBranch: branch.stdout.trim(),
    head: headSha.stdout.trim(),
  };
}

/** Makes the factory's bare repository of a folder, whole or not at all. Running it again brings news of the folder. */
export async function importFolder(path: string, home: string): Promise<ImportedProject> {
  const found = await inspectFolder(path);
  const bareRepository = bareRepositoryOf(home, found.id);
  const source = await gitLine(['rev-parse', '--absolute-git-dir'], folder(found.path)).catch(() =>
    join(found.path, '.git'),
  );
  const ref = `refs/heads/${found.defaultBranch}`;
  if (await stat(join(bareRepository, 'HEAD')).catch(() => null)) {
    // Only forward: the factory's branch may hold accepted work that the folder has not seen.
    await git(['fetch', '--quiet', '--no-tags', '--update-shallow', source, `${ref}:${ref}`], {
      gitDir: bareRepository,
      ok: [1],
    });
  } else {
    await mkdir(join(home, 'repositories'), { recursive: true });
    const half = `${bareRepository}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    try {
      await git(['init', '--quiet', '--bare', '--template=', half]);
      const o = { gitDir: half };
      await git(['fetch', '--quiet', '--no-tags', '--update-shallow', source, `+${ref}:${ref}`], o);
      await git(['symbolic-ref', 'HEAD', ref], o);
      await configureBare(half);
      await rename(half, bareRepository).catch(async (e: NodeJS.ErrnoException) => {
        // Somebody else imported the same folder at the same moment.
        if (e.code !== 'ENOTEMPTY' && e.code !== 'EEXIST') throw e;
      });
    } finally {
      await rm(half, { recursive: true, force: true });
    }
  }
  return { ...found, bareRepository };
}

/** How the factory's bare repositories behave: they take pushes of workers, run nothing and keep what is accepted. */
export async function configureBare(gitDir: string): Promise<void> {
  for (const [k, v] of [
    ['http.receivepack', 'true'],
    ['uploadpack.allowAnySHA1InWant', 'true'],
    ['receive.denyDeleteCurrent', 'refuse'],
    ['receive.fsckObjects', 'true'],
    ['core.hooksPath', '/dev/null'],
    ['gc.auto', '0'],
  ] as const) {
    await git(['config', k, v], { gitDir });
  }
}

/** Root commits and place: two clones of one history are two projects, and a moved folder is a new one. */
async function idOf(o: GitOptions, real: string): Promise<string> {
  const roots = (await gitLine(['rev-list', '--max-parents=0', 'HEAD'], o)).split('\n').sort().join(' ');
  return createHash('sha256').update(`${roots}\n${real}`).digest('hex').slice(0, 16);
}

/** A folder without a repository must not find one in a folder above. */
const ceiling = (path: string) => ({ GIT_CEILING_DIRECTORIES: join(path, '..') });

function refuse(code: ErrorCode, message: string, hint: string): never {
  throw new AlaiError(code, message, hint);
}
