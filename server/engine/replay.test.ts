import { describe, expect, it } from 'vitest';
import { viewAt } from '#server/domain/past.ts';
import { countAt, momentsOf, player, replay } from '#server/domain/replay.ts';
import type { Finding } from '#server/domain/report.ts';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { disagreements, type Snapshot, snapshot, wholeLog } from '#test/replay.ts';
import { cancelTask } from './cancel.ts';
import { createTasks } from './create.ts';
import { readPipeline } from './data/pipeline.ts';
import { decide, settleDecisions, undoDecision } from './decide.ts';
import { editTask } from './edit.ts';
import { escalationDigest } from './escalation.ts';
import { endAttempt } from './failure.ts';
import { finishByHand } from './finish.ts';
import { publishDeliveries } from './outbox.ts';
import { setProject } from './project.ts';
import { reopenTask } from './reopen.ts';
import { sendBack } from './send-back.ts';
import { loseAttempts, sweep } from './sweep.ts';

const { db } = await testDatabase();
const f = await testFactory(db, { slots: 200 });

/** The same walk for the same seed. */
function dice(seed: number): (sides: number) => number {
  let s = seed;
  return (sides) => {
    s = (Math.imul(s, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((s / 2 ** 32) * sides);
  };
}
const finding = (title: string): Finding => ({
  severity: 'major',
  title,
  detail: '',
  file: null,
  line: null,
  evidence: '',
});
const rows = async <T>(sql: string, values: unknown[]): Promise<T[]> =>
  (await db.pool.query(sql, values)).rows as T[];

/** One thing that may happen to a pipeline; what the engine refuses has not happened. */
async function happen(pipelineId: number, roll: (sides: number) => number): Promise<void> {
  const live = await rows<{ id: number; status: string; ver: number; chain_id: number | null }>(
    `SELECT id, status, ver, chain_id FROM task WHERE pipeline_id = $1 AND status IN ('OPEN', 'QUEUED', 'NEEDS_HUMAN') ORDER BY id`,
    [pipelineId],
  );
  const queued = live.filter((t) => t.status === 'QUEUED');
  const any = live[roll(Math.max(1, live.length))];
  const ready = queued[roll(Math.max(1, queued.length))];
  const asked = await rows<{ id: number }>(
    `SELECT id FROM escalation WHERE pipeline_id = $1 AND state = 'OPEN' ORDER BY id`,
    [pipelineId],
  );
  const what = roll(20);
  if (what < 9 && ready) {
    const end = roll(10);
    if (end < 6) await f.run(ready.id, roll(4) === 0 ? { findings: [finding('Also this')] } : {});
    else if (end < 8)
      await f.run(ready.id, { verdict: 'reject', findings: [finding('Wrong'), finding('Worse')] });
    else {
      const a = await f.take(ready.id);
      const failed = {
        kind: 'failed',
        cause: 'gate',
        code: 'LIMIT_REACHED',
        message: 'the tests fail',
      } as const;
      if (end === 8) await endAttempt(db, f.publisher, a, failed);
      else await transaction(db, (q) => loseAttempts(q, [a.attemptId], 'LOST', 'not heard of'));
    }
  } else if (what < 13 && asked[0]) {
    const digest = (await escalationDigest(db.pool, asked[0].id)) as string;
    const answer = (['approve', 'send_back', 'reject'] as const)[roll(3)] ?? 'approve';
    const undoMs = roll(3) === 0 ? 60_000 : 0;
    await decide(db, { id: asked[0].id, answer, digest, note: 'because', undoMs }, ceo);
    if (undoMs > 0) await undoDecision(db, asked[0].id, ceo);
    await settleDecisions(db, f.publisher);
  } else if (what === 13) {
    const over = await rows<{ id: number }>(
      `SELECT id FROM task WHERE pipeline_id = $1 AND status IN ('DONE', 'FAILED', 'CANCELLED') ORDER BY id`,
      [pipelineId],
    );
    const id = over[roll(Math.max(1, over.length))]?.id;
    if (id) await transaction(db, (q) => reopenTask(q, id, ceo, 'once more'));
  } else if (what === 14 && any) await transaction(db, (q) => cancelTask(q, any.id, ceo, 'not wanted'));
  else if (what === 15 && any) await transaction(db, (q) => finishByHand(q, any.id, ceo, 'I did it'));
  else if (what === 16 && any) {
    const made = { title: `Edited ${any.ver}` };
    const routed = { route: route({ company: 'Vizu', tier: 3 }), plan: plan(['BUILD', 'REVIEW']) };
    await transaction(db, (q) => editTask(q, any.id, any.ver, made, routed, ceo));
  } else if (what === 17 && any) {
    const comments = [{ file: 'a.ts', line: 1, text: 'not like this', quote: 'x' }];
    await transaction(db, async (q) => (await sendBack(q, any.id, comments as never, ceo)).deliveries);
  } else await sweep(db, f.publisher, f.timing);
}

async function walk(seed: number, steps: number): Promise<Snapshot[]> {
  const roll = dice(seed);
  const { pipelineId } = await f.create([
    work('Schema'),
    work('API', { dependsOn: [0] }),
    work('Notes', { plan: null, steps: ['work'] }),
    work('Docs', { plan: plan(['BUILD', 'DOCS']), dependsOn: [1, 2] }),
    work('Payments', { route: route({ held: { pattern: 'money', reason: 'Money.' } }) }),
  ]);
  const seen = [await snapshot(db, [pipelineId])];
  for (let i = 0; i < steps; i++) {
    await happen(pipelineId, roll).catch(() => undefined);
    seen.push(await snapshot(db, [pipelineId]));
  }
  return seen;
}

describe('the log of a pipeline', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'replays walk %i to what the tables said at every step of it',
    async (seed) => {
      const seen = await walk(seed, 45);
      // The walk went somewhere: it must be able to fail.
      expect(new Set(seen.map((s) => s.seq)).size).toBeGreaterThan(15);
      expect(await disagreements(db, seen)).toEqual([]);
    },
    60_000,
  );

  it('draws the present as the page does', async () => {
    const { rows: all } = await db.pool.query<{ id: number }>('SELECT id FROM pipeline ORDER BY id');
    for (const { id } of all) {
      const live = await readPipeline(db, f.timing, id);
      const past = viewAt(live, replay(momentsOf(await wholeLog(db, id))), new Date());
      const nodes = (v: PipelineView) =>
        v.nodes.map((n) => [
          n.id,
          n.title,
          n.chainId,
          n.cycle,
          n.stage,
          n.state,
          n.status.look,
          n.findings,
          n.attempts.length,
        ]);
      expect(nodes(past)).toEqual(nodes(live));
      const edges = (v: PipelineView) => v.edges.map((e) => JSON.stringify(e)).sort();
      expect(edges(past)).toEqual(edges(live));
      expect(past.counts).toEqual(live.counts);
      expect(past.state).toBe(live.state);
    }
  });

  it('plays forwards and backwards to the same states', async () => {
    const { rows: all } = await db.pool.query<{ id: number }>('SELECT id FROM pipeline ORDER BY id LIMIT 2');
    for (const { id } of all) {
      const moments = momentsOf(await wholeLog(db, id));
      const play = player(moments);
      const text = (s: ReturnType<typeof play>) =>
        JSON.stringify(s, (_, v: unknown) => (v instanceof Map ? [...v] : v instanceof Set ? [...v] : v));
      const stops = [0, 3, 9, moments.length, 5, 6, 1, Math.floor(moments.length / 2)];
      expect(stops.map((n) => text(play(n)))).toEqual(stops.map((n) => text(replay(moments, n))));
    }
  });

  it('knows a project that is given later, and what a task by hand let go on', async () => {
    const made = await transaction(db, async (q) => {
      return await createTasks(
        q,
        {
          title: 'Inbox',
          projectId: null,
          works: [work('A'), work('B', { dependsOn: [0] })],
        },
        ceo,
      );
    });
    const seen = [await snapshot(db, [made.pipelineId])];
    await transaction(db, (q) => setProject(q, made.taskIds[0] as number, 'p1', ceo));
    seen.push(await snapshot(db, [made.pipelineId]));
    await publishDeliveries(
      db.pool,
      f.publisher,
      await transaction(db, (q) => finishByHand(q, made.taskIds[1] as number, ceo, 'done')),
    );
    seen.push(await snapshot(db, [made.pipelineId]));
    expect(await disagreements(db, seen)).toEqual([]);
  });

  it('shows what one transaction wrote at once, or not at all', async () => {
    const { pipelineId, taskIds } = await f.create([work('Whole')]);
    await f.run(taskIds[0] as number);
    const moments = momentsOf(await wholeLog(db, pipelineId));
    for (let i = 0; i <= moments.length; i++) {
      const s = replay(moments, i);
      const active = [...s.chains.values()].filter((c) => c.state === 'ACTIVE');
      const lives = active.map((c) =>
        [...s.tasks.values()].filter((t) => t.chainId === c.id && !t.finishedAt),
      );
      expect(lives.map((l) => l.length)).toEqual(active.map(() => 1));
    }
    const first = moments[0]?.at ?? 0;
    expect(countAt(moments, first - 1)).toBe(0);
    expect(countAt(moments, first)).toBeGreaterThan(0);
    expect(countAt(moments, Date.now() + 1_000)).toBe(moments.length);
  });
});
