import type { FeedEvent } from '#server/domain/views/feed.ts';
import { feedEnd, readFeed } from '#server/engine/feed.ts';
import { sleep } from '#server/platform/clock.ts';
import type { Db } from '#server/platform/db.ts';
import { webLog } from './report.ts';
import { stopping } from './shutdown.ts';

/** What came in one look, written down once for all who listen. */
interface Batch {
  events: FeedEvent[];
  bytes: Uint8Array;
}
type Listener = (batch: Batch) => void;

/** How long an event may wait for the next look; what a page shows of it is as old as this at least. */
const everyMs = 25;
/** Transcripts are looked at on every sixth look: they are text that grows, and people read slower. */
const transcriptsEvery = 6;
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
        if (all.length > 0) {
          const told = { events: all, bytes: written(all) };
          for (const tell of this.listeners) this.tellOne(tell, told);
        }
      } catch (err) {
        webLog().warn({ err }, 'the feed could not be read; trying again');
        await sleep(1_000);
      }
      if (!full) await sleep(everyMs);
    }
    this.running = false;
  }

  /** One reader that fails must not cost the others what they were to hear. */
  private tellOne(tell: Listener, told: Batch): void {
    try {
      tell(told);
    } catch (err) {
      this.listeners.delete(tell);
      webLog().warn({ err }, 'a reader of the feed failed and is told nothing more');
    }
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

const encoder = new TextEncoder();

/** Events as the protocol has them. A transcript's tick has no place in the log, so it moves no reader's position. */
function written(events: FeedEvent[]): Uint8Array {
  let text = '';
  for (const e of events)
    text += `${e.entity === 'transcript' ? '' : `id: ${e.id}\n`}data: ${JSON.stringify(e)}\n\n`;
  return encoder.encode(text);
}
const named = (event: string) => encoder.encode(`event: ${event}\ndata: {}\n\n`);
const PING = named('ping');
const SIGNED_OUT = named('signed-out');

/** Told to proxies and to the page, which opens the stream anew when it hears nothing for much longer. */
const PING_MS = 10_000;
/** Whoever asks is looked up again when something happened to a person, and now and then in any case. */
const LOOK_AGAIN_MS = 30_000;
/** A reader that cannot keep up is sent away; it comes back and resumes from the log. */
const MOST_BEHIND = 8_000_000;

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
 * The live stream of one reader: events after `after` (or from now on), without gaps and in order, until the reader leaves, may
 * not stay (he is told `signed-out`), or the server stops.
 */
export function liveStream(
  db: Db,
  o: { after: string | null; stillAllowed?: (() => Promise<boolean>) | undefined; signal?: AbortSignal },
): ReadableStream<Uint8Array> {
  let end: () => void = () => undefined;
  return new ReadableStream<Uint8Array>(
    {
      async start(controller) {
        let over = false;
        const timers: NodeJS.Timeout[] = [];
        let stop: () => void = () => undefined;
        end = () => {
          if (over) return;
          over = true;
          stop();
          for (const t of timers) clearInterval(t);
          stopping.removeEventListener('abort', end);
          try {
            controller.close();
          } catch {
            // The reader closed it first.
          }
        };
        const send = (bytes: Uint8Array) => {
          if (over) return;
          controller.enqueue(bytes);
          if ((controller.desiredSize ?? 0) < -MOST_BEHIND) end();
        };
        const lookAgain = async () => {
          // A database that does not answer says nothing about the person.
          if (over || (await (o.stillAllowed?.() ?? true))) return;
          send(SIGNED_OUT);
          end();
        };
        // What is no position of the log is answered like nothing: from now on.
        const known = o.after !== null && /^\d{1,20}-\d{1,19}$/.test(o.after) ? o.after : null;
        let sent = known ?? '';
        let waiting: Batch[] | null = [];
        const take = (batch: Batch) => {
          const fresh = batch.events.filter((e) => e.entity === 'transcript' || isAfter(e.id, sent));
          if (fresh.length > 0) send(fresh.length === batch.events.length ? batch.bytes : written(fresh));
          if (batch.events.some((e) => e.entity === 'person')) void lookAgain().catch(() => undefined);
        };
        if (o.signal?.aborted || stopping.aborted) return end();
        o.signal?.addEventListener('abort', end, { once: true });
        stopping.addEventListener('abort', end, { once: true });
        // The listener is attached before the past is read, so that nothing falls between the two.
        stop = await feedOf(db).listen((batch) => (waiting ? waiting.push(batch) : take(batch)));
        if (over) return stop();
        try {
          // The shared reader may be a look behind: what it has still to tell is not news to whoever comes now.
          if (known === null) sent = await feedEnd(db.pool);
          send(named('open'));
          while (known !== null && !over) {
            const past = await readFeed(db.pool, sent, batch);
            if (past.length > 0) send(written(past));
            sent = past.at(-1)?.id ?? sent;
            if (past.length < batch) break;
          }
        } catch (err) {
          webLog().warn({ err }, 'the past of the feed could not be read; the reader will come back');
          return end();
        }
        // Whoever left meanwhile must leave nothing behind.
        if (over) return;
        const missed = waiting;
        waiting = null;
        for (const b of missed) take(b);
        timers.push(
          setInterval(() => send(PING), PING_MS),
          setInterval(() => void lookAgain().catch(() => undefined), LOOK_AGAIN_MS),
        );
      },
      cancel: () => end(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }),
  );
}
