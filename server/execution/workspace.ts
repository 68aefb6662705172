import { cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlaiError } from '#server/domain/errors.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import { type GitOptions, git, gitLine } from '#server/platform/git.ts';
import { type AddedLine, changesBetween, type FileChange, linesBetween, patchBetween } from './diff.ts';
import { fileAt, layOut, treeWith } from './trees.ts';
import { alone, dropNestedRepositories, removeTree, retrying } from './workspace-files.ts';

/**
 * One attempt's files. The worktree is a plain folder without `.git`; the repository, and this attempt's private index,
 * lie outside of what any tool or command can reach, and git is always told explicitly where both are.
 */
export interface Workspace {
  root: string;
  gitDir: string;
  /** Commit the attempt started from. */
  base: string;
  /** Last commit of this attempt, or the base. */
  head(): string;
  /** The default branch as it was when the attempt started. */
  trunk: string;
  /** Tree of the files as they are now. */
  snapshot(): Promise<string>;
  treeOf(commit: string): Promise<string>;
  changes(from: string, to: string): Promise<FileChange[]>;
  addedLines(from: string, to: string): Promise<AddedLine[]>;
  patch(from: string, to: string, bytes: number): Promise<{ text: string; cut: boolean }>;
  mergeBase(a: string, b: string): Promise<string>;
  /** The commit a name stands for. */
  commitOf(ref: string): Promise<string>;
  /** A file as a commit has it, or null. */
  fileAt(commit: string, path: string): Promise<string | null>;
  /** A tree like `from`, with only these paths as `tree` has them. */
  treeWith(from: string, tree: string, paths: string[]): Promise<string>;
  /** Lays a tree out in a folder of its own, which the caller removes. */
  layOut(tree: string, name: string): Promise<string>;
  /** Copies a folder of this attempt beside it; the caller removes it. */
  layOutFolder(folder: string, name: string): Promise<string>;
  /** Files in which a merge of this tree into the default branch, as it was fetched, conflicts. */
  conflicts(tree: string): Promise<string[]>;
  commit(tree: string, message: string, company: string, at: Date): Promise<string>;
  push(): Promise<void>;
  /** Puts the files back to a tree: what gates and tests left behind is not part of the work. */
  restore(tree: string): Promise<void>;
  /** A throwaway copy for roles that may not write, made when first asked for. */
  scratch(): Promise<string>;
  /** Puts the unfinished files in the project's recovery bin, for whoever goes on. Their commit, or null when all is committed. */
  keep(): Promise<string | null>;
  /** Lays out files that were kept before; false when they cannot be had any more. */
  pickUp(commit: string): Promise<boolean>;
  /** Keeps unfinished work in the project's recovery bin, then removes the folders. */
  close(keep: boolean): Promise<void>;
}

/** How long unfinished work may take to be put away when an attempt has to end. */
const KEEP_MS = 8_000;

/** Branch and folder name of an attempt. */
const branchOf = (w: AttemptWork) => `minion/${w.task.id}-${w.n}`;

/** What comes is kept in a pack, which is there as a whole or not at all: a fetch that is killed leaves no commit without its files. */
const FETCH = [
  ...['-c', 'fetch.unpackLimit=1', 'fetch'],
  ...['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'],
];

/** A commit is there, and some of its files are not: a clone from before, or a disk that was full. */
const isHalf = (e: unknown) =>
  e instanceof AlaiError && e.code === 'GIT_FAILED' && /unpack tree|unable to read|missing/i.test(e.message);

