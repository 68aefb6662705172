import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from '#server/platform/logger.ts';
import { RESTART } from '../host/identity.ts';
import { forgetChild, rememberChild } from './lock.ts';
import { JUST_STARTED, type Silence } from './silence.ts';

export interface ChildSpec {
  name: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** A command that runs it somewhere else; it must become what it runs, so that signals reach it. */
  within?: string[];
}

/** A process that ended without being told to, and when it is started again. */
export interface Death {
  name: string;
  reason: string;
  pauseMs: number;
  /** It ended because somebody asked for a new start. */
  asked: boolean;
}

/** Pauses at real time; a faster timing scale shortens them like every other duration. */
const FIRST_BACKOFF = 500;
const LAST_BACKOFF = 30_000;
/** A process that lived this long died of something new: its backoff starts again. */
const SETTLED = 60_000;

/** What a process says that ends again and again would fill the disk in the end; the part before is kept, as of its log. */
const KEEP_BYTES = 20 * 1024 * 1024;

function openOutput(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > KEEP_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a');
}

/** One process that is kept alive: restarted with growing pauses when it dies, ended for good by stop(). */
export class Child {
  readonly spec: ChildSpec;
  readonly #home: string;
  readonly #log: Logger;
  readonly #onDeath: (text: string, death: Death) => void;
  /** How long it gave no sign of life; kept by whoever watches it. */
  silence: Silence = JUST_STARTED;
  #heard = false;
  /** When it was last heard of; its start until then. */
  #lived = 0;
  /** Why it is being replaced. */
  #hung: string | undefined;
  #process: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  readonly #scale: number;
  #backoff: number;
  restarts = 0;

  constructor(spec: ChildSpec, home: string, log: Logger, onDeath: (text: string, death: Death) => void) {
    this.spec = spec;
    this.#home = home;
    this.#log = log;
    this.#onDeath = onDeath;
    this.#scale = Number(spec.env.ALAI_TIMING_SCALE ?? 1);
    this.#backoff = FIRST_BACKOFF * this.#scale;
  }

  start(): void {
    if (this.#stopping) return;
    const { name, args, env } = this.spec;
    const file = path.join(this.#home, 'logs', `${name}.out`);
    const out = openOutput(file);
    const started = Date.now();
    this.silence = JUST_STARTED;
    this.#heard = false;
    this.#lived = started;
    this.#hung = undefined;
    // Its own process group: Ctrl-C in the terminal reaches us alone, and we end the children in order.
    const [command, ...before] = [...(this.spec.within ?? []), process.execPath];
    const child = spawn(command, [...before, ...args], {
      env,
      stdio: ['ignore', out, out, 'ipc'],
      detached: true,
    });
    closeSync(out);
    child.on('message', () => {
      this.#heard = true;
      this.#lived = Date.now();
    });
    this.#process = child;
    if (child.pid) rememberChild(this.#home, name, child.pid);
    this.#log.info({ child: name, childPid: child.pid }, 'started');
    let over = false;
    const ended = (reason: string, asked = false) => {
      if (over) return;
      over = true;
      this.#process = undefined;
      forgetChild(this.#home, name);
      if (this.#stopping) return;
      // What it did before it hung is what it lived: one that hangs after each start is started ever less often.
      const lived = (this.#hung === undefined ? Date.now() : this.#lived) - started;
      if (lived > SETTLED * this.#scale) this.#backoff = FIRST_BACKOFF * this.#scale;
      const pause = this.#backoff;
      this.#backoff = Math.min(LAST_BACKOFF * this.#scale, this.#backoff * 2);
      this.restarts++;
      this.#log.warn({ child: name, reason, pause }, 'died, will be started again');
      this.#onDeath(`${name} ended (${reason}); starting it again in ${pause / 1000} s. Its log: ${file}`, {
        name,
        reason,
        pauseMs: pause,
        asked,
      });
      this.#timer = setTimeout(() => this.start(), pause);
    };
    child.on('error', (e) => ended(e.message));
    child.on('exit', (code, signal) =>
      ended(
        this.#hung ??
          (signal ? `signal ${signal}` : code === RESTART ? 'a restart was asked for' : `exit code ${code}`),
        code === RESTART,
      ),
    );
  }

  /** Whether it gave a sign of life since this was asked before. */
  takeSign(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard;
  }

  /** Its process id while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Ends it, though it lives, because it does nothing any more; what follows is what follows a death. */
  async replace(reason: string, graceMs: number): Promise<void> {
    if (this.#stopping || this.#hung !== undefined || !this.#process) return;
    this.#hung = reason;
    this.#log.warn({ child: this.spec.name, childPid: this.#process.pid, reason }, 'hangs, is ended');
    await this.#end(graceMs);
  }

  /** Asks it to end, waits, then kills its whole group. It is not started again. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#end(graceMs);
    forgetChild(this.#home, this.spec.name);
  }

  async #end(graceMs: number): Promise<void> {
    const child = this.#process;
    if (!child?.pid) return;
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    this.#signal(child.pid, 'SIGTERM');
    const timer = setTimeout(() => this.#signal(child.pid!, 'SIGKILL'), graceMs);
    await gone;
    clearTimeout(timer);
    // What it started in its own group and did not end itself must not outlive it.
    this.#signal(child.pid, 'SIGKILL');
  }

  kill(): void {
    this.#stopping = true;
    if (this.#process?.pid) this.#signal(this.#process.pid, 'SIGKILL');
  }

  #signal(pid: number, signal: NodeJS.Signals): void {
    try {
      process.kill(-pid, signal);
    } catch {
      // the group is gone
    }
  }
}
