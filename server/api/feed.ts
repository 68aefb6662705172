import type { FeedEvent } from '#server/domain/views.ts';
import { feedEnd, readFeed } from '#server/engine/feed.ts';
import { sleep } from '#server/platform/clock.ts';
import type { Db } from '#server/platform/db.ts';
import { webLog } from './report.ts';
import { stopping } from './shutdown.ts';

type Listener = (events: FeedEvent[]) => void;

/** How long an event may wait for the next look; what a page shows of it is as old as this at least. */
const everyMs = 40;
/** Transcripts are looked at on every fourth look: they are text that grows, and people read slower. */
const transcriptsEvery = 4;
const batch = 500;

/**
 * One reader of the event log per process, for all its streams; it rests while nobody listens. Positions are the log's
 * own (transaction, sequence), so a stream resumes anywhere, in any process.
 */
class Feed {
  cursor = '0-0';
  private readonly listeners = new Set<Listener>();
  private readonly revisions = new Map<number, number>();
  private running = false;
  private readonly db: Db;
  private started: Promise<void> | undefined;

  constructor(db: Db) {
    this.db = db;
  }

  /** Calls back with every batch from the moment this resolves. Returns how to stop. */
  async listen(listener: Listener): Promise<() => void> {
    if (!this.running) {
      this.running = true;
      this.started = this.begin();
    }
    this.listeners.add(listener);
    await this.started;
    return () => {
      this.listeners.delete(listener);
    };
  }

  private async begin(): Promise<void> {
    this.cursor = await feedEnd(this.db.pool).catch(() => this.cursor);
    void this.run();
  }

  private async run(): Promise<void> {
    let quiet = 0;
    let looks = 0;
    while (!stopping.aborted && (this.listeners.size > 0 || quiet < 20)) {
      quiet = this.listeners.size > 0 ? 0 : quiet + 1;
      let full = false;
      try {
        const events = await readFeed(this.db.pool, this.cursor, batch);
        full = events.length === batch;
        this.cursor = events.at(-1)?.id ?? this.cursor;
        const grown = ++looks % transcriptsEvery === 0 ? await this.grownTranscripts(events) : [];
        const all = [...events, ...grown];
        if (all.length > 0) for (const tell of this.listeners) tell(all);
      } catch (err) {
        webLog().warn({ err }, 'the feed could not be read; trying again');
        await sleep(1_000);
      }
      if (!full) await sleep(everyMs);
    }
    this.running = false;
  }

  /** Transcripts are no events; a tick says whose has grown, and the page asks for the rest by its own cursor. */
  private async grownTranscripts(events: FeedEvent[]): Promise<FeedEvent[]> {
    const { rows } = await this.db.pool.query<{ id: number; task_id: number; rev: number }>(
      `SELECT a.id, a.task_id, (SELECT max(e.rev) FROM transcript_entry e WHERE e.attempt_id = a.id) rev
       FROM attempt a WHERE a.state IN ('LEASED', 'RUNNING')`,
    );
    const live = new Set(rows.map((r) => r.id));
    const grown = rows.filter((r) => r.rev !== null && this.revisions.get(r.id) !== r.rev);
    for (const r of grown) this.revisions.set(r.id, r.rev);
    // The last lines of an attempt that just ended are told once more.
    const ended = [...this.revisions.keys()].filter((id) => !live.has(id));
    for (const id of ended) this.revisions.delete(id);
    const now = new Date();
    return [...grown.map((r) => [r.id, r.task_id] as const), ...ended.map((id) => [id, null] as const)].map(
      ([id, taskId]) => ({
        id: events.at(-1)?.id ?? this.cursor,
        type: 'transcript.grown',
        entity: 'transcript',
        entityId: String(id),
        taskId,
        pipelineId: null,
        projectId: null,
        from: null,
        to: null,
        actor: 'engine',
        reason: '',
        at: now,
      }),
    );
  }
}

const shared = globalThis as unknown as { alaiFeed?: Feed };
const feedOf = (db: Db): Feed => {
  shared.alaiFeed ??= new Feed(db);
  return shared.alaiFeed;
};

/** A reader that cannot keep up is sent away; it comes back and resumes from the log. */
const maxWaiting = 20_000;
const position = (id: string): [bigint, bigint] => {
  const [xid = '0', seq = '0'] = id.split('-');
  return [BigInt(xid), BigInt(seq)];
};
const isAfter = (a: string, b: string): boolean => {
  const [ax, as] = position(a);
  const [bx, bs] = position(b);
  return ax > bx || (ax === bx && as > bs);
};

/**
 * Events after `lastEventId` (or from now on), without gaps and in order, until the signal or the end of the server.
 * Throws when the server stops, because a stream that merely ends is not opened again.
 */
export async function* follow(
  db: Db,
  lastEventId: string | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<FeedEvent> {
  const feed = feedOf(db);
  let waiting: FeedEvent[] = [];
  let wake: () => void = () => undefined;
  // The listener is attached before the past is read, so that nothing falls between the two.
  const stop = await feed.listen((events) => {
    waiting.push(...events);
    wake();
  });
  const onEnd = () => wake();
  signal?.addEventListener('abort', onEnd);
  stopping.addEventListener('abort', onEnd);
  try {
    let sent = lastEventId;
    if (lastEventId !== null)
      for (;;) {
        const past = await readFeed(db.pool, sent, batch);
        for (const e of past) yield e;
        sent = past.at(-1)?.id ?? sent;
        if (past.length < batch) break;
      }
    while (!signal?.aborted) {
      if (stopping.aborted) throw new Error('the server stops');
      if (waiting.length > maxWaiting) throw new Error('the reader is too slow');
      const events = waiting;
      waiting = [];
      for (const e of events) {
        if (e.entity !== 'transcript') {
          if (sent !== null && !isAfter(e.id, sent)) continue;
          sent = e.id;
        }
        yield e;
      }
      if (waiting.length > 0 || signal?.aborted || stopping.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', onEnd);
    stopping.removeEventListener('abort', onEnd);
  }
}
