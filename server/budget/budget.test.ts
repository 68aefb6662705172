import { describe, expect, it } from 'vitest';
import { pricesSchema } from '#server/domain/prices.ts';
import type { CallRecord } from '#server/domain/records.ts';
import { decide, settleDecisions } from '#server/engine/decide.ts';
import { endAttempt } from '#server/engine/failure.ts';
import { raisesOf } from '#server/engine/short-of-money.ts';
import { readEscalation, readQueue } from '#server/human-queue/data.ts';
import { createDb } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { reserveCall, spend } from './calls.ts';
import { setBudget } from './commands.ts';
import { admit, bindTicket, returnForgotten, returnTicket } from './tickets.ts';

const base = await testDatabase();
/** As many connections as there are workers: a pool of a few would let them take turns. */
const db = createDb(base.url, { max: 55, name: 'budget-test' });
const factory = await testFactory(db, { slots: 64 });

/** One euro for a thousand tokens of output, and nothing else: a cost that can be read off. */
const prices = pricesSchema.parse({
  usd_in_eur: 1,
  local: { default: 0 },
  models: [{ providers: ['anthropic'], model: '*', in: 0, out: 1_000 }],
});
const cloud = (tier = 2) =>
  route({ tier, choices: [{ host: 'ANVIL', model: 'claude', tier, provider: 'anthropic' }] });
/** Without a history an attempt is guessed to need a tenth of 200,000 tokens, a quarter of it output: 5 euro. */
const GUESS = 5;

let n = 0;
/** Each story has a company of its own, and all other budgets out of its way. */
async function story(
  limits: Partial<Record<'day' | 'month' | 'project' | 'company' | 'pipeline' | 'task', number>>,
) {
  const company = `Company${++n}`;
  for (const scope of ['day', 'month', 'project', 'pipeline', 'task'] as const)
    await setBudget(db, { scope, key: '', limit: limits[scope] ?? 90_000 }, ceo);
  await setBudget(db, { scope: 'company', key: company, limit: limits.company ?? 90_000 }, ceo);
  return {
    company,
    tasks: (count: number) =>
      factory
        .create(
          Array.from({ length: count }, (_, i) =>
            work(`Paid ${i}`, {
              route: { ...cloud(), company },
              plan: { stages: plan().stages.map((x) => ({ ...x, company, route: { ...cloud(), company } })) },
            }),
          ),
        )
        .then((m) => m.taskIds),
    use: async () =>
      (
        await db.pool.query<{ spent: number; reserved: number }>(
          `SELECT spent_eur::float8 spent, reserved_eur::float8 reserved FROM budget_use WHERE scope = 'company' AND key = $1`,
          [company],
        )
      ).rows[0] ?? { spent: 0, reserved: 0 },
  };
}
const jobOf = async (taskId: number) => ({
  taskId,
  dispatch: (await factory.task(taskId)).dispatch,
  host: 'ANVIL',
});
async function startPaid(taskId: number) {
  const job = await jobOf(taskId);
  expect(await admit(db, prices, job)).toEqual({ result: 'ok' });
  const a = await factory.take(taskId);
  await bindTicket(db.pool, { ...job, attemptId: a.attemptId });
  return a;
}
const call = (tokensOut: number): CallRecord => ({
  ...{
    stepKey: 'work',
    provider: 'anthropic',
    model: 'claude',
    ms: 10,
    ok: true,
    errorCode: null,
    scripted: false,
  },
  ...{ tokensIn: 0, tokensOut, tokensCacheRead: 0, tokensCacheWrite: 0, tokensThinking: 0 },
});
const planned = (maxTokens: number) => ({
  provider: 'anthropic',
  model: 'claude',
  tokensIn: 0,
  maxTokens,
  totalMs: 1_000,
});

