import { beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '#server/domain/report.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { decide, settleDecisions } from './decide.ts';
import { escalationDigest } from './escalation.ts';
import { invariants } from './invariants.ts';

const { db } = await testDatabase();
const finding = (severity: Finding['severity'] = 'major'): Finding => ({
  severity,
  title: 'Token stored in plain text',
  detail: '',
  file: 'src/auth.js',
  line: 4,
  evidence: '',
});
let f: Awaited<ReturnType<typeof testFactory>>;
beforeAll(async () => {
  f = await testFactory(db, { slots: 20 });
});

describe('a chain', () => {
  it('goes BUILD, REVIEW, SECURITY, merges, and then OPS and DOCS', async () => {
    const { taskIds, pipelineId } = await f.create([
      work('Scaffold', { plan: plan(['BUILD', 'REVIEW', 'SECURITY', 'OPS', 'DOCS']) }),
    ]);
    const root = taskIds[0] as number;
    const chain = await f.chainOf(root);
    const seen: string[] = [];
    const states: Record<string, string> = {};
    for (let live = await f.live(chain.id); live; live = await f.live(chain.id)) {
      seen.push(live.stage);
      expect(await f.run(live.id)).toBe('ok');
      states[live.stage] = (await f.chainOf(root)).state;
    }
    expect(states.SECURITY).toBe('ACCEPTED');
    expect(seen).toEqual(['BUILD', 'REVIEW', 'SECURITY', 'OPS', 'DOCS']);
    expect((await f.chainOf(root)).state).toBe('FINISHED');
    const p = (await db.pool.query('SELECT state, finished_at FROM pipeline WHERE id = $1', [pipelineId]))
      .rows[0];
    expect(p.state).toBe('DONE');
    expect(await invariants(db.pool)).toEqual([]);
  });

  it('goes back to BUILD with the findings twice; the third reject asks the human', async () => {
    const { taskIds } = await f.create([work('API')]);
    const root = taskIds[0] as number;
    const chain = await f.chainOf(root);
    await f.run(root);
    for (const cycle of [1, 2]) {
      const review = await f.live(chain.id);
      expect(review.stage).toBe('REVIEW');
      await f.run(review.id, { verdict: 'reject', findings: [finding()] });
      const build = await f.live(chain.id);
      expect([build.stage, build.cycle]).toEqual(['BUILD', cycle]);
      const mends = await db.pool.query('SELECT title FROM finding WHERE mend_task_id = $1', [build.id]);
      expect(mends.rows).toHaveLength(1);
      await f.run(build.id);
    }
    const last = await f.live(chain.id);
    await f.run(last.id, { verdict: 'reject', findings: [finding()] });
    expect((await f.chainOf(root)).state).toBe('NEEDS_HUMAN');
    const asked = await db.pool.query(`SELECT kind, state FROM escalation WHERE chain_id = $1`, [chain.id]);
    expect(asked.rows).toEqual([{ kind: 'rejects', state: 'OPEN' }]);
    expect(await invariants(db.pool, false)).toEqual([]);
  });

  it('turns findings of a review that passed into a BUILD task of the same pipeline, after acceptance', async () => {
    const { taskIds, pipelineId } = await f.create([work('Landing page')]);
    const chain = await f.chainOf(taskIds[0] as number);
    await f.run(taskIds[0] as number);
    await f.run((await f.live(chain.id)).id);
    await f.run((await f.live(chain.id)).id, { findings: [finding('minor'), finding('info')] });
    const follow = await db.pool.query(
      `SELECT id, title, stage, status, origin FROM task WHERE pipeline_id = $1 AND origin = 'finding'`,
      [pipelineId],
    );
    expect(follow.rows).toMatchObject([
      { title: 'Fix: Token stored in plain text', stage: 'BUILD', status: 'QUEUED' },
    ]);
  });

  it('wakes the chains that wait for it only when it is accepted', async () => {
    const { taskIds } = await f.create([work('Schema'), work('API', { dependsOn: [0] })]);
    const [schema, api] = taskIds as [number, number];
    const chain = await f.chainOf(schema);
    await f.run(schema);
    await f.run((await f.live(chain.id)).id);
    expect((await f.task(api)).status).toBe('OPEN');
    await f.run((await f.live(chain.id)).id);
    expect((await f.task(api)).status).toBe('QUEUED');
  });

  it('wakes also what named one of its later tasks, once', async () => {
    const { taskIds } = await f.create([work('Schema')]);
    const schema = taskIds[0] as number;
    const chain = await f.chainOf(schema);
    await f.run(schema);
    const review = (await f.live(chain.id)).id;
    const made = await f.create([work('API', { dependsOnTasks: [schema, review] })]);
    const api = made.taskIds[0] as number;
    expect(await f.task(api)).toMatchObject({ status: 'OPEN', unmet: 1 });
    await f.run(review);
    await f.run((await f.live(chain.id)).id);
    expect((await f.task(api)).status).toBe('QUEUED');
  });

  it('goes back to REVIEW when the base moved under its merge, and to BUILD on a conflict', async () => {
    const { taskIds } = await f.create([work('Pricing')]);
    const chain = await f.chainOf(taskIds[0] as number);
    await f.run(taskIds[0] as number);
    await f.run((await f.live(chain.id)).id);
    await f.run((await f.live(chain.id)).id, {
      integration: { result: 'moved', detail: 'main has 2 more commits.', newHead: 'rebased' },
    });
    const review = await f.live(chain.id);
    expect([review.stage, review.cycle, (await f.chainOf(taskIds[0] as number)).head]).toEqual([
      'REVIEW',
      1,
      'rebased',
    ]);
    await f.run(review.id);
    await f.run((await f.live(chain.id)).id, {
      integration: { result: 'conflict', files: ['a.js'], detail: 'both changed it' },
    });
    expect((await f.live(chain.id)).stage).toBe('BUILD');
    expect((await f.chainOf(taskIds[0] as number)).merge_returns).toBe(2);
  });

  it('is approved once: its later stages run without asking again', async () => {
    // As routing makes them: every stage of the plan carries what is held.
    const held = route({ held: { pattern: 'regulated', reason: 'PSD2 is a regulated service.' } });
    const stages = plan().stages.map((s) => ({ ...s, route: held }));
    const { taskIds } = await f.create([work('Approve the PSD2 go-live', { route: held, plan: { stages } })]);
    const root = taskIds[0] as number;
    const chain = await f.chainOf(root);
    const { rows } = await db.pool.query<{ id: number }>('SELECT id FROM escalation WHERE task_id = $1', [
      root,
    ]);
    const id = rows[0]?.id as number;
    const digest = (await escalationDigest(db.pool, id)) as string;
    await decide(db, { id, answer: 'approve', digest, note: '', undoMs: 0 }, ceo);
    await settleDecisions(db, f.publisher);
    await f.run(root);
    expect(await f.live(chain.id)).toMatchObject({ stage: 'REVIEW', status: 'QUEUED' });
    await f.run((await f.live(chain.id)).id);
    await f.run((await f.live(chain.id)).id);
    expect((await f.chainOf(root)).state).toBe('FINISHED');
  });

  it('takes findings and reports whatever characters are in them, and refuses nobody else for them', async () => {
    const { taskIds } = await f.create([work('Odd'), work('Plain')]);
    const [odd, plain] = taskIds as [number, number];
    const half = 'half a rocket \ud83d, a NUL \0, and \\u0000 as text';
    const [a, b] = await Promise.all([f.take(odd), f.take(plain)]);
    const output = { text: half, report: null, findings: [], tree: null };
    const steps = [a, b].map((x) => f.checkpoint({ ...x, commit: 'c', output }));
    expect(await Promise.all(steps)).toEqual(['ok', 'ok']);
    const report = {
      agentType: 'builder',
      company: 'CodeCraft',
      taskSummary: half,
      filesWritten: [],
      keyDecisions: [],
      blockers: [],
      verification: '',
      verdict: null,
      planItems: [],
      criteria: [],
      consulted: [],
    };
    const end = { verdict: 'pass' as const, commit: 'c', integration: null };
    expect(
      await Promise.all([
        f.advance({ ...a, ...end, report, findings: [{ ...finding(), title: half, evidence: half }] }),
        f.advance({ ...b, ...end, report: null, findings: [] }),
      ]),
    ).toEqual(['ok', 'ok']);
    const { rows } = await db.pool.query('SELECT title FROM finding WHERE task_id = $1', [odd]);
    expect(rows[0].title).toBe('half a rocket \ufffd, a NUL \ufffd, and \\u0000 as text');
  });

  it('that nobody reviews merges again from where it merged when the base moved', async () => {
    const { taskIds } = await f.create([work('Typo', { plan: plan(['BUILD']) })]);
    const chain = await f.chainOf(taskIds[0] as number);
    await f.run(taskIds[0] as number, {
      integration: { result: 'moved', detail: 'main has 2 more commits.', newHead: 'rebased' },
    });
    expect(await f.live(chain.id)).toMatchObject({ stage: 'BUILD', cycle: 1, status: 'QUEUED' });
  });

  it('is refused with the number of a parent that does not exist, and nothing is written', async () => {
    const count = async () => (await db.pool.query('SELECT count(*) n FROM pipeline')).rows[0].n;
    const before = await count();
    await expect(f.create([work('Child', { parentId: 999_999 })])).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await count()).toBe(before);
  });
});