/** Fetches what the attempt needs into this host's own clone and lays out a fresh worktree at its base commit. */
export async function openWorkspace(
  w: AttemptWork,
  o: { hostDir: string; token?: string; signal: AbortSignal },
): Promise<Workspace> {
  if (!/^[\w-]{1,80}$/.test(w.project.id)) {
    throw new AlaiError('BAD_INPUT', `"${w.project.id}" is no project id`, 'Import the project again.');
  }
  const key = `${w.task.id}-${w.n}`;
  const gitDir = join(o.hostDir, 'clones', `${w.project.id}.git`);
  const root = join(o.hostDir, 'work', key);
  const index = join(o.hostDir, 'index', key);
  const scratchDir = join(o.hostDir, 'scratch', key);
  const signal = o.signal;
  const bare: GitOptions = { gitDir, signal, ...(o.token ? { token: o.token } : {}) };
  const inTree: GitOptions = { gitDir, workTree: root, index, cwd: root, signal };
  const trunkRef = `refs/remotes/origin/${w.project.defaultBranch}`;
  const wanted = [w.baseCommit, w.reviewedCommit].filter((s): s is string => s !== null);

  try {
    for (const dir of ['clones', 'work', 'index', 'scratch', 'run'])
      await mkdir(join(o.hostDir, dir), { recursive: true });
    await removeTree(root, o.hostDir);
    await rm(index, { force: true });
    await mkdir(root, { recursive: true });
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code ?? 'unknown';
    throw new AlaiError(
      'WORKTREE_UNWRITABLE',
      `the worktree of ${branchOf(w)} cannot be written (${code})`,
      `Give this user the right to write below the host folder "${w.host}", or free space on its disk.`,
      {},
      e,
    );
  }
  await alone(gitDir, async () => {
    if (!(await stat(join(gitDir, 'HEAD')).catch(() => null))) {
      await git(['init', '--quiet', '--bare', '--template=', gitDir], { signal });
      // Where packages are linked instead of mounted, the link is no part of the work.
      await mkdir(join(gitDir, 'info'), { recursive: true });
      await writeFile(join(gitDir, 'info/exclude'), '/node_modules\n');
    }
    const specs = [`+refs/heads/${w.project.defaultBranch}:${trunkRef}`];
    for (const sha of wanted) {
      const there = await git(['cat-file', '-e', `${sha}^{commit}`], { ...bare, ok: [1, 128] });
      if (there.code !== 0) specs.push(`+${sha}:refs/alai/wanted/${sha}`);
    }
    await retrying(signal, () => git([...FETCH, w.project.repositoryUrl, ...specs], bare));
  });
  const has = async (sha: string) =>
    (await git(['cat-file', '-e', `${sha}^{commit}`], { ...bare, ok: [1, 128] })).code === 0;
  const kept = w.resume?.memory.files ?? null;
  // It may have left the recovery bin by now; the step is told then.
  if (kept && !(await has(kept)))
    await git(
      ['fetch', '--quiet', '--no-tags', w.project.repositoryUrl, `+${kept}:refs/alai/wanted/${kept}`],
      { ...bare, ok: [1, 128] },
    );
  const trunk = await gitLine(['rev-parse', '--verify', `${trunkRef}^{commit}`], bare);
  // Kept files were made on the branch as it was then: laid over a newer one they would take others' work back.
  const keptBase =
    kept && !w.baseCommit && (await has(kept)) ? await gitLine(['rev-parse', `${kept}^`], bare) : null;
  const base = w.baseCommit ?? keptBase ?? trunk;
  const lay = async () => {
    await git(['read-tree', base], inTree);
    await git(['checkout-index', '--all', '--force', '--quiet'], inTree);
  };
  await lay().catch(async (e) => {
    if (!isHalf(e)) throw e;
    const whole = [`+${base}:refs/alai/wanted/${base}`];
    await alone(gitDir, () => git([...FETCH, '--refetch', w.project.repositoryUrl, ...whole], bare));
    await lay();
  });

  let head = base;
  let pushed = true;
  let scratchedAt = '';

  const ws: Workspace = {
    root,
    gitDir,
    base,
    trunk,
    head: () => head,

    async snapshot() {
      await dropNestedRepositories(root);
      await git(['add', '--all', '--', '.'], inTree);
      return gitLine(['write-tree'], inTree);
    },

    treeOf: (commit) => gitLine(['rev-parse', `${commit}^{tree}`], bare),

    changes: (from, to) => changesBetween(gitDir, from, to),
    addedLines: (from, to) => linesBetween(gitDir, from, to),

    async patch(from, to, bytes) {
      const stdout = await patchBetween(gitDir, from, to);
      if (Buffer.byteLength(stdout) <= bytes) return { text: stdout, cut: false };
      return {
        text: `${Buffer.from(stdout).subarray(0, bytes).toString()}\n… cut at ${bytes} bytes …\n`,
        cut: true,
      };
    },

    commitOf: (ref) => gitLine(['rev-parse', '--verify', `${ref}^{commit}`], bare),
    fileAt: (commit, path) => fileAt(gitDir, commit, path),
    treeWith: (from, tree, paths) => treeWith({ gitDir, index: `${index}-with`, from, tree, paths }),

    async layOut(tree, name) {
      const place = `${scratchDir}-${name}`;
      await removeTree(place, o.hostDir);
      await layOut({ gitDir, index: `${index}-${name}`, tree, place });
      return place;
    },

    async layOutFolder(folder, name) {
      const place = `${scratchDir}-${name}`;
      await removeTree(place, o.hostDir);
      // Files only: node_modules of the folder is where the packages will appear.
      await cp(folder, place, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (from) => from !== join(folder, 'node_modules'),
      });
      return place;
    },

    async conflicts(tree) {
      const env = { GIT_AUTHOR_NAME: 'ALAI', GIT_AUTHOR_EMAIL: 'factory@alai.invalid' };
      const trial = await gitLine(['commit-tree', tree, '-p', head, '-m', 'Trial merge'], {
        ...bare,
        env: { ...env, GIT_COMMITTER_NAME: 'ALAI', GIT_COMMITTER_EMAIL: 'factory@alai.invalid' },
      });
      const r = await git(['merge-tree', '--write-tree', '--name-only', '--no-messages', trunk, trial], {
        ...bare,
        ok: [1],
      });
      return r.code === 0 ? [] : r.stdout.trim().split('\n').slice(1);
    },

    mergeBase: (a, b) => gitLine(['merge-base', a, b], bare),

    async commit(tree, message, company, at) {
      if (tree === (await ws.treeOf(head))) return head;
      const when = at.toISOString();
      const env = {
        GIT_AUTHOR_NAME: `ALAI ${company}`,
        GIT_AUTHOR_EMAIL: `${company.toLowerCase().replace(/[^a-z0-9]+/g, '-')}@alai.invalid`,
        GIT_COMMITTER_NAME: 'ALAI Mission Control',
        GIT_COMMITTER_EMAIL: 'factory@alai.invalid',
        GIT_AUTHOR_DATE: when,
        GIT_COMMITTER_DATE: when,
      };
      head = await gitLine(['commit-tree', tree, '-p', head, '-F', '-'], { ...bare, env, input: message });
      // A ref of our own keeps the commit until it is pushed, whatever happens to this process.
      await git(['update-ref', `refs/alai/attempts/${key}`, head], bare);
      pushed = false;
      return head;
    },

    async push() {
      if (head === base || pushed) return;
      await retrying(signal, () =>
        git(
          ['push', '--quiet', '--force', w.project.repositoryUrl, `${head}:refs/heads/${branchOf(w)}`],
          bare,
        ),
      );
      pushed = true;
    },

    async restore(tree) {
      await dropNestedRepositories(root);
      await git(['read-tree', tree], inTree);
      await git(['checkout-index', '--all', '--force', '--quiet'], inTree);
      await git(['clean', '-ffdq'], inTree);
    },

    async scratch() {
      // A copy made before the builder's step would show the reviewer yesterday's files.
      if (scratchedAt !== head) {
        await removeTree(scratchDir, o.hostDir);
        await cp(root, scratchDir, { recursive: true, verbatimSymlinks: true });
        scratchedAt = head;
      }
      return scratchDir;
    },

    async keep() {
      // What ends the attempt must not end this; a host that cannot push in time keeps the work for its own next attempt.
      const quiet: GitOptions = {
        gitDir,
        workTree: root,
        index,
        cwd: root,
        signal: AbortSignal.timeout(KEEP_MS),
      };
      const { signal: _over, ...rest } = bare;
      const reach: GitOptions = { ...rest, signal: AbortSignal.timeout(KEEP_MS) };
      await dropNestedRepositories(root);
      await git(['add', '--all', '--', '.'], quiet);
      const tree = await gitLine(['write-tree'], quiet);
      const headTree = await gitLine(['rev-parse', `${head}^{tree}`], { gitDir });
      if (tree === headTree) return null;
      const who = { GIT_AUTHOR_NAME: 'ALAI', GIT_AUTHOR_EMAIL: 'factory@alai.invalid' };
      const env = { ...who, GIT_COMMITTER_NAME: 'ALAI', GIT_COMMITTER_EMAIL: 'factory@alai.invalid' };
      const wip = await gitLine(['commit-tree', tree, '-p', head, '-m', `Unfinished work of ${key}`], {
        gitDir,
        env,
      });
      await git(['update-ref', `refs/alai/unfinished/${key}`, wip], { gitDir });
      // Where it can be found and had again for its time; the ref here stays when the repository is out of reach.
      const day = new Date().toISOString().slice(0, 10);
      const place = `refs/alai/bin/${day}/${key}`;
      await git(['push', '--quiet', '--force', w.project.repositoryUrl, `${wip}:${place}`], reach)
        .then(() => git(['update-ref', '-d', `refs/alai/unfinished/${key}`, wip], { gitDir }))
        .catch(() => {});
      return wip;
    },

    async pickUp(commit) {
      if (!(await has(commit))) return false;
      await ws.restore(await ws.treeOf(commit));
      return true;
    },

    async close(keep) {
      if (keep) await ws.keep().catch(() => {});
      await removeTree(root, o.hostDir);
      await removeTree(scratchDir, o.hostDir);
      await rm(index, { force: true });
      const refs = [...wanted, ...(kept ? [kept] : [])].map((sha) => `refs/alai/wanted/${sha}`);
      if (pushed) refs.push(`refs/alai/attempts/${key}`);
      for (const ref of refs) await git(['update-ref', '-d', ref], { gitDir }).catch(() => {});
    },
  };
  return ws;
}
