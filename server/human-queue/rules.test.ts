import { expect, it } from 'vitest';
import { decide, settleDecisions, undoDecision } from '#server/engine/decide.ts';
import { askHuman, escalationDigest } from '#server/engine/escalation.ts';
import { ENGINE } from '#server/engine/event.ts';
import { endAttempt } from '#server/engine/failure.ts';
import { stopTask } from '#server/engine/stop.ts';
import { sweep } from '#server/engine/sweep.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, testFactory, work } from '#test/factory.ts';
import { acceptRule, revokeRule } from './commands.ts';
import { readDecisions } from './history.ts';
import { readRulesView } from './rules.ts';

const { db } = await testDatabase();
const f = await testFactory(db, { slots: 40 });
await db.pool.query(`INSERT INTO app_user(id, name, role) VALUES ('alem', 'Alem', 'ceo')`);

async function failThrice(taskId: number): Promise<void> {
  const failed = { kind: 'failed', cause: 'agent', code: 'MODEL_GARBAGE', message: 'no report' } as const;
  for (let i = 0; i < 3; i++) await endAttempt(db, f.publisher, await f.take(taskId), failed);
}

/** A task whose agents failed as often as they may: it asks what now. */
async function failed(title: string): Promise<{ id: number; taskId: number }> {
  const { taskIds } = await f.create([work(title)]);
  const taskId = taskIds[0] as number;
  await failThrice(taskId);
  return await openQuestion(taskId);
}
async function openQuestion(taskId: number): Promise<{ id: number; taskId: number }> {
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT id FROM escalation WHERE task_id = $1 AND state = 'OPEN'`,
    [taskId],
  );
  return { id: rows[0]?.id as number, taskId };
}
async function approve(id: number) {
  const digest = (await escalationDigest(db.pool, id)) as string;
  await decide(db, { id, answer: 'approve', digest, note: '', undoMs: 0 }, ceo);
  await settleDecisions(db, f.publisher);
}
const state = async (id: number) =>
  (
    await db.pool.query<{ state: string; answered_by: string | null; rule_id: number | null }>(
      'SELECT state, answered_by, rule_id FROM escalation WHERE id = $1',
      [id],
    )
  ).rows[0];
const history = () =>
  readDecisions(db, {
    q: '',
    kind: null,
    answer: null,
    by: null,
    since: null,
    until: null,
    cursor: null,
    limit: 50,
  });

it('a rule is offered, accepted by a person, answers once per work, is undone like any answer, and is taken back', async () => {
  for (let i = 0; i < 4; i++) await approve((await failed(`Import ${i}`)).id);
  expect((await readRulesView(db)).patterns).toEqual([]);
  await approve((await failed('Import 5')).id);
  const [offer] = (await readRulesView(db)).patterns;
  expect(offer).toMatchObject({
    kind: 'retries',
    approved: 5,
    facts: { company: 'CodeCraft', stage: 'BUILD' },
  });

  // Nothing is made of an offer by itself, and what was asked before a rule is not answered by it.
  const before = await failed('Import 6');
  await sweep(db, f.publisher, f.timing);
  expect(await state(before.id)).toMatchObject({ state: 'OPEN' });
  if (!offer) throw new Error('no offer');
  await expect(
    acceptRule(db, { kind: 'retries', facts: { ...offer.facts, area: '*.ts' } }, ceo),
  ).rejects.toMatchObject({ code: 'DIGEST_CHANGED' });
  const rule = await acceptRule(db, { kind: offer.kind, facts: offer.facts }, ceo);
  expect((await readRulesView(db)).patterns).toEqual([]);
  await sweep(db, f.publisher, f.timing);
  expect(await state(before.id)).toMatchObject({ state: 'OPEN' });

  const asked = await failed('Import 7');
  await sweep(db, f.publisher, { ...f.timing, undo: 60_000 });
  expect(await state(asked.id)).toMatchObject({
    state: 'PENDING',
    answered_by: `rule ${rule.id}, accepted by Alem`,
  });
  await undoDecision(db, asked.id, ceo);
  await sweep(db, f.publisher, f.timing);
  expect(await state(asked.id)).toMatchObject({ state: 'OPEN', rule_id: rule.id });

  const next = await failed('Import 8');
  await sweep(db, f.publisher, { ...f.timing, undo: 0 });
  await settleDecisions(db, f.publisher);
  expect(await state(next.id)).toMatchObject({ state: 'ANSWERED' });
  expect((await history()).items[0]).toMatchObject({
    id: next.id,
    ruleId: rule.id,
    by: `rule ${rule.id}, accepted by Alem`,
  });
  // It came back: a rule does not answer for the same work again.
  await failThrice(next.taskId);
  await sweep(db, f.publisher, f.timing);
  expect((await readRulesView(db)).rules[0]).toMatchObject({ id: rule.id, uses: 1, acceptedBy: 'Alem' });

  await revokeRule(db, rule.id, ceo);
  const last = await failed('Import 9');
  await sweep(db, f.publisher, f.timing);
  expect(await state(last.id)).toMatchObject({ state: 'OPEN' });
  expect((await readRulesView(db)).rules[0]).toMatchObject({ revokedBy: 'Alem', uses: 1 });
});

async function standing(): Promise<number> {
  const { rows } = await db.pool.query<{ id: number }>(
    `INSERT INTO approval_rule(kind, company, stage, area, said, from_decisions, accepted_by)
     VALUES ('retries', 'CodeCraft', 'BUILD', 'no files', 'another try', '{1}', 'Alem') RETURNING id`,
  );
  return rows[0]?.id as number;
}

it('what a person stopped is no failure: the standing answer for those does not start it again', async () => {
  const rule = await standing();
  const { taskIds } = await f.create([work('Import of the bills')]);
  const taskId = taskIds[0] as number;
  await f.take(taskId);
  await transaction(db, (q) => stopTask(q, taskId, ceo, 'wrong direction'));
  await sweep(db, f.publisher, f.timing);
  expect(await state((await openQuestion(taskId)).id)).toMatchObject({ state: 'OPEN', rule_id: null });
  await revokeRule(db, rule, ceo);
});

it('an answer that a person gives after he took the one of a rule back is his own', async () => {
  const rule = await standing();
  const e = await failed('Import of the stock');
  await sweep(db, f.publisher, { ...f.timing, undo: 60_000 });
  expect(await state(e.id)).toMatchObject({ state: 'PENDING', rule_id: rule });
  await undoDecision(db, e.id, ceo);
  const digest = (await escalationDigest(db.pool, e.id)) as string;
  await decide(db, { id: e.id, answer: 'reject', digest, note: 'Not again', undoMs: 0 }, ceo);
  await settleDecisions(db, f.publisher);
  expect((await history()).items[0]).toMatchObject({ id: e.id, by: 'Alem', answer: 'reject', ruleId: null });
  expect((await readRulesView(db)).rules.find((r) => r.id === rule)).toMatchObject({ uses: 0 });
  await revokeRule(db, rule, ceo);
});

it('a rule is not kept from its work by the questions of others', async () => {
  const rule = await standing();
  const others = await f.create(Array.from({ length: 60 }, (_, i) => work(`Other ${i}`)));
  await db.pool.query(`UPDATE task SET company = 'Other' WHERE id = ANY($1)`, [others.taskIds]);
  for (const taskId of others.taskIds)
    await askHuman(db.pool, {
      kind: 'retries',
      taskId,
      from: ['QUEUED'],
      actor: ENGINE,
      question: 'What now?',
      why: 'x',
    });
  const mine = await failed('Import of the menu');
  await sweep(db, f.publisher, f.timing);
  expect(await state(mine.id)).toMatchObject({ state: 'PENDING', rule_id: rule });
  await revokeRule(db, rule, ceo);
});

it('the history finds an answer by its words, its person and its answer, and says what became of it', async () => {
  const e = await failed('Opening hours of the shop in Ålesund');
  const digest = (await escalationDigest(db.pool, e.id)) as string;
  await decide(db, { id: e.id, answer: 'reject', digest, note: 'Needs 100% more thought', undoMs: 0 }, ceo);
  await settleDecisions(db, f.publisher);
  const ask = {
    q: '',
    kind: null,
    answer: null,
    by: null,
    since: null,
    until: null,
    cursor: null,
    limit: 50,
  };
  const found = await readDecisions(db, { ...ask, q: '100% more' });
  expect(found.items).toMatchObject([
    { id: e.id, answer: 'reject', by: 'Alem', outcome: 'failed', regretted: false },
  ]);
  expect((await readDecisions(db, { ...ask, q: `#${e.taskId}` })).total).toBe(1);
  expect((await readDecisions(db, { ...ask, q: 'ålesund', answer: 'approve' })).total).toBe(0);
  expect((await readDecisions(db, { ...ask, q: '%' })).total).toBe(1);
  const first = await readDecisions(db, { ...ask, limit: 3 });
  const second = await readDecisions(db, { ...ask, limit: 3, cursor: first.cursor });
  expect(first.items).toHaveLength(3);
  expect(second.items.map((i) => i.id)).not.toContain(first.items.at(-1)?.id);
});

it('rests while who accepted it may not answer himself', async () => {
  const rule = await standing();
  await db.pool.query(`UPDATE app_user SET role = 'viewer' WHERE name = 'Alem'`);
  const e = await failed('Import of the prices');
  await sweep(db, f.publisher, f.timing);
  expect(await state(e.id)).toMatchObject({ state: 'OPEN' });
  await db.pool.query(`UPDATE app_user SET role = 'ceo' WHERE name = 'Alem'`);
  await sweep(db, f.publisher, f.timing);
  expect(await state(e.id)).toMatchObject({ state: 'PENDING', rule_id: rule });
  await revokeRule(db, rule, ceo);
});
