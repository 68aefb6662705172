import { describe, expect, it } from 'vitest';
import type { Finding } from '#server/domain/report.ts';
import type { Stage } from '#server/domain/status.ts';
import type { Answer } from '#server/domain/views/queue.ts';
import { decide, settleDecisions } from '#server/engine/decide.ts';
import { planIntegration } from '#server/engine/effect.ts';
import { askHuman } from '#server/engine/escalation.ts';
import { endAttempt } from '#server/engine/failure.ts';
import { invariants } from '#server/engine/invariants.ts';
import { stopTask } from '#server/engine/stop.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { readEscalation } from './data.ts';

const { db } = await testDatabase();
const f = await testFactory(db, { slots: 40 });
const finding: Finding = {
  severity: 'major',
  title: 'Token in plain text',
  detail: '',
  file: 'src/auth.js',
  line: 4,
  evidence: '',
};

async function caseOf(where: { taskId?: number; chainId?: number; kind?: string }) {
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT id FROM escalation WHERE state = 'OPEN' AND (task_id = $1 OR chain_id = $2 OR kind = $3) ORDER BY id DESC LIMIT 1`,
    [where.taskId ?? null, where.chainId ?? null, where.kind ?? null],
  );
  return await readEscalation(db, f.timing, rows[0]?.id as number);
}
async function answer(view: { id: number; digest: string }, to: Answer) {
  await decide(db, { id: view.id, digest: view.digest, answer: to, note: 'Because', undoMs: 0 }, ceo);
  await settleDecisions(db, f.publisher);
}

/** Runs a chain until its reviewer of `stage` has rejected three times. */
async function rejectedAt(stage: Stage, stages: Stage[]) {
  const { taskIds } = await f.create([work(`Rejected at ${stage}`, { plan: plan(stages) })]);
  const chain = await f.chainOf(taskIds[0] as number);
  for (;;) {
    const live = await f.live(chain.id);
    if (!live) break;
    await f.run(live.id, live.stage === stage ? { verdict: 'reject', findings: [finding] } : {});
  }
  return { root: taskIds[0] as number, chainId: chain.id, view: await caseOf({ chainId: chain.id }) };
}

describe('what a button says is what happens', () => {
  it.each<{ at: Stage; stages: Stage[]; opens: Stage; says: string }>([
    { at: 'REVIEW', stages: ['BUILD', 'REVIEW', 'SECURITY'], opens: 'SECURITY', says: 'goes on to SECURITY' },
    { at: 'SECURITY', stages: ['BUILD', 'REVIEW', 'SECURITY'], opens: 'SECURITY', says: 'runs once more' },
    { at: 'REVIEW', stages: ['BUILD', 'REVIEW', 'DOCS'], opens: 'REVIEW', says: 'runs once more' },
  ])('rejects at $at of $stages: approving opens $opens', async ({ at, stages, opens, says }) => {
    const { chainId, view } = await rejectedAt(at, stages);
    expect(view).toMatchObject({ kind: 'rejects', next: { stage: opens } });
    expect(view.consequences.approve).toContain(says);
    expect(view.findings.map((x) => x.title)).toEqual([finding.title]);
    expect(view.suggestedReasons[0]).toBe(finding.title);
    await answer(view, 'approve');
    expect((await f.live(chainId)).stage).toBe(opens);
  });

  it('rejects: sending back opens BUILD with the note, rejecting ends the chain', async () => {
    const back = await rejectedAt('REVIEW', ['BUILD', 'REVIEW']);
    expect(back.view.consequences.send_back).toContain('Back to BUILD');
    await answer(back.view, 'send_back');
    expect(await f.live(back.chainId)).toMatchObject({ stage: 'BUILD', feedback: 'Because' });
    expect((await f.chainOf(back.root)).rejects).toBe(0);
    const gone = await rejectedAt('REVIEW', ['BUILD', 'REVIEW']);
    await answer(gone.view, 'reject');
    expect((await f.chainOf(gone.root)).state).toBe('CANCELLED');
  });

  it('safety, stopped and quality: the same task runs next, and what it blocks is named', async () => {
    const held = route({ held: { pattern: 'regulated', reason: 'A regulated service.' } });
    const first = (await f.create([work('Held', { route: held }), work('After', { dependsOn: [0] })]))
      .taskIds;
    const safety = await caseOf({ taskId: first[0] as number });
    expect(safety.next?.stage).toBe('BUILD');
    expect(safety.consequences.reject).toContain(`#${first[1]} keeps waiting`);
    await answer(safety, 'approve');
    expect(await f.task(first[0] as number)).toMatchObject({ status: 'QUEUED', stage: 'BUILD' });

    const stoppedId = (await f.create([work('Stopped')])).taskIds[0] as number;
    await f.take(stoppedId);
    await transaction(db, (q) => stopTask(q, stoppedId, ceo, 'too slow'));
    const stopped = await caseOf({ taskId: stoppedId });
    expect(stopped).toMatchObject({ kind: 'stopped', askedBy: { attempt: 1 } });
    await answer(stopped, 'reject');
    expect((await f.task(stoppedId)).status).toBe('FAILED');
    expect((await f.chainOf(stoppedId)).state).toBe('CANCELLED');

    const lowId = (await f.create([work('Below')])).taskIds[0] as number;
    for (let i = 0; i < 3; i++)
      await endAttempt(db, f.publisher, await f.take(lowId), {
        kind: 'failed',
        cause: 'gate',
        code: 'LIMIT_REACHED',
        message: 'gate tests failed three times',
      });
    const quality = await caseOf({ taskId: lowId });
    expect(quality).toMatchObject({ kind: 'quality', next: { stage: 'BUILD' } });
    await answer(quality, 'send_back');
    expect(await f.task(lowId)).toMatchObject({ status: 'QUEUED', feedback: 'Because', failed_attempts: 0 });
  });

  it('effect: the outcome is written as the human says it is', async () => {
    for (const [said, state] of [
      ['approve', 'DONE'],
      ['reject', 'ABANDONED'],
    ] as const) {
      const taskId = (await f.create([work('Push', { plan: plan(['BUILD']) })])).taskIds[0] as number;
      const a = await f.take(taskId);
      const effect = await planIntegration(db, a, { oldSha: 'a', newSha: `b-${said}`, branch: 'main' });
      const effectId = effect?.effectId ?? 0;
      const ask = { kind: 'effect' as const, taskId: null, effectId, actor: ceo };
      await transaction(db, (q) => askHuman(q, { ...ask, question: 'Was it pushed?', why: 'Nobody knows.' }));
      await answer(await caseOf({ kind: 'effect' }), said);
      const { rows } = await db.pool.query('SELECT state FROM effect WHERE id = $1', [effectId]);
      expect(rows).toEqual([{ state }]);
    }
    expect(await invariants(db.pool, false)).toEqual([]);
  });
});
