import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlaiError } from '#server/domain/errors.ts';
import type { CommandResult } from '#server/domain/seams.ts';
import { capText, escapeText } from '../escape.ts';
import { killGroup, killMarked, startTimeOf } from './leftovers.ts';
import { INSIDE, type Sandbox } from './sandbox.ts';
import { type Bounds, watchTree } from './watch.ts';

export interface ProcessSpec {
  argv: string[];
  root: string;
  seconds: number;
  outputBytes: number;
  network: boolean;
  readOnly?: boolean;
  protect?: string[];
  sandbox: Sandbox;
  hostDir: string;
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
const GATE = 'IFS= read -r go || exit 125; [ "$go" = go ] || exit 125; exec "$@" </dev/null';

/** Runs one command in its own process group, and leaves nothing of it behind when it ends, times out or is aborted. */
export async function runProcess(s: ProcessSpec): Promise<CommandResult> {
  s.signal.throwIfAborted();
  const runDir = join(s.hostDir, 'run');
  await mkdir(runDir, { recursive: true });
  const tmp = await mkdtemp(join(runDir, 'tmp-'));
  const started = performance.now();
  try {
    const wrapped = await s.sandbox.wrap({
      argv: s.argv,
      root: s.root,
      network: s.network,
      tmp,
      ...(s.readOnly ? { readOnly: true } : {}),
      ...(s.protect ? { protect: s.protect } : {}),
    });
    s.signal.throwIfAborted();
    const child = spawn('/bin/sh', ['-c', GATE, 'sh', ...wrapped.argv], {
      cwd: wrapped.cwd,
      env: wrapped.env as NodeJS.ProcessEnv,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const parts: Buffer[] = [];
    let kept = 0;
    let dropped = 0;
    let timedOut = false;
    let stopped = '';
    const keep = (b: Buffer) => {
      // Beyond four times the cap nothing is kept: a command that prints without end must not fill our memory.
      if (kept < s.outputBytes * 4) {
        parts.push(b);
        kept += b.length;
      } else dropped += b.length;
    };
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code));
    });
    ended.catch(() => {});
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.stdin.on('error', () => {});
    const pid = child.pid;
    if (pid === undefined) {
      await ended;
      throw new AlaiError('SANDBOX_REFUSED', 'the command could not start', 'See the host’s log.');
    }
    const pidFile = join(runDir, `${pid}.json`);
    const kill = () => {
      killGroup(pid);
      if (!s.sandbox.isolates) killMarked(`TMPDIR=${tmp}`);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, s.seconds * 1_000);
    const exceeded = (why: string) => {
      stopped = why;
      kill();
    };
    const unwatch = watchTree(pid, exceeded, s.bounds);
    s.signal.addEventListener('abort', kill, { once: true });
    try {
      await writeFile(
        pidFile,
        JSON.stringify({ pid, start: startTimeOf(pid), attempt: s.attempt, argv: s.argv }),
      );
      child.stdin.end(s.signal.aborted ? '' : 'go\n');
      const exitCode = await ended;
      s.signal.throwIfAborted();
      const raw = Buffer.concat(parts).toString().replaceAll(s.root, INSIDE);
      const { text, cut } = capText(escapeText(raw), s.outputBytes);
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
      unwatch();
      s.signal.removeEventListener('abort', kill);
      // Also after a normal end: what the command left in the background belongs to the attempt and dies with it.
      kill();
      await rm(pidFile, { force: true });
    }
  } finally {
    await rm(tmp, { recursive: true, force: true });
  }
}
