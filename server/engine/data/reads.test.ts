import { beforeAll, describe, expect, it } from 'vitest';
import { momentsOf, replay } from '#server/domain/replay.ts';
import type { Finding } from '#server/domain/report.ts';
import { boardSchema } from '#server/domain/views/board.ts';
import { pipelineListItemSchema, pipelineViewSchema } from '#server/domain/views/pipeline.ts';
import { stripSchema } from '#server/domain/views/strip.ts';
import { taskViewSchema } from '#server/domain/views/task.ts';
import { readStrip } from '#server/fleet/data.ts';
import { testDatabase } from '#test/database.ts';
import { plan, route, testFactory, work } from '#test/factory.ts';
import { wholeLog } from '#test/replay.ts';
import { ENGINE } from '../event.ts';
import { relaneTasks } from '../outbox.ts';
import { readBoard } from './board.ts';
import { readPipeline, readPipelines } from './pipeline.ts';
import { listTasks, nextTask, readTask } from './task.ts';
import { readTimeline } from './timeline.ts';

const { db } = await testDatabase();
const finding: Finding = {
  severity: 'major',
  title: 'No rate limit',
  detail: '',
  file: 'a.js',
  line: 3,
  evidence: '',
};

describe('what pages show of a busy factory', () => {
  let factory: Awaited<ReturnType<typeof testFactory>>;
  let ids: number[];
  let pipelineId: number;
  const board = async () => boardSchema.parse(await readBoard(db, factory.timing));
  const card = async (i: number) => (await board()).cards.find((c) => c.taskId === ids[i]);

  beforeAll(async () => {
    factory = await testFactory(db);
    const made = await factory.create([
      work('Scaffold'),
      work('Schema', { dependsOn: [0] }),
      work('Go-live', { route: route({ held: { pattern: 'regulated', reason: 'A regulated service.' } }) }),
      work('Docs', { plan: plan(['BUILD', 'REVIEW', 'SECURITY', 'DOCS']) }),
    ]);
    ids = made.taskIds;
    pipelineId = made.pipelineId;
  });

  it('puts each chain into the column where it stands, and says why it waits', async () => {
    expect((await card(0))?.column).toBe('queued');
    expect((await card(0))?.waits).toMatch(/^Waits for (ANVIL|FORGE) · /);
    expect((await card(1))?.waits).toBe(`Waits for #${ids[0]} to merge`);
    expect(await card(2)).toMatchObject({
      column: 'needs-you',
      status: { look: 'yours', word: 'Approve first' },
    });
    expect((await card(3))?.dots.map((d) => d.look)).toEqual([
      'queued',
      'queued',
      'queued',
      'none',
      'queued',
    ]);
  });

  it('counts a wait from when the work became ready, also after it was given to another host', async () => {
    const id = ids[0] as number;
    const ready = new Date(Date.now() - 3_600_000);
    await db.pool.query('UPDATE task SET waiting_since = $2, queued_at = $2 WHERE id = $1', [id, ready]);
    const before = await factory.task(id);
    await relaneTasks(db.pool, [id], ENGINE, 'The other one', before.host === 'FORGE' ? 'ANVIL' : 'FORGE');
    expect((await factory.task(id)).host).not.toBe(before.host);
    const [task] = await listTasks(db, factory.timing, { q: `#${id}`, limit: 1 });
    expect([(await card(0))?.status.since, task?.status.since]).toEqual([ready, ready]);
    // Played back, the wait begins where it did, and not with the move.
    const told = (await wholeLog(db, pipelineId)).filter((e) => e.entityId === String(id));
    const first = told.find((e) => e.to === 'QUEUED')?.at;
    expect(told.filter((e) => e.to === 'QUEUED')).toHaveLength(2);
    expect(replay(momentsOf(await wholeLog(db, pipelineId))).tasks.get(id)?.waitingSince).toEqual(first);
  });

  it('draws planned stages and what waits for what', async () => {
    const view = pipelineViewSchema.parse(await readPipeline(db, factory.timing, pipelineId));
    expect(view.nodes.filter((n) => n.planned)).toHaveLength(2 + 2 + 2 + 3);
    const chain = view.chains.find((c) => c.rootTaskId === ids[0]);
    expect(view.edges).toContainEqual(
      expect.objectContaining({
        from: `g${chain?.id}-SECURITY`,
        to: `t${ids[1]}`,
        kind: 'depends',
        satisfied: false,
      }),
    );
  });

  it('shows a running stage by its lease, and silence when nothing is heard', async () => {
    const attempt = await factory.take(ids[0] as number);
    expect(await card(0)).toMatchObject({ column: 'working', status: { look: 'running', word: 'Building' } });
    await db.pool.query(
      `UPDATE attempt SET last_progress_at = now() - interval '1 hour', heard_at = now() + interval '1 minute' WHERE id = $1`,
      [attempt.attemptId],
    );
    expect((await card(0))?.status).toMatchObject({ look: 'stale', word: 'Silent' });
    const strip = stripSchema.omit({ dayBudgetEur: true }).parse(await readStrip(db, factory.timing));
    expect(strip).toMatchObject({ running: 1, mayBeStuck: 1, needYou: 1, stopped: null, scripted: true });
    expect(strip.hosts.map((h) => h.busy).reduce((a, b) => a + b)).toBe(1);
    // Whose lease is not renewed is not counted as running, though it has not ended yet.
    await db.pool.query(`UPDATE attempt SET heard_at = now() - interval '1 minute' WHERE id = $1`, [
      attempt.attemptId,
    ]);
    expect((await card(0))?.status).toMatchObject({ look: 'stale', word: 'Not heard from' });
    expect(await readStrip(db, factory.timing)).toMatchObject({ running: 0, mayBeStuck: 1 });
    await db.pool.query(`UPDATE attempt SET heard_at = now(), last_progress_at = now() WHERE id = $1`, [
      attempt.attemptId,
    ]);
    expect(taskViewSchema.parse(await readTask(db, factory.timing, ids[0] as number)).commands).toEqual([
      'cancel',
      'stop',
      'send-back',
    ]);
    await db.pool.query(`UPDATE attempt SET state = 'LOST', ended_at = now() WHERE id = $1`, [
      attempt.attemptId,
    ]);
    await db.pool.query(`UPDATE step SET state = 'PENDING' WHERE task_id = $1 AND state = 'RUNNING'`, [
      ids[0],
    ]);
    await db.pool.query(`UPDATE task SET status = 'QUEUED' WHERE id = $1`, [ids[0]]);
  });

  it('draws a reject as a way back that carries its findings', async () => {
    await factory.run(ids[0] as number);
    const chain = await factory.chainOf(ids[0] as number);
    const review = await factory.live(chain.id);
    await factory.run(review.id, { verdict: 'reject', findings: [finding, finding] });
    const view = pipelineViewSchema.parse(await readPipeline(db, factory.timing, pipelineId));
    expect(view.edges).toContainEqual(
      expect.objectContaining({ from: `t${review.id}`, kind: 'reject', label: '2 findings' }),
    );
    expect(view.nodes.find((n) => n.taskId === review.id)?.status).toMatchObject({
      look: 'failed',
      word: 'Rejected',
    });
    const again = await readTask(db, factory.timing, (await factory.live(chain.id)).id);
    expect(again).toMatchObject({ stage: 'BUILD', cycle: 1, rootTaskId: ids[0] });
    expect(again.toMend).toHaveLength(2);
    const lines = await readTimeline(db, review.id);
    expect(lines.map((l) => l.title)).toContain('Rejected');
  });

  it('shows merged work as done, and lets what waited for it start', async () => {
    const chain = await factory.chainOf(ids[0] as number);
    for (let live = await factory.live(chain.id); live; live = await factory.live(chain.id))
      await factory.run(live.id);
    expect(await card(0)).toMatchObject({ column: 'done', status: { look: 'done', word: 'Merged' } });
    expect((await card(1))?.waits).toMatch(/^Waits for (ANVIL|FORGE)/);
    const [item] = await readPipelines(db, 10);
    expect(pipelineListItemSchema.parse(item)).toMatchObject({ id: pipelineId, chains: 4 });
  });

  it('finds tasks by number, by word, by state', async () => {
    const found = await listTasks(db, factory.timing, { q: `#${ids[1]}`, limit: 10 });
    expect(found.map((t) => t.id)).toContain(ids[1]);
    expect((await listTasks(db, factory.timing, { q: 'go-l', limit: 10 })).map((t) => t.title)).toEqual([
      'Go-live',
    ]);
    expect((await listTasks(db, factory.timing, { q: '100%', limit: 10 })).length).toBe(0);
    expect(
      (await listTasks(db, factory.timing, { status: ['NEEDS_HUMAN'], limit: 10 })).map((t) => t.id),
    ).toEqual([ids[2]]);
    expect((await nextTask(db, factory.timing))?.id).toBe(ids[2]);
  });

  it('refuses what does not exist with what to do', async () => {
    await expect(readTask(db, factory.timing, 999_999)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(readPipeline(db, factory.timing, 999_999)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
