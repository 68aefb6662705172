import { expect, it } from 'vitest';
import type { FeedEvent } from '#server/domain/views.ts';
import { appendEvents } from '#server/engine/event.ts';
import { readFeed } from '#server/engine/feed.ts';
import { type Queryable, transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo } from '#test/factory.ts';
import { follow } from './feed.ts';

const { db } = await testDatabase();
let n = 0;
const say = (q: Queryable, id: string) =>
  appendEvents(q, [{ type: 'test.said', entity: 'test', id, ver: ++n, actor: ceo }]);

/** Reads until `count` events have come; gives their ids and the last position. */
async function take(from: string | null, count: number): Promise<{ ids: string[]; last: string }> {
  const done = new AbortController();
  const seen: FeedEvent[] = [];
  for await (const e of follow(db, from, done.signal)) {
    seen.push(e);
    if (seen.length === count) done.abort();
  }
  return { ids: seen.map((e) => e.entityId), last: seen.at(-1)?.id ?? '' };
}

it('tells a new reader what happens from now on, and an old one what he missed', async () => {
  await say(db.pool, 'before');
  // The log is read below the oldest running transaction of the whole server, and other tests hold theirs.
  await expect.poll(async () => (await readFeed(db.pool, null)).length).toBe(1);
  const fresh = take(null, 2);
  await new Promise((r) => setTimeout(r, 300));
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
  const reader = take(last, 3);
  await new Promise((r) => setTimeout(r, 200));
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
