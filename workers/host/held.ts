import type { Timing } from '#server/domain/timing.ts';
import { killSwitch } from '#server/engine/factory.ts';
import { workerSeen } from '#server/engine/hosts.ts';
import { heartbeat } from '#server/engine/lease.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';

/** Why an attempt was told to stop; the reason of its AbortSignal. */
export type StopReason = 'stale' | 'stopped' | 'drained' | 'database';

interface Held {
  fence: number;
  progressAt: Date;
  abort: AbortController;
}

/**
 * The attempts this process holds, and the one loop that keeps their leases. Lease lost, kill switch, or no database for
 * too long: the attempt is aborted, which kills its process group.
 */
export class HeldAttempts {
  readonly #held = new Map<number, Held>();
  readonly #db: Db;
  readonly #timing: Timing;
  readonly #worker: { id: string; host: string };
  readonly #log: Logger;
  readonly #onTakenOver: () => void;
  readonly #onRestart: () => void;
  readonly #onBeat: () => void;
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #lastHeard = Date.now();

  constructor(o: {
    db: Db;
    timing: Timing;
    worker: { id: string; host: string };
    log: Logger;
    onTakenOver: () => void;
    onRestart: () => void;
    /** The database heard of this worker, and answered. */
    onBeat: () => void;
  }) {
    this.#db = o.db;
    this.#timing = o.timing;
    this.#worker = o.worker;
    this.#log = o.log;
    this.#onTakenOver = o.onTakenOver;
    this.#onRestart = o.onRestart;
    this.#onBeat = o.onBeat;
  }

  get size(): number {
    return this.#held.size;
  }

  hold(attemptId: number, fence: number): AbortSignal {
    const abort = new AbortController();
    this.#held.set(attemptId, { fence, progressAt: new Date(), abort });
    return abort.signal;
  }

  progress(attemptId: number): void {
    const h = this.#held.get(attemptId);
    if (h) h.progressAt = new Date();
  }

  release(attemptId: number): void {
    this.#held.delete(attemptId);
  }

  stop(attemptId: number, reason: StopReason): void {
    this.#held.get(attemptId)?.abort.abort(reason);
  }

  stopAll(reason: StopReason): void {
    for (const h of this.#held.values()) h.abort.abort(reason);
  }

  start(): void {
    this.#lastHeard = Date.now();
    // A clock of its own: a database that hangs answers neither yes nor no, and the heartbeat waits with it.
    let ticked = Date.now();
    this.#watch = setInterval(() => {
      const now = Date.now();
      // A process that slept itself first hears the answers that came meanwhile.
      const slept = now - ticked > this.#timing.heartbeat;
      ticked = now;
      if (!slept && now - this.#lastHeard > this.#timing.databaseSilence) this.stopAll('database');
    }, this.#timing.heartbeat / 2);
    const beat = async () => {
      try {
        await this.#beat();
      } catch (e) {
        this.#log.warn({ err: e }, 'heartbeat failed');
      }
      this.#timer = setTimeout(() => void beat(), this.#timing.heartbeat);
    };
    this.#timer = setTimeout(() => void beat(), this.#timing.heartbeat);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
  }

  async #beat(): Promise<void> {
    const lost = await heartbeat(
      this.#db,
      [...this.#held].map(([attemptId, h]) => ({ attemptId, fence: h.fence, progressAt: h.progressAt })),
      this.#timing.lease,
    );
    this.#lastHeard = Date.now();
    for (const id of lost) {
      this.#log.warn({ attempt: id }, 'lease lost');
      this.stop(id, 'stale');
    }
    if ((await killSwitch(this.#db)).engaged) this.stopAll('stopped');
    const orders = await workerSeen(this.#db, this.#worker.id, this.#worker.host);
    if (!orders) {
      this.stopAll('stale');
      this.#onTakenOver();
      return;
    }
    this.#onBeat();
    if (orders.handBack) this.stopAll('drained');
    if (orders.restart) this.#onRestart();
  }
}
