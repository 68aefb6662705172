import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AlaiError } from '#server/domain/errors.ts';
import type { CommandResult } from '#server/domain/seams.ts';
import { capText, escapeText } from '../escape.ts';
import { killGroup, killMarked, killOne, startTimeOf } from './leftovers.ts';
import { INFO_FD, INSIDE, type Sandbox, type SandboxSpec } from './sandbox.ts';
import { type Bounds, watchTree } from './watch.ts';

export interface ProcessSpec {
  argv: string[];
  root: string;
  seconds: number;
  outputBytes: number;
  network: boolean;
  /** The one way out where the network is closed; whoever opened it closes it. */
  egress?: NonNullable<SandboxSpec['egress']>;
  readOnly?: boolean;
  protect?: string[];
  /** Packages of the factory that the process may read, mounted at MODULES. */
  modules?: string;
  /** Installed packages of the project, readable at its node_modules. */
  packages?: string;
  /** Folders or files of the machine that it may read where they are. */
  readable?: string[];
  /** Variables it is given besides the usual ones. */
  env?: Record<string, string>;
  sandbox: Sandbox;
  hostDir: string;
  /** Masks secrets in the output, before anything of it is cut. */
  mask?: (text: string) => string;
  /** How many processes and how much memory it may hold; the machine's own bounds when absent. */
  bounds?: Bounds;
  /** Which attempt it belongs to, for the pid file. */
  attempt: number;
  signal: AbortSignal;
}

/**
 * Waits for a line before it becomes the command, so that the pid file is on disk before the command does anything;
 * when the factory dies in between, the read ends and the command never runs.
 */
const GATE = 'IFS= read -r go || exit 125; [ "$go" = go ] || exit 125; exec "$@"';

/** A process that runs, and everything needed to be rid of it. */
export interface Launched {
  child: ChildProcessWithoutNullStreams;
  /** Exit code; rejects when it could not be started. */
  ended: Promise<number | null>;
  /** The bound that stopped it, or nothing. */
  stopped: () => string;
  kill(): void;
  /** Kills what is left and removes what was made for it. */
  release(): Promise<void>;
}

/**
 * Starts a process in its own group, sandboxed and watched. Its pid file is on disk before it does anything. The caller
 * releases it whatever happens: what it left in the background belongs to the attempt and dies with it.
 */
export async function launch(
  s: Omit<ProcessSpec, 'seconds' | 'outputBytes'> & { stdin: 'none' | 'open' },
): Promise<Launched> {
  s.signal.throwIfAborted();
  const runDir = join(s.hostDir, 'run');
  await mkdir(runDir, { recursive: true });
  const tmp = await mkdtemp(join(runDir, 'tmp-'));
  const removeTmp = () => rm(tmp, { recursive: true, force: true });
  try {
    const { argv, root, network, readOnly, protect, modules, packages, readable, env, egress } = s;
    const wrapped = await s.sandbox.wrap({
      ...{ argv, root, network, tmp },
      ...(readOnly ? { readOnly } : {}),
      ...(protect ? { protect } : {}),
      ...(modules ? { modules } : {}),
      ...(packages ? { packages } : {}),
      ...(readable ? { readable } : {}),
      ...(env ? { env } : {}),
      ...(egress ? { egress } : {}),
    });
    s.signal.throwIfAborted();
    const gate = s.stdin === 'none' ? `${GATE} </dev/null` : GATE;
    const child = spawn('/bin/sh', ['-c', gate, 'sh', ...wrapped.argv], {
      cwd: wrapped.cwd,
      env: wrapped.env as NodeJS.ProcessEnv,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    }) as ChildProcessWithoutNullStreams;
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code));
    });
    ended.catch(() => {});
    child.stdin.on('error', () => {});
    const pid = child.pid;
    if (pid === undefined) {
      await ended;
      throw new AlaiError('SANDBOX_REFUSED', 'the command could not start', 'See the host’s log.');
    }
    const pidFile = join(runDir, `${pid}.json`);
    let stopped = '';
    let inner = 0;
    let killed = false;
    const kill = () => {
      killed = true;
      killGroup(pid);
      if (inner) killOne(inner);
      if (!s.sandbox.isolates) killMarked(`TMPDIR=${tmp}`);
      // Whoever escaped the group may still hold the pipes; an attempt that was told to stop does not wait for him.
      setTimeout(() => {
        for (const pipe of child.stdio) pipe?.destroy();
      }, 1_000).unref();
    };
    // The first process inside leaves the group before it is bound to its parent's death: killed in between, the parent alone
    // would die. Its number is told before it may leave, so it is known also when the kill came first.
    const told = child.stdio[INFO_FD] as Readable | null;
    told?.on('error', () => {});
    told?.on('data', (text: Buffer) => {
      inner = Number(/"child-pid": (\d+)/.exec(text.toString())?.[1] ?? inner);
      if (killed && inner) killOne(inner);
    });
    const exceeded = (why: string) => {
      stopped = why;
      kill();
    };
    const unwatch = watchTree(pid, exceeded, s.bounds);
    s.signal.addEventListener('abort', kill, { once: true });
    const release = async () => {
      unwatch();
      s.signal.removeEventListener('abort', kill);
      kill();
      await rm(pidFile, { force: true });
      await removeTmp();
    };
    try {
      await writeFile(
        pidFile,
        JSON.stringify({ pid, start: startTimeOf(pid), attempt: s.attempt, argv: s.argv }),
      );
      const go = s.signal.aborted ? '' : 'go\n';
      if (s.stdin === 'none') child.stdin.end(go);
      else child.stdin.write(go);
    } catch (e) {
      await release();
      throw e;
    }
    return { child, ended, stopped: () => stopped, kill, release };
  } catch (e) {
    await removeTmp();
    throw e;
  }
}

/** Runs one command in its own process group, and leaves nothing of it behind when it ends, times out or is aborted. */
export async function runProcess(s: ProcessSpec): Promise<CommandResult> {
  const started = performance.now();
  const parts: Buffer[] = [];
  let kept = 0;
  let dropped = 0;
  let timedOut = false;
  const keep = (b: Buffer) => {
    // Beyond four times the cap nothing is kept: a command that prints without end must not fill our memory.
    if (kept < s.outputBytes * 4) {
      parts.push(b);
      kept += b.length;
    } else dropped += b.length;
  };
  const p = await launch({ ...s, stdin: 'none' });
  p.child.stdout.on('data', keep);
  p.child.stderr.on('data', keep);
  const timer = setTimeout(() => {
    timedOut = true;
    p.kill();
  }, s.seconds * 1_000);
  try {
    const exitCode = await p.ended;
    s.signal.throwIfAborted();
    const stopped = p.stopped();
    const raw = Buffer.concat(parts).toString().replaceAll(s.root, INSIDE);
    const shown = escapeText(raw);
    const { text, cut } = capText(s.mask ? s.mask(shown) : shown, s.outputBytes);
    return {
      exitCode: timedOut || stopped ? null : exitCode,
      timedOut,
      ...(stopped ? { stopped } : {}),
      output: stopped
        ? `${text}\n(stopped: ${stopped})`
        : timedOut
          ? `${text}\n(stopped after ${s.seconds} s)`
          : text,
      cut: cut || dropped > 0,
      ms: Math.round(performance.now() - started),
      sandboxed: s.sandbox.isolates,
    };
  } finally {
    clearTimeout(timer);
    await p.release();
  }
}