describe('budgets', () => {
  it('50 workers at once are promised what there is and not a cent more', async () => {
    const s = await story({ company: 7 * GUESS + 1 });
    const jobs = await Promise.all((await s.tasks(50)).map(jobOf));
    const said = await Promise.all(jobs.map((job) => admit(db, prices, job)));
    expect(said.filter((a) => a.result === 'ok')).toHaveLength(7);
    expect(await s.use()).toEqual({ spent: 0, reserved: 7 * GUESS });
    expect(said.filter((a) => a.result === 'waits')).toHaveLength(43);
    // Nobody is asked: what was promised may come back.
    expect((await readQueue(db)).open.filter((e) => e.kind === 'budget')).toHaveLength(0);
    await Promise.all(jobs.map((job) => returnTicket(db.pool, job)));
    expect((await s.use()).reserved).toBe(0);
  });

  it('50 attempts at once make no call that is not covered at its dearest', async () => {
    const s = await story({});
    const attempts = await Promise.all((await s.tasks(50)).map(startPaid));
    await setBudget(db, { scope: 'company', key: s.company, limit: 50 * GUESS + 10 }, ceo);
    // Each call may cost 6, which is one more than is promised: ten of fifty can be covered.
    const said = await Promise.allSettled(
      attempts.map((a) => reserveCall(db, prices, a.attemptId, planned(6_000))),
    );
    const refused = said.flatMap((r) => (r.status === 'rejected' ? [r.reason] : []));
    expect(refused).toHaveLength(40);
    expect(refused[0]).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      data: { use: { scope: 'company' }, ask: false },
    });
    expect(await s.use()).toEqual({ spent: 0, reserved: 50 * GUESS + 10 });
    await Promise.all(attempts.map((a) => spend(db, prices, a, call(4_000))));
    const after = await s.use();
    expect(after.spent).toBeCloseTo(200, 6);
    expect(after.spent + after.reserved).toBeLessThanOrEqual(50 * GUESS + 10);
    // However an attempt ends, what it still held is given back.
    await Promise.all(
      attempts.map((a) =>
        endAttempt(
          db,
          factory.publisher,
          { ...a, host: 'ANVIL' },
          { kind: 'infra', code: 'X', message: 'x' },
        ),
      ),
    );
    expect((await s.use()).reserved).toBeCloseTo(0, 6);
  });

  it('counts a call once in every budget, and what is spent is the sum of the calls', async () => {
    const s = await story({});
    const [taskId = 0] = await s.tasks(1);
    const a = await startPaid(taskId);
    await Promise.all([
      spend(db, prices, a, call(300)),
      spend(db, prices, a, call(200)),
      spend(db, prices, a, call(0)),
    ]);
    const { rows } = await db.pool.query(
      `SELECT (SELECT sum(cost_eur)::float8 FROM call WHERE task_id = $1) calls, (SELECT cost_eur::float8 FROM attempt WHERE id = $2) attempt,
         (SELECT spent_eur::float8 FROM budget_use WHERE scope = 'task' AND key = $1::text) task`,
      [taskId, a.attemptId],
    );
    expect(rows[0]).toEqual({ calls: 0.5, attempt: 0.5, task: 0.5 });
    expect((await s.use()).spent).toBe(0.5);
    // A scripted answer is not paid for, and says how it was used all the same.
    await spend(db, prices, a, { ...call(700), scripted: true });
    expect((await s.use()).spent).toBe(0.5);
  });

  it('takes a call that failed on a rehearsed host for what it is: scripted, and not paid for', async () => {
    const s = await story({});
    const [taskId = 0] = await s.tasks(1);
    const a = await startPaid(taskId);
    // The factory of this story has scripted hosts; a failed call could not say so of itself.
    await spend(db, prices, a, { ...call(500), ok: false, errorCode: 'MODEL_GARBAGE' });
    expect((await s.use()).spent).toBe(0);
    const { rows } = await db.pool.query('SELECT scripted FROM call WHERE task_id = $1', [taskId]);
    expect(rows).toEqual([{ scripted: true }]);
  });

  it('warns once at 80 % and asks at 100 %, before the call; approving lets the same work go on', async () => {
    const s = await story({ task: 10 });
    const [taskId = 0] = await s.tasks(1);
    const a = await startPaid(taskId);
    const warned = async () =>
      (
        await db.pool.query(`SELECT reason FROM event WHERE type = 'budget.warned' AND entity_id = $1`, [
          `task:${taskId}`,
        ])
      ).rows;
    await spend(db, prices, a, call(7_900));
    expect(await warned()).toHaveLength(0);
    await spend(db, prices, a, call(200));
    await spend(db, prices, a, call(200));
    expect(await warned()).toHaveLength(1);

    const short = await reserveCall(db, prices, a.attemptId, planned(4_000)).catch((e) => e);
    expect(short).toMatchObject({ code: 'BUDGET_EXCEEDED', data: { ask: true, narrow: true } });
    await endAttempt(
      db,
      factory.publisher,
      { ...a, host: 'ANVIL' },
      { kind: 'yielded', reason: 'budget', question: short.message, short: short.data },
    );
    expect(await factory.task(taskId)).toMatchObject({ status: 'NEEDS_HUMAN', failed_attempts: 0 });
    const item = (await readQueue(db)).open.find((e) => e.taskId === taskId && e.kind === 'budget');
    const view = await readEscalation(db, factory.timing, item?.id ?? 0);
    expect(view.consequences.approve).toContain('€4.00 more, once');
    await decide(db, { id: view.id, answer: 'approve', digest: view.digest, note: '', undoMs: 0 }, ceo);
    await settleDecisions(db, factory.publisher);
    expect(await factory.task(taskId)).toMatchObject({ status: 'QUEUED', wait_for: null });
    expect(await admit(db, prices, await jobOf(taskId))).toEqual({ result: 'ok' });
  });

  it('warns also where it was set lower than most of what is spent', async () => {
    const s = await story({});
    const [taskId = 0] = await s.tasks(1);
    const a = await startPaid(taskId);
    await spend(db, prices, a, call(900));
    await setBudget(db, { scope: 'task', key: String(taskId), limit: 1 }, ceo);
    await spend(db, prices, a, call(10));
    await spend(db, prices, a, call(10));
    const { rows } = await db.pool.query(
      `SELECT reason FROM event WHERE type = 'budget.warned' AND entity_id = $1`,
      [`task:${taskId}`],
    );
    expect(rows).toHaveLength(1);
  });

  it('a budget of many asks once, holds what waits for it, and lets it go when somebody raises it', async () => {
    const s = await story({ company: 1 });
    const ids = await s.tasks(5);
    const jobs = await Promise.all(ids.map(jobOf));
    const said = await Promise.all(jobs.map((job) => admit(db, prices, job)));
    expect(said.every((a) => a.result === 'waits')).toBe(true);
    const asked = (await readQueue(db)).open.filter(
      (e) => e.kind === 'budget' && e.title.includes(s.company),
    );
    expect(asked).toHaveLength(1);
    const view = await readEscalation(db, factory.timing, asked[0]?.id ?? 0);
    expect(view.consequences.approve).toContain('5 tasks that wait go on');
    const [row] = (
      await db.pool.query(
        'SELECT status, wait_for, wait_why, wait_until > now() waits FROM task WHERE id = $1',
        [ids[0]],
      )
    ).rows;
    expect(row).toMatchObject({ status: 'QUEUED', wait_for: 'budget', waits: true });
    expect(row.wait_why).toContain('€1.00');
    await setBudget(db, { scope: 'company', key: s.company, limit: 100 }, ceo);
    expect((await readEscalation(db, factory.timing, view.id)).withdrawn).toContain('was changed instead');
    expect(await admit(db, prices, jobs[0] as never)).toEqual({ result: 'ok' });
  });

  it('offers what is missing and a round larger sum, and gives the one that was chosen', async () => {
    const s = await story({ company: 1 });
    const [taskId = 0] = await s.tasks(1);
    await admit(db, prices, await jobOf(taskId));
    const [item] = (await readQueue(db)).open.filter(
      (e) => e.kind === 'budget' && e.title.includes(s.company),
    );
    const view = await readEscalation(db, factory.timing, item?.id ?? 0);
    const missing = Math.ceil(GUESS - 1);
    expect(view.consequences.approve).toContain(`€${missing}.00 more, once: €${missing + 1}.00 in all`);
    expect(view.consequences.send_back).toContain('is left today');
    const answer = { id: view.id, answer: 'send_back' as const, digest: view.digest, note: '', undoMs: 0 };
    await decide(db, answer, ceo);
    await settleDecisions(db, factory.publisher);
    const { rows } = await db.pool.query(
      'SELECT raised_eur::float8 raised FROM budget_use WHERE scope = $1 AND key = $2',
      ['company', s.company],
    );
    expect(rows[0]?.raised).toBeGreaterThanOrEqual(2 * missing);
  });

  it.each([
    ['cents, where the budget is of cents', { limit: 0.01, spent: 0, reserved: 0 }, 0.03, [0.1, 1]],
    ['whole euro, where nothing may be spent', { limit: 0, spent: 0, reserved: 0 }, 0.03, [1, 2]],
    ['whole euro, where cents are missing', { limit: 5, spent: 4.98, reserved: 0 }, 0.05, [1, 2]],
    ['fives above ten', { limit: 40, spent: 30, reserved: 5 }, 18, [15, 50]],
  ])('offers %s', (_what, use, needs, [raise, more]) => {
    expect(raisesOf(use, needs)).toEqual({ raise, more });
  });

  it('who says no for a period is not asked again in it', async () => {
    const s = await story({ company: 1 });
    const [first = 0, second = 0] = await s.tasks(2);
    await admit(db, prices, await jobOf(first));
    const mine = async () =>
      (await readQueue(db)).open.filter((e) => e.kind === 'budget' && e.title.includes(s.company));
    const [item] = await mine();
    const view = await readEscalation(db, factory.timing, item?.id ?? 0);
    await decide(
      db,
      { id: view.id, answer: 'reject', digest: view.digest, note: 'Next month', undoMs: 0 },
      ceo,
    );
    await settleDecisions(db, factory.publisher);
    expect((await admit(db, prices, await jobOf(second))).result).toBe('waits');
    expect(await mine()).toHaveLength(0);
  });

  it('a model without a price waits and says why', async () => {
    const s = await story({});
    const [taskId = 0] = await s.tasks(1);
    expect(await admit(db, pricesSchema.parse({ ...prices, models: [] }), await jobOf(taskId))).toMatchObject(
      { result: 'waits' },
    );
    expect(await factory.task(taskId)).toMatchObject({ status: 'QUEUED', wait_for: 'budget' });
  });

  it('what a dead worker was promised before its claim comes back by itself', async () => {
    const s = await story({});
    const [taskId = 0] = await s.tasks(1);
    await admit(db, prices, await jobOf(taskId));
    expect((await s.use()).reserved).toBe(GUESS);
    await returnForgotten(db, 0);
    expect((await s.use()).reserved).toBe(0);
  });

  it('what was given back can be promised again: work that was not claimed is admitted anew', async () => {
    const s = await story({});
    const [taskId = 0] = await s.tasks(1);
    const job = await jobOf(taskId);
    for (const giveBack of [() => returnTicket(db.pool, job), () => returnForgotten(db, 0)]) {
      expect(await admit(db, prices, job)).toEqual({ result: 'ok' });
      // Two workers never hold one ticket.
      expect(await admit(db, prices, job)).toEqual({ result: 'stale' });
      expect((await s.use()).reserved).toBe(GUESS);
      await giveBack();
      expect((await s.use()).reserved).toBe(0);
    }
    const a = await startPaid(taskId);
    await spend(db, prices, a, call(1_000));
    expect(await s.use()).toEqual({ spent: 1, reserved: GUESS - 1 });
  });

  it('an attempt whose ticket is closed makes no call any more', async () => {
    const s = await story({});
    const [taskId = 0] = await s.tasks(1);
    const a = await startPaid(taskId);
    await endAttempt(
      db,
      factory.publisher,
      { ...a, host: 'ANVIL' },
      { kind: 'infra', code: 'X', message: 'x' },
    );
    await expect(reserveCall(db, prices, a.attemptId, planned(1))).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
  });

  it('a ticket that went back before the claim is not taken for one', async () => {
    const s = await story({});
    const [taskId = 0] = await s.tasks(1);
    const job = await jobOf(taskId);
    await admit(db, prices, job);
    await returnForgotten(db, 0);
    const { attemptId } = await factory.take(taskId);
    await expect(bindTicket(db.pool, { ...job, attemptId })).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await expect(reserveCall(db, prices, attemptId, planned(1))).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
  });

  it('a call that no waiting can pay for is asked for, and its task is not begun again and again meanwhile', async () => {
    // Enough to begin, and never enough for the call.
    const s = await story({ company: GUESS + 1 });
    const [taskId = 0] = await s.tasks(1);
    const a = await startPaid(taskId);
    const short = await reserveCall(db, prices, a.attemptId, planned(7_000)).catch((e) => e);
    expect(short).toMatchObject({ code: 'BUDGET_EXCEEDED', data: { ask: true, narrow: false, needs: 7 } });
    await endAttempt(
      db,
      factory.publisher,
      { ...a, host: 'ANVIL' },
      { kind: 'yielded', reason: 'budget', question: short.message, short: short.data },
    );
    expect(
      (await readQueue(db)).open.filter((e) => e.kind === 'budget' && e.title.includes(s.company)),
    ).toHaveLength(1);
    const { rows } = await db.pool.query(
      `SELECT status, wait_until > now() + interval '30 minutes' far FROM task WHERE id = $1`,
      [taskId],
    );
    expect(rows[0]).toEqual({ status: 'QUEUED', far: true });
  });

  it('refuses a budget for what is not there, and one that is no number', async () => {
    await expect(setBudget(db, { scope: 'task', key: '999999', limit: 1 }, ceo)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(setBudget(db, { scope: 'day', key: 'x', limit: 1 }, ceo)).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    await expect(setBudget(db, { scope: 'day', key: '', limit: -1 }, ceo)).rejects.toThrow();
  });
});
