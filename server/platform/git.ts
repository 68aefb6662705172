import { spawn } from 'node:child_process';
import { AlaiError } from '#server/domain/errors.ts';

/**
 * The one way this code base starts git. Repositories are foreign: nothing of theirs may run inside our process, so
 * hooks, fsmonitor, external diffs, signing and credential helpers are off, and no configuration of the machine or its
 * user is read. Our own repositories hold no filter drivers; a folder of somebody else may: see `inFolder`.
 */
const HARDENED = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.autocrlf=false',
  'core.quotePath=false',
  'core.protectHFS=true',
  'core.protectNTFS=true',
  'commit.gpgSign=false',
  'tag.gpgSign=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'merge.verifySignatures=false',
  'diff.ignoreSubmodules=all',
  'protocol.ext.allow=never',
  'credential.helper=',
  'http.followRedirects=false',
  'init.defaultBranch=main',
  'safe.directory=*',
].flatMap((c) => ['-c', c]);

export interface GitOptions {
  gitDir?: string;
  workTree?: string;
  /** A private index, so that attempts on one clone do not share state. */
  index?: string;
  cwd?: string;
  signal?: AbortSignal;
  input?: string | Buffer;
  /** Sent as a bearer token over HTTP; in the environment, never on the command line. */
  token?: string;
  env?: Record<string, string>;
  /** Exit codes that are an answer rather than a failure. */
  ok?: number[];
  maxBytes?: number;
  timeoutMs?: number;
}

export interface GitResult {
  stdout: string;
  stderr: string;
  code: number;
}

/** The environment git runs in: no user or system configuration, no prompts, no secrets of ours. */
export function gitEnvironment(o: Pick<GitOptions, 'token' | 'index' | 'env'> = {}): Record<string, string> {
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_ASKPASS: '',
    ...o.env,
  };
  if (o.index) env.GIT_INDEX_FILE = o.index;
  if (o.token) {
    env.GIT_CONFIG_COUNT = '1';
    env.GIT_CONFIG_KEY_0 = 'http.extraHeader';
    env.GIT_CONFIG_VALUE_0 = `Authorization: Bearer ${o.token}`;
  }
  return env;
}

/** Runs git and returns its output; throws GIT_FAILED with git's own words unless the exit code is expected. */
export async function git(args: string[], o: GitOptions = {}): Promise<GitResult> {
  o.signal?.throwIfAborted();
  const where = [
    ...(o.gitDir ? [`--git-dir=${o.gitDir}`] : []),
    ...(o.workTree ? [`--work-tree=${o.workTree}`] : []),
  ];
  const result = await new Promise<GitResult & { note: string }>((resolve, reject) => {
    const child = spawn('git', [...HARDENED, ...where, ...args], {
      cwd: o.cwd ?? o.workTree ?? o.gitDir,
      env: gitEnvironment(o) as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    let note = '';
    const max = o.maxBytes ?? 64 * 1024 * 1024;
    const send = (signal: NodeJS.Signals) => {
      try {
        if (child.pid) process.kill(-child.pid, signal);
      } catch {
        // Already gone.
      }
    };
    let last: NodeJS.Timeout | undefined;
    const kill = () => {
      // Asked first, because a git that is killed outright leaves its lock files behind.
      send('SIGTERM');
      last ??= setTimeout(() => send('SIGKILL'), 500);
    };
    const timer = setTimeout(() => {
      note = `no end after ${o.timeoutMs ?? 300_000} ms`;
      kill();
    }, o.timeoutMs ?? 300_000);
    o.signal?.addEventListener('abort', kill, { once: true });
    child.stdout.on('data', (b: Buffer) => {
      bytes += b.length;
      if (bytes <= max) out.push(b);
      else if (!note) {
        note = `more than ${max} bytes of output`;
        kill();
      }
    });
    child.stderr.on('data', (b: Buffer) => err.push(b));
    child.stdin.on('error', () => {});
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      clearTimeout(last);
      o.signal?.removeEventListener('abort', kill);
      resolve({
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        code: code ?? -1,
        note,
      });
    });
    child.stdin.end(o.input ?? '');
  }).catch((e: NodeJS.ErrnoException) => {
    throw new AlaiError(
      'GIT_FAILED',
      e.code === 'ENOENT'
        ? 'git is not installed, or the folder is gone'
        : `git could not start: ${e.message}`,
      'Install git and check that the folder exists.',
      {},
      e,
    );
  });
  o.signal?.throwIfAborted();
  if (result.note || (result.code !== 0 && !o.ok?.includes(result.code))) {
    const said = (result.note || result.stderr || result.stdout).trim().slice(0, 2_000);
    throw new AlaiError(
      'GIT_FAILED',
      `git ${args[0]} failed: ${said || `exit ${result.code}`}`,
      isTransientGit(said)
        ? 'The repository server did not answer; it is tried again.'
        : 'See git’s message.',
      { args: args.slice(0, 6), exitCode: result.code, transient: isTransientGit(said) },
    );
  }
  return result;
}

/**
 * Options for a folder that somebody else configured: its filter drivers are commands, and looking for changes would run
 * them. They are named in its own configuration, which can only be overruled name by name.
 */
export async function inFolder(o: GitOptions): Promise<GitOptions> {
  const { stdout } = await git(['config', '--name-only', '-z', '--get-regexp', '^filter\\.'], {
    ...o,
    ok: [1],
  });
  const keys = stdout.split('\0').filter((k) => k !== '');
  const names = new Set(keys.map((k) => k.slice(0, k.lastIndexOf('.'))));
  return { ...o, env: { ...o.env, ...overruled([...names]) } };
}

function overruled(drivers: string[]): Record<string, string> {
  const pairs = drivers.flatMap((d) => [
    [`${d}.clean`, ''],
    [`${d}.smudge`, ''],
    [`${d}.process`, ''],
    [`${d}.required`, 'false'],
  ]);
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(pairs.length) };
  for (const [i, [key = '', value = '']] of pairs.entries()) {
    env[`GIT_CONFIG_KEY_${i}`] = key;
    env[`GIT_CONFIG_VALUE_${i}`] = value;
  }
  return env;
}

/** Trimmed standard output: most plumbing answers with one line. */
export async function gitLine(args: string[], o: GitOptions = {}): Promise<string> {
  return (await git(args, o)).stdout.trim();
}

/** True for what a second try may mend: connections, not refusals. */
function isTransientGit(said: string): boolean {
  return /could not resolve|connection (refused|reset|timed out)|timed out|early eof|rpc failed|error: 5\d\d|HTTP 5\d\d|unexpected disconnect|hung up|couldn.t connect|failed to connect|empty reply|cannot lock ref.*File exists|no end after/i.test(
    said,
  );
}
