import { getEventListeners } from 'node:events';
import { expect, it, vi } from 'vitest';
import type { FeedEvent } from '#server/domain/views/feed.ts';
import { appendEvents } from '#server/engine/event.ts';
import { readFeed } from '#server/engine/feed.ts';
import { type Queryable, transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo } from '#test/factory.ts';
import { liveStream } from './feed.ts';
import { stopping } from './shutdown.ts';

const { db } = await testDatabase();
let n = 0;
const say = (q: Queryable, id: string) =>
  appendEvents(q, [{ type: 'test.said', entity: 'test', id, ver: ++n, actor: ceo }]);

/** The log is read below the oldest running transaction of the whole server, and other tests hold theirs. */
async function readToTheEnd(): Promise<void> {
  const all = async () =>
    (await db.pool.query<{ n: number }>('SELECT count(*)::int n FROM event')).rows[0]?.n;
  await expect.poll(async () => (await readFeed(db.pool, null, 100_000)).length === (await all())).toBe(true);
}

type Stream = ReadableStream<Uint8Array>;

/** The stream from where it tells what happens: its first part says no more than that it is open. */
async function opened(stream: Stream): Promise<Stream> {
  const reader = stream.getReader();
  await reader.read();
  reader.releaseLock();
  return stream;
}

const textOf = async (stream: Stream) => await new Response(stream.pipeThrough(new TransformStream())).text();

/** Reads until `count` events have come; gives their ids and the last position. */
async function take(from: string | Stream, count: number): Promise<{ ids: string[]; last: string }> {
  const ids: string[] = [];
  let last = '';
  for await (const { event, id } of read(typeof from === 'string' ? liveStream(db, { after: from }) : from)) {
    ids.push(event.entityId);
    last = id;
    if (ids.length === count) break;
  }
  return { ids, last };
}

/** The events of a stream, as a browser takes them apart. */
async function* read(stream: Stream): AsyncGenerator<{ event: FeedEvent; id: string }> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of stream) {
    text += decoder.decode(part, { stream: true });
    const whole = text.split('\n\n');
    text = whole.pop() ?? '';
    for (const one of whole) {
      const id = /^id: (.+)$/m.exec(one)?.[1];
      const data = /^data: (.+)$/m.exec(one)?.[1];
      if (id && data) yield { id, event: JSON.parse(data) as FeedEvent };
    }
  }
}

it('tells a new reader what happens from now on, and an old one what he missed', async () => {
  await say(db.pool, 'before');
  await readToTheEnd();
  const fresh = take(await opened(liveStream(db, { after: null })), 2);
  await say(db.pool, 'one');
  await say(db.pool, 'two');
  const { ids, last } = await fresh;
  expect(ids).toEqual(['one', 'two']);

  await say(db.pool, 'three');
  expect((await take(last, 1)).ids).toEqual(['three']);
  expect((await take('0-0', 4)).ids).toEqual(['before', 'one', 'two', 'three']);
});

it('loses nothing to a transaction that commits late, and tells nothing twice', async () => {
  const { last } = await take('0-0', 4);
  const reader = take(await opened(liveStream(db, { after: last })), 3);
  await transaction(db, async (slow) => {
    await say(slow, 'slow');
    // Later events of quicker transactions commit first, with higher numbers.
    await say(db.pool, 'quick');
    await new Promise((r) => setTimeout(r, 400));
  });
  await say(db.pool, 'after');
  const { ids } = await reader;
  expect([...ids].sort()).toEqual(['after', 'quick', 'slow']);
});

it('sends a reader away as soon as something happened to him, and leaves the others', async () => {
  let allowed = true;
  const leave = new AbortController();
  const mine = await opened(liveStream(db, { after: null, stillAllowed: async () => allowed }));
  const other = await opened(
    liveStream(db, { after: null, stillAllowed: async () => true, signal: leave.signal }),
  );
  allowed = false;
  await appendEvents(db.pool, [{ type: 'session.end', entity: 'person', id: 'x', ver: 1, actor: ceo }]);
  expect(await textOf(mine)).toContain('event: signed-out');
  leave.abort();
  expect(await textOf(other)).not.toContain('signed-out');
});

it('leaves nothing behind of a reader that goes while the past is read for him', async () => {
  await say(db.pool, 'past');
  const before = getEventListeners(stopping, 'abort').length;
  const clocks = vi.spyOn(globalThis, 'setInterval');
  const leave = new AbortController();
  let read = 0;
  const pool = {
    query: async (...asked: [string, unknown[]]) => {
      read++;
      leave.abort();
      return await db.pool.query(...asked);
    },
  };
  const stream = liveStream({ ...db, pool } as unknown as typeof db, { after: '0-0', signal: leave.signal });
  await textOf(stream);
  await new Promise((r) => setTimeout(r, 50));
  expect(read).toBe(1);
  expect(clocks.mock.calls.filter(([, ms]) => Number(ms) >= 10_000)).toEqual([]);
  expect(getEventListeners(stopping, 'abort')).toHaveLength(before);
  clocks.mockRestore();
});

it('begins now for what is no place in the log', async () => {
  await readToTheEnd();
  const fresh = take(await opened(liveStream(db, { after: 'x' })), 1);
  await say(db.pool, 'news');
  expect((await fresh).ids).toEqual(['news']);
});
