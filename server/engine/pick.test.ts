import { describe, expect, it } from 'vitest';
import { tuning } from '#server/domain/schedule.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, route, testFactory, work } from '#test/factory.ts';
import { stopFactory } from './factory.ts';
import { pickFor } from './pick.ts';

/** Each story has a factory of its own: what waits in one must not be chosen in another. */
async function story(slots = 3) {
  const { db } = await testDatabase();
  const f = await testFactory(db, { slots });
  const host = (name: string, set: string, values: unknown[] = []) =>
    db.pool.query(`UPDATE host SET ${set} WHERE name = $1`, [name, ...values]);
  const choices = (...of: [host: string, model: string][]) =>
    route({ choices: of.map(([h, model]) => ({ host: h, model, tier: 2, provider: 'ollama' })) });
  return {
    db,
    f,
    host,
    add: async (title: string, ...of: [string, string][]) => {
      const { taskIds } = await f.create([work(title, { route: choices(...of) })]);
      return taskIds[0] as number;
    },
    priority: (id: number, priority: string) =>
      db.pool.query('UPDATE task SET priority = $2 WHERE id = $1', [id, priority]),
    waits: (id: number, minutes: number) =>
      db.pool.query(`UPDATE task SET waiting_since = now() - make_interval(mins => $2) WHERE id = $1`, [
        id,
        minutes,
      ]),
    pick: async (name: string) => (await pickFor(db, name, { seenMs: 600_000, tuning }))?.taskId ?? null,
    models: (name: string, memoryGb: number, ...of: { name: string; gb: number; parallel: number }[]) =>
      host(name, 'memory_gb = $2, planned = $3', [memoryGb, JSON.stringify(of)]),
    loaded: (name: string, ...models: string[]) =>
      host(name, 'loaded = $2', [JSON.stringify(models.map((model) => ({ model, bytes: 1, until: null })))]),
  };
}
const coder = { name: 'coder', gb: 26, parallel: 2 };
const kimi = { name: 'kimi', gb: 240, parallel: 1 };
const thinker = { name: 'thinker', gb: 28, parallel: 2 };

