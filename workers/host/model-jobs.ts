import { isAlaiError } from '#server/domain/errors.ts';
import type { ModelAct } from '#server/domain/host.ts';
import {
  endModelJob,
  type ModelJob,
  noteModelJob,
  recoverModelJobs,
  requireUnused,
  takeModelJob,
} from '#server/fleet/commands.ts';
import { requireFits, requireRoom } from '#server/fleet/pull-limits.ts';
import type { Provider, PullProgress } from '#server/models/provider.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { every } from '../conductor/every.ts';

const LOOK_MS = 1_000;
const NOTE_MS = 500;

export interface ModelJobs {
  /** Ends what runs and gives it back; the next worker goes on. */
  stop(): Promise<void>;
}

interface Context {
  db: Db;
  worker: { id: string; host: string };
  server: () => Pick<Provider, 'admin'>;
  log: Logger;
  /** Models came or went. */
  changed: () => Promise<void>;
  /** What the disk of the models has left, in bytes; null when nobody can say. */
  room: () => Promise<number | null>;
  lookMs?: number;
}

/** Carries out what was asked of this host's models: one pull at a time, and removals beside it. */
export async function tendModels(c: Context): Promise<ModelJobs> {
  const leaving = new AbortController();
  const again = await recoverModelJobs(c.db, c.worker);
  if (again > 0) c.log.info({ again }, 'model jobs of a predecessor go on');
  const rounds = new Set<Promise<void>>();
  const look = async (act: ModelAct) => {
    if (leaving.signal.aborted) return;
    const job = await takeModelJob(c.db, c.worker, act);
    if (job) await carryOut(c, job, leaving.signal);
  };
  const loop = (act: ModelAct) =>
    every(
      c.lookMs ?? LOOK_MS,
      async () => {
        // With the taking: who stops waits for a job that is ours already and that we do not know of yet.
        const round = look(act);
        rounds.add(round);
        await round.finally(() => rounds.delete(round));
      },
      (err) => c.log.warn({ err }, 'a model job could not be carried out'),
    );
  const loops = [loop('pull'), loop('remove')];
  return {
    async stop() {
      for (const l of loops) l.stop();
      leaving.abort();
      await Promise.allSettled(rounds);
    },
  };
}

async function carryOut(c: Context, job: ModelJob, leaving: AbortSignal): Promise<void> {
  const { admin } = c.server();
  const cancel = new AbortController();
  const signal = AbortSignal.any([cancel.signal, leaving]);
  c.log.info({ act: job.act, model: job.model }, 'model job begins');
  try {
    if (!admin) throw new Error('The model server of this host does not let its models be managed.');
    if (job.act === 'remove') {
      await requireUnused(c.db, c.worker.host, job.model);
      await admin.remove(job.model, signal);
    } else await pull(c, job, admin, cancel, signal);
    await endModelJob(c.db, c.worker, job.id, { to: 'DONE' });
    await c.changed();
  } catch (e) {
    const told = isAlaiError(cancel.signal.reason) ? cancel.signal.reason : e;
    if (leaving.aborted) await endModelJob(c.db, c.worker, job.id, { to: 'QUEUED' });
    else if (cancel.signal.aborted && !isAlaiError(cancel.signal.reason))
      await endModelJob(c.db, c.worker, job.id, { to: 'CANCELLED' });
    else await endModelJob(c.db, c.worker, job.id, { to: 'FAILED', error: wordsOf(told) });
    c.log.info({ model: job.model, err: told }, 'model job ended early');
  }
}

const wordsOf = (e: unknown): string =>
  isAlaiError(e)
    ? `${e.message.replace(/[.]?$/, '.')} ${e.hint}`.trim()
    : e instanceof Error
      ? e.message
      : String(e);

async function pull(
  c: Context,
  job: ModelJob,
  admin: NonNullable<Provider['admin']>,
  cancel: AbortController,
  signal: AbortSignal,
): Promise<void> {
  const sum = layers();
  let noted = 0;
  let writing = Promise.resolve();
  const note = (status: string) => {
    const now = performance.now();
    if (now - noted < NOTE_MS) return;
    noted = now;
    const at = { status, ...sum.now(now) };
    // One after the other, and never more than one behind: a slow database must not hold the download up.
    writing = writing
      .then(() => noteModelJob(c.db, c.worker, job.id, at))
      .then((goOn) => {
        if (!goOn) cancel.abort();
      })
      .catch(() => {});
  };
  const look = async () => {
    const { total, completed } = sum.now(performance.now());
    requireRoom(c.worker.host, job.model, total - completed, await c.room());
  };
  const timer = setInterval(() => {
    note(sum.status);
    look().catch((e) => {
      // A disk that cannot be looked at stops no download.
      if (isAlaiError(e)) cancel.abort(e);
    });
  }, NOTE_MS);
  try {
    await admin.pull(job.model, {
      signal,
      onProgress(p) {
        sum.add(p);
        try {
          requireFits(c.worker.host, job.model, sum.now(performance.now()).total, job.memoryGb);
        } catch (e) {
          cancel.abort(e);
        }
        note(p.status);
      },
    });
  } finally {
    clearInterval(timer);
    await writing;
  }
  signal.throwIfAborted();
  const { total } = sum.now(performance.now());
  await noteModelJob(c.db, c.worker, job.id, {
    status: 'success',
    completed: total,
    total,
    bytesPerSecond: 0,
  });
}

/** A server tells of each layer by itself; what people want to know is the whole. */
function layers() {
  const parts = new Map<string, { completed: number; total: number }>();
  const seen: { at: number; completed: number }[] = [];
  let status = '';
  const whole = () =>
    [...parts.values()].reduce(
      (s, p) => ({ completed: s.completed + p.completed, total: s.total + p.total }),
      { completed: 0, total: 0 },
    );
  return {
    get status() {
      return status;
    },
    add(p: PullProgress) {
      status = p.status;
      if (p.digest && p.total > 0)
        parts.set(p.digest, { completed: Math.min(p.completed, p.total), total: p.total });
    },
    /** Speed over the last ten seconds. */
    now(at: number) {
      const { completed, total } = whole();
      seen.push({ at, completed });
      while (seen.length > 2 && at - (seen[0]?.at ?? at) > 10_000) seen.shift();
      const first = seen[0] ?? { at, completed };
      const seconds = (at - first.at) / 1_000;
      const bytesPerSecond = seconds > 0.2 ? Math.max(0, (completed - first.completed) / seconds) : 0;
      return { completed, total, bytesPerSecond };
    },
  };
}
