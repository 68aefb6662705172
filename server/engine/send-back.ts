import { AlaiError } from '#server/domain/errors.ts';
import { type ChainPlan, stageOf } from '#server/domain/plan.ts';
import { isLiveTask, liveTaskStatuses } from '#server/domain/status.ts';
import type { LineComment, SentBack } from '#server/domain/views/send-back.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { endLiveAttempt } from './cancel.ts';
import { type ChainRow, lockChain } from './chain.ts';
import { createTasks } from './create.ts';
import { withdrawEscalations } from './escalation.ts';
import type { Actor } from './event.ts';
import { move } from './move.ts';
import type { Delivery } from './outbox.ts';
import { openStage } from './stage.ts';
import { liveTask, lockTask, type TaskRow } from './task.ts';

/**
 * A human's remarks on a change become findings of a BUILD: of the chain's next cycle, or of a follow-up when the work is
 * merged already. What the chain was doing meanwhile ends, because it looks at work that will be another.
 */
export async function sendBack(
  q: Queryable,
  id: number,
  comments: LineComment[],
  actor: Actor,
): Promise<{ made: SentBack; deliveries: Delivery[] }> {
  const t = await lockTask(q, id);
  if (t.chain_id === null)
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `Task #${id} has no stages that could mend it.`,
      'Make a new task that says what should be different.',
    );
  // The stage before its chain, as everybody locks them.
  let live = await liveTask(q, t);
  const chain = await lockChain(q, t.chain_id);
  if (!isLiveTask(live.status)) live = await liveTask(q, t);
  if (chain.state === 'CANCELLED')
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `The chain of #${id} is cancelled.`,
      'Reopen it, with what should be different as the reason.',
    );
  if (!stageOf(chain.plan, 'BUILD'))
    throw new AlaiError(
      'ILLEGAL_TRANSITION',
      `The chain of #${id} has no BUILD that could mend it.`,
      'Make a new task that says what should be different.',
    );
  const findings = await storeComments(q, t, comments);
  const said = `Sent back by ${actor.name}: ${comments.length} comment${comments.length === 1 ? '' : 's'}.`;
  if (chain.state === 'ACCEPTED' || chain.state === 'FINISHED')
    return await followUp(q, chain, t, findings, said, actor);

  await refuseWhileMerging(q, live);
  const head = await endStage(q, chain, live, said, actor);
  await withdrawEscalations(q, { taskId: live.id, chainId: chain.id }, 'Sent back');
  if (chain.state === 'NEEDS_HUMAN')
    await move(q, { machine: 'chain', id: chain.id, from: 'NEEDS_HUMAN', to: 'ACTIVE', actor, reason: said });
  const cycle = chain.cycle + 1;
  // A human looked: what was rejected before him is not counted against the next try.
  await q.query('UPDATE chain SET cycle = $2, rejects = 0, merge_returns = 0, head = $3 WHERE id = $1', [
    chain.id,
    cycle,
    head,
  ]);
  const deliveries = await openStage(q, { ...chain, head }, t, 'BUILD', {
    cycle,
    because: said,
    mendsTask: null,
    head: null,
  });
  const { rows } = await q.query<{ id: number }>(
    `SELECT id FROM task WHERE chain_id = $1 AND stage = 'BUILD' AND cycle = $2`,
    [chain.id, cycle],
  );
  const taskId = (rows[0] as { id: number }).id;
  await giveTo(q, findings, taskId);
  await q.query('SELECT alai_derive($1)', [[chain.pipeline_id]]);
  return { made: { taskId, followUp: false }, deliveries };
}

async function storeComments(q: Queryable, t: TaskRow, comments: LineComment[]): Promise<number[]> {
  const { rows } = await q.query<{ id: number }>(
    `INSERT INTO finding(task_id, chain_id, severity, title, detail, file, line, evidence)
     SELECT $1, $2, 'major', f.title, f.detail, f.file, f.line, f.evidence
     FROM jsonb_to_recordset($3::jsonb) f(title text, detail text, file text, line int, evidence text) RETURNING id`,
    [
      t.id,
      t.chain_id,
      toJson(
        comments.map((c) => ({
          title: (c.text.split('\n')[0] ?? c.text).slice(0, 300),
          detail: c.text,
          file: c.file,
          line: c.line,
          evidence: c.quote,
        })),
      ),
    ],
  );
  return rows.map((r) => r.id);
}