describe('what a free slot takes', () => {
  it('the most urgent, then the longest waiting; and one that waited long enough before one that is more urgent', async () => {
    const s = await story();
    const low = await s.add('Low', ['ANVIL', 'coder']);
    const high = await s.add('High', ['ANVIL', 'coder']);
    await s.priority(low, 'L');
    await s.priority(high, 'H');
    expect(await s.pick('ANVIL')).toBe(high);
    await s.waits(low, 50);
    expect(await s.pick('ANVIL')).toBe(low);
  });

  it('looks past a heap of what nobody is in a hurry for', async () => {
    const s = await story();
    const alike = route({ choices: [{ host: 'ANVIL', model: 'coder', tier: 2, provider: 'ollama' }] });
    await s.f.create(Array.from({ length: 520 }, (_, n) => work(`Low ${n}`, { route: alike })));
    await s.db.pool.query(`UPDATE task SET priority = 'L', waiting_since = now() - interval '19 minutes'`);
    const urgent = await s.add('Urgent', ['ANVIL', 'coder']);
    await s.priority(urgent, 'H');
    expect(await s.pick('ANVIL')).toBe(urgent);
  });

  it('the review of what was begun before the build of what was not', async () => {
    const s = await story();
    const begun = await s.add('Begun', ['ANVIL', 'coder']);
    const next = await s.add('Not begun', ['ANVIL', 'coder']);
    await s.f.run(begun);
    const review = (await s.f.live((await s.f.chainOf(begun)).id)).id;
    await s.db.pool.query(`UPDATE task SET started_at = now() - interval '9 minutes' WHERE id = $1`, [begun]);
    await s.db.pool.query(
      `UPDATE task SET route = (SELECT route FROM task WHERE id = $1), tier = 2, host = 'ANVIL' WHERE id = $2`,
      [begun, review],
    );
    await s.waits(next, 5);
    expect(await s.pick('ANVIL')).toBe(review);
    await s.waits(next, 12);
    expect(await s.pick('ANVIL')).toBe(next);
  });

  it('work whose message was lost, and nothing that is held back', async () => {
    const s = await story();
    const id = await s.add('No message', ['ANVIL', 'coder']);
    expect(await s.pick('ANVIL')).toBe(id);
    await s.db.pool.query(
      `UPDATE task SET wait_for = 'budget', wait_why = 'used up', wait_until = now() + interval '1 hour' WHERE id = $1`,
      [id],
    );
    expect(await s.pick('ANVIL')).toBeNull();
  });

  it('the model that is loaded, until another one has waited long enough to be worth the reload', async () => {
    const s = await story();
    await s.models('FORGE', 256, kimi, thinker);
    await s.loaded('FORGE', 'thinker');
    const big = await s.add('Big', ['FORGE', 'kimi']);
    const small = await s.add('Small', ['FORGE', 'thinker']);
    await s.waits(big, 60);
    expect(await s.pick('FORGE')).toBe(small);
    await s.waits(big, 8 * 60);
    expect(await s.pick('FORGE')).toBe(big);
  });

  it('never more than fits; what waits for memory is not overtaken for ever by what stands in its way', async () => {
    const s = await story();
    await s.models('FORGE', 256, kimi, thinker);
    const running = await s.add('Runs', ['FORGE', 'thinker']);
    await s.f.take(running);
    const big = await s.add('Big', ['FORGE', 'kimi']);
    const small = await s.add('Small', ['FORGE', 'thinker']);
    expect(await s.pick('FORGE')).toBe(small);
    await s.waits(big, 8 * 60);
    expect(await s.pick('FORGE')).toBeNull();
    await s.f.run(small).catch(() => {});
    await s.db.pool.query(`UPDATE attempt SET state = 'CANCELLED', ended_at = now() WHERE state = 'RUNNING'`);
    expect(await s.pick('FORGE')).toBe(big);
  });

  it('never more attempts with a model than it takes at once', async () => {
    const s = await story();
    await s.models('FORGE', 256, kimi);
    await s.f.take(await s.add('First', ['FORGE', 'kimi']));
    await s.add('Second', ['FORGE', 'kimi']);
    expect(await s.pick('FORGE')).toBeNull();
  });

  it('leaves work to the host that has its model in memory and a slot', async () => {
    const s = await story();
    await s.models('ANVIL', 96, coder);
    await s.models('FORGE', 256, coder);
    const id = await s.add('Where?', ['ANVIL', 'coder'], ['FORGE', 'coder']);
    await s.loaded('FORGE', 'coder');
    expect(await s.pick('ANVIL')).toBeNull();
    expect(await s.pick('FORGE')).toBe(id);
    expect((await s.f.task(id)).host).toBe('FORGE');
  });

  it('takes over from a host that is gone or full, and not from one that has a slot for it', async () => {
    const s = await story(1);
    const id = await s.add('Pinned', ['ANVIL', 'coder'], ['FORGE', 'coder']);
    expect(await s.pick('FORGE')).toBeNull();
    await s.host('ANVIL', `last_seen = now() - interval '1 hour'`);
    expect(await s.pick('ANVIL')).toBeNull();
    expect(await s.pick('FORGE')).toBe(id);
    await s.host('ANVIL', 'last_seen = now()');
    await s.f.take(await s.add('Fills ANVIL', ['ANVIL', 'coder']));
    const next = await s.add('Next', ['ANVIL', 'coder'], ['FORGE', 'coder']);
    await s.db.pool.query(`UPDATE task SET status = 'CANCELLED', finished_at = now() WHERE id = $1`, [id]);
    expect(await s.pick('FORGE')).toBe(next);
  });

  it('of a host that drains, its stand-by comes first', async () => {
    const s = await story(1);
    await s.db.pool.query(
      `INSERT INTO host(name, slots, memory_gb, models, scripted, sandbox, last_seen) VALUES ('SMITHY', 1, 96, '[]', true, 'none', now())`,
    );
    const id = await s.add('Handed on', ['ANVIL', 'coder'], ['FORGE', 'coder'], ['SMITHY', 'coder']);
    await s.host('ANVIL', `state = 'DRAINING', stand_by = 'SMITHY'`);
    expect(await s.pick('FORGE')).toBeNull();
    expect(await s.pick('SMITHY')).toBe(id);
  });

  it('not what another worker was just given the money for', async () => {
    const s = await story();
    const first = await s.add('Taken', ['ANVIL', 'coder']);
    const second = await s.add('Free', ['ANVIL', 'coder']);
    await s.db.pool.query(
      `INSERT INTO ticket(task_id, dispatch, forecast_eur, forecast_from, reserved_eur, uses) SELECT id, dispatch, 0, 0, 0, '[]' FROM task WHERE id = $1`,
      [first],
    );
    expect(await s.pick('ANVIL')).toBe(second);
    await s.db.pool.query('UPDATE ticket SET closed_at = now()');
    expect(await s.pick('ANVIL')).toBe(first);
  });

  it('where its model can be asked, even if another host has it in memory behind an open breaker', async () => {
    const s = await story();
    const id = await s.add('Round the breaker', ['ANVIL', 'coder'], ['FORGE', 'coder']);
    await s.loaded('FORGE', 'coder');
    await s.db.pool.query(
      `INSERT INTO breaker(host, model, state, probe_at, error) VALUES ('FORGE', 'coder', 'OPEN', now() + interval '1 hour', 'It hangs')`,
    );
    expect(await s.pick('FORGE')).toBeNull();
    expect(await s.pick('ANVIL')).toBe(id);
  });

  it('is not kept from work by a model that could never be loaded', async () => {
    const s = await story();
    await s.models('ANVIL', 96, kimi, coder);
    const never = await s.add('Never fits', ['ANVIL', 'kimi']);
    const id = await s.add('Fits', ['ANVIL', 'coder']);
    await s.waits(never, 60 * 60);
    expect(await s.pick('ANVIL')).toBe(id);
  });

  it('knows a model by its name with and without the tag that Ollama adds', async () => {
    const s = await story();
    await s.models('FORGE', 256, kimi, { ...thinker, parallel: 1 });
    await s.loaded('FORGE', 'thinker:latest');
    const big = await s.add('Big', ['FORGE', 'kimi']);
    const small = await s.add('Small', ['FORGE', 'Thinker:latest']);
    await s.waits(big, 60);
    expect(await s.pick('FORGE')).toBe(small);
    await s.f.take(small);
    await s.add('As small', ['FORGE', 'thinker']);
    // One at once, by whatever name.
    expect(await s.pick('FORGE')).toBeNull();
  });

  it('nothing while the factory is stopped', async () => {
    const s = await story();
    await s.add('Waits', ['ANVIL', 'coder']);
    await stopFactory(s.db, ceo, 'a test');
    expect(await s.pick('ANVIL')).toBeNull();
  });
});
