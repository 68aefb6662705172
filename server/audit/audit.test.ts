import { beforeAll, describe, expect, it } from 'vitest';
import { auditFilterSchema, sealedText } from '#server/domain/audit.ts';
import { appendEvents } from '#server/engine/event.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { logCall, sealTrail } from './commands.ts';
import { lastSeal, readAudit, readEntries, verifyTrail } from './data.ts';
import { sealOf } from './policy.ts';

const { db } = await testDatabase();
const person = (name: string) => ({ kind: 'human', name }) as const;
const act = (type: string, name = 'Alem', reason = '') => ({
  ...{ type, entity: 'setting', id: 'x', ver: 1, actor: person(name), reason },
  data: { z: 1, a: { deep: [true, null, 'š'] } },
});
const all = auditFilterSchema.parse({});

/** What only somebody with the rights of the database's owner can do. */
async function tamper(sql: string): Promise<void> {
  await db.pool.query(`ALTER TABLE event DISABLE TRIGGER append_only`);
  await db.pool.query(sql);
  await db.pool.query(`ALTER TABLE event ENABLE TRIGGER append_only`);
}

/** Other databases of the same server may hold the horizon back for a moment. */
async function sealed(entries: number, seal: () => Promise<unknown>): Promise<void> {
  await expect
    .poll(async () => {
      await seal();
      return (await lastSeal(db.pool)).n;
    })
    .toBe(entries);
}

beforeAll(async () => {
  for (let i = 0; i < 30; i++)
    await appendEvents(db.pool, [act(`test.${i}`, i % 3 ? 'Alem' : 'Bo', `why ${i}`)]);
});

describe('the trail', () => {
  it('is sealed in one order, whoever seals, and holds', async () => {
    await sealed(30, () => Promise.all([sealTrail(db, 10), sealTrail(db, 10), sealTrail(db, 10)]));
    expect(await verifyTrail(db)).toMatchObject({ ok: true, sealed: 30, problem: null });
    const { entries } = await readEntries(db, all, null, 100);
    const [newest, before] = entries;
    if (!newest || !before) throw new Error('nothing was sealed');
    expect(sealOf(before.hash as string, newest)).toBe(newest.hash);
  });

  it('waits with what a slower transaction may still come before', async () => {
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow = transaction(db, async (q) => {
      await appendEvents(q, [act('slow')]);
      begun.resolve();
      await held.promise;
    });
    await begun.promise;
    await appendEvents(db.pool, [act('quick')]);
    expect(await sealTrail(db)).toBe(0);
    held.resolve();
    await slow;
    await sealed(32, () => sealTrail(db));
    expect(await verifyTrail(db)).toMatchObject({ ok: true, sealed: 32 });
  });

  it.each([
    [
      'changed',
      `UPDATE event SET reason = 'nobody knows' WHERE type = 'test.7'`,
      `UPDATE event SET reason = 'why 7' WHERE type = 'test.7'`,
      'Entry 8 was changed',
    ],
    [
      'given to somebody else',
      `UPDATE event SET actor = 'Bo' WHERE type = 'test.4'`,
      `UPDATE event SET actor = 'Alem' WHERE type = 'test.4'`,
      'Entry 5 was changed',
    ],
  ])('tells that an entry was %s', async (_, harm, mend, problem) => {
    await tamper(harm);
    const found = await verifyTrail(db);
    expect(found).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
    await tamper(mend);
    expect(await verifyTrail(db)).toMatchObject({ ok: true });
  });

  it('tells that an entry was put in between or taken out', async () => {
    await tamper(`INSERT INTO event(xid, type, entity, entity_id, ver, actor_kind, actor)
      SELECT xid, 'forged', 'setting', 'x', 1, 'human', 'Alem' FROM event WHERE type = 'test.9'`);
    expect(await verifyTrail(db)).toMatchObject({
      ok: false,
      problem: 'An entry was put in after entry 10.',
    });
    await tamper(`DELETE FROM event WHERE type = 'forged'`);
    expect(await verifyTrail(db)).toMatchObject({ ok: true });
    await tamper(`DELETE FROM event WHERE type = 'test.20'`);
    expect(await verifyTrail(db)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('Entry 21 was removed'),
    });
  });

  it('cannot be changed or removed by the product itself', async () => {
    for (const sql of [
      `UPDATE event SET actor = 'Bo'`,
      'DELETE FROM event',
      'DELETE FROM audit_seal',
      'TRUNCATE event',
    ])
      await expect(db.pool.query(sql)).rejects.toThrow('append-only');
  });
});

describe('reading it', () => {
  it('finds by person, by words and by time, page by page without a gap', async () => {
    const of = (filter: object) => readAudit(db, auditFilterSchema.parse(filter), null, 500);
    expect((await of({ actor: 'Bo' })).entries).toHaveLength(10);
    expect((await of({ q: 'why 1' })).entries.map((e) => e.reason)).toContain('why 1');
    expect((await of({ q: '100%_' })).entries).toEqual([]);
    expect((await of({ to: new Date(0) })).entries).toEqual([]);
    const seen: number[] = [];
    for (let cursor: string | null = null, first = true; first || cursor; first = false) {
      const page = await readEntries(db, all, cursor, 7);
      seen.push(...page.entries.map((e) => e.seq));
      cursor = page.next;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe((await readEntries(db, all, null, 500)).entries.length);
  });

  it('keeps what a setting was changed to, but neither secrets nor long texts', async () => {
    await logCall(
      db,
      'projects.set',
      { id: 'p', webhookSecret: 's3cret', note: 'x'.repeat(5_000), reason: 'because' },
      person('Alem'),
    );
    const [entry] = (await readEntries(db, all, null, 1)).entries;
    expect(entry).toMatchObject({ type: 'api.projects.set', actor: 'Alem', reason: 'because' });
    expect(JSON.stringify(entry)).not.toContain('s3cret');
    await logCall(
      db,
      'projects.add',
      {
        path: 'https://bo:hunter2@git.example/repo.git',
        more: { list: [{ keys: { auth: 'deep1' }, password: 'deep2' }] },
      },
      person('Alem'),
    );
    const [deep] = (await readEntries(db, all, null, 1)).entries;
    expect(JSON.stringify(deep)).toContain('https://…@git.example/repo.git');
    expect(JSON.stringify(deep)).not.toMatch(/hunter2|deep1|deep2/);
    expect(JSON.stringify(entry).length).toBeLessThan(1_500);
  });
});

it('the sealed text does not depend on the order in which keys were written', () => {
  const entry = {
    xid: '1',
    seq: 1,
    at: new Date(0),
    type: 't',
    entity: 'e',
    entityId: '1',
    ver: 1,
    from: null,
    to: null,
    actorKind: 'human',
    actor: 'A',
    reason: '',
    projectId: null,
    pipelineId: null,
    taskId: null,
  } as const;
  expect(sealedText({ ...entry, data: { a: 1, b: { d: 1, c: 2 } } })).toBe(
    sealedText({ ...entry, data: { b: { c: 2, d: 1 }, a: 1 } }),
  );
});