const giveTo = (q: Queryable, findings: number[], taskId: number) =>
  q.query('UPDATE finding SET mend_task_id = $2 WHERE id = ANY($1)', [findings, taskId]);

/** Between the plan of a merge and its end nobody can say yet whether there is something to send back or to follow up. */
async function refuseWhileMerging(q: Queryable, live: TaskRow): Promise<void> {
  const { rowCount } = await q.query(
    `SELECT 1 FROM effect e JOIN attempt a ON a.id = e.attempt_id
     WHERE e.task_id = $1 AND a.generation = $2 AND e.state IN ('PLANNED', 'DONE')`,
    [live.id, live.generation],
  );
  if (rowCount)
    throw new AlaiError(
      'CONFLICT',
      `Task #${live.id} is being merged at this moment.`,
      'Send it back again in a few seconds: it then becomes a follow-up.',
    );
}

/** Ends the live stage and says from which commit the next one starts: nothing that was pushed is lost. */
async function endStage(
  q: Queryable,
  chain: ChainRow,
  live: TaskRow,
  reason: string,
  actor: Actor,
): Promise<string | null> {
  if (!isLiveTask(live.status)) return chain.head;
  await endLiveAttempt(q, live.id, actor, reason);
  await move(q, {
    machine: 'task',
    id: live.id,
    from: liveTaskStatuses,
    to: 'CANCELLED',
    actor,
    reason,
    patch: { finished_at: { sql: 'clock_timestamp()' } },
  });
  if (live.stage !== 'BUILD') return chain.head;
  const { rows } = await q.query<{ commit: string }>(
    `SELECT commit FROM step WHERE task_id = $1 AND generation = $2 AND state = 'DONE' AND commit IS NOT NULL
     ORDER BY iteration DESC, ord DESC LIMIT 1`,
    [live.id, live.generation],
  );
  return rows[0]?.commit ?? chain.head;
}

/** Merged work is not undone by a remark: it is mended by a chain of its own, in the same pipeline. */
async function followUp(
  q: Queryable,
  chain: ChainRow,
  t: TaskRow,
  findings: number[],
  said: string,
  actor: Actor,
): Promise<{ made: SentBack; deliveries: Delivery[] }> {
  const plan: ChainPlan = {
    stages: chain.plan.stages.filter((s) => s.stage !== 'OPS' && s.stage !== 'DOCS'),
  };
  const build = stageOf(plan, 'BUILD') as ChainPlan['stages'][number];
  const root = await q.query<{ title: string; priority: 'M'; tags: string[]; owner: string | null }>(
    'SELECT title, priority, tags, owner FROM task WHERE id = $1',
    [chain.root_task_id],
  );
  const of = root.rows[0] as { title: string; priority: 'M'; tags: string[]; owner: string | null };
  const { taskIds, deliveries } = await createTasks(
    q,
    {
      title: '',
      projectId: t.project_id,
      pipelineId: chain.pipeline_id,
      works: [
        {
          title: `Mend: ${of.title}`.slice(0, 300),
          description: `Mend what ${actor.name} remarked on #${t.id} after it was merged.`,
          priority: of.priority,
          tags: of.tags.filter((tag) => tag !== 'deploy' && tag !== 'docs'),
          owner: of.owner,
          parentId: t.id,
          origin: 'finding',
          route: { ...build.route, held: null, reasons: [said, ...build.route.reasons] },
          plan,
          dependsOn: [],
          dependsOnTasks: [],
          depth: chain.depth + 1,
        },
      ],
    },
    actor,
  );
  const taskId = taskIds[0] as number;
  await giveTo(q, findings, taskId);
  return { made: { taskId, followUp: true }, deliveries };
}
