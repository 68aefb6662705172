import type { AttemptOutcome, ShortOf } from '#server/domain/attempt.ts';
import { localProviders } from '#server/domain/providers.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { type Db, type Queryable, toText, transaction } from '#server/platform/db.ts';
import { askAboutAccount } from './account-question.ts';
import { askHuman } from './escalation.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import { type AfterFailure, afterFailure, afterLoss, MAX_MODEL_LOSSES } from './failure-policy.ts';
import { holdLetDown } from './let-down.ts';
import { awaitAnswer, forgetSteps } from './memory.ts';
import { move } from './move.ts';
import { type Delivery, type Publisher, publishDeliveries, requeueTasks } from './outbox.ts';
import { askForAll, askForTask } from './short-of-money.ts';
import { holdSuspect } from './suspect.ts';
import { triesOf, triesText } from './tries.ts';
import { holdBack } from './wait.ts';

type Ended = Exclude<AttemptOutcome, { kind: 'done' }>;
interface TaskRow {
  id: number;
  title: string;
  tier: number;
  failed_attempts: number;
  infra_losses: number;
  route: Route;
  pipeline_id: number;
}

/** The step that ran goes back to PENDING: its work in progress is on the branch, its result is not. */
export async function rewindSteps(q: Queryable, taskId: number, actor: Actor): Promise<void> {
  const { rows } = await q.query<{ id: number }>(
    `SELECT id FROM step WHERE task_id = $1 AND state = 'RUNNING'`,
    [taskId],
  );
  for (const s of rows) await move(q, { machine: 'step', id: s.id, from: 'RUNNING', to: 'PENDING', actor });
}

/** The last two attempts of this generation failed and left the files as they were: more of the same helps nothing. */
async function changedNothingTwice(q: Queryable, taskId: number): Promise<boolean> {
  const { rows } = await q.query<{ idle: boolean }>(
    `SELECT state = 'FAILED' AND changed IS FALSE idle FROM attempt a JOIN task t ON t.id = a.task_id AND t.generation = a.generation
     WHERE a.task_id = $1 AND t.stage IS DISTINCT FROM 'REVIEW' AND t.stage IS DISTINCT FROM 'SECURITY' ORDER BY a.id DESC LIMIT 2`,
    [taskId],
  );
  return rows.length === 2 && rows.every((a) => a.idle);
}

/**
 * The last attempts at this tier all ended at their model's server, which answers others: a host's own model is asked by its worker after
 * each of them; a service is only asked whether it is there, so somebody else's answer has to show it.
 */
async function lostToItsModel(q: Queryable, taskId: number): Promise<boolean> {
  const { rows } = await q.query<{ lost: boolean; at: Date }>(
    `SELECT a.error_code LIKE 'MODEL\\_%' AND a.state = 'FAILED' lost, a.started_at "at" FROM attempt a
       JOIN task t ON t.id = a.task_id AND t.generation = a.generation AND t.tier = a.tier
     -- One that met an open breaker says nothing of its own calls.
     WHERE a.task_id = $1 AND a.error_code IS DISTINCT FROM 'MODEL_PAUSED' ORDER BY a.id DESC LIMIT $2`,
    [taskId, MAX_MODEL_LOSSES],
  );
  const first = rows.at(-1);
  if (!first || rows.length < MAX_MODEL_LOSSES || !rows.every((a) => a.lost)) return false;
  const others = await q.query(
    `SELECT FROM task t CROSS JOIN LATERAL jsonb_array_elements(t.route->'choices') c(v)
     WHERE t.id = $1 AND (c.v->>'tier')::int = t.tier AND (c.v->>'provider' = ANY($2) OR EXISTS (
       SELECT FROM call o WHERE o.at > $3 AND o.ok AND o.task_id <> t.id AND o.model = c.v->>'model'))`,
    [taskId, localProviders, first.at],
  );
  return others.rowCount !== 0;
}

/** What follows an attempt that did not finish its task: again, a tier up, or the human. In the caller's transaction. */
export async function afterAttempt(
  q: Queryable,
  taskId: number,
  what: 'failed' | 'lost',
  message: string,
  /** It was a gate that refused the work, and not the work that could not be done. */
  belowTheBar = false,
): Promise<Delivery[]> {
  const t = (
    await q.query<TaskRow>(
      'SELECT id, title, tier, failed_attempts, infra_losses, route, pipeline_id FROM task WHERE id = $1 FOR UPDATE',
      [taskId],
    )
  ).rows[0] as TaskRow;
  const noDiffTwice = what === 'failed' && (await changedNothingTwice(q, taskId));
  const facts = {
    noDiffTwice,
    tier: t.tier,
    failedAttempts: t.failed_attempts,
    infraLosses: t.infra_losses,
    route: t.route,
  };
  const dropped = what === 'lost' && (await lostToItsModel(q, taskId));
  const next: AfterFailure = dropped
    ? afterFailure(
        facts,
        `Its model answered none of the last ${MAX_MODEL_LOSSES} attempts, but answers others. ${message}`,
      )
    : what === 'lost'
      ? afterLoss(facts, message)
      : afterFailure(facts, message);
  await q.query(
    'UPDATE task SET failed_attempts = $2, infra_losses = $3, tier = $4, feedback = CASE WHEN $6 THEN $5 ELSE feedback END WHERE id = $1',
    [
      taskId,
      next.failedAttempts,
      next.infraLosses,
      next.kind === 'again' ? next.tier : t.tier,
      message.slice(0, 8_000),
      what === 'failed',
    ],
  );
  if (next.kind === 'again' && next.tier !== t.tier)
    await tellTier(q, taskId, t.tier, next.tier, message.slice(0, 2_000));
  if (next.kind === 'again') return await requeueTasks(q, [taskId], ENGINE, next.because);
  const tries = await triesOf(q, taskId);
  const told = triesText(tries, next.failedAttempts);
  await askHuman(q, {
    kind: belowTheBar ? 'quality' : 'retries',
    taskId,
    from: ['RUNNING'],
    actor: ENGINE,
    question: belowTheBar
      ? `"${t.title}" stays below the bar after ${next.failedAttempts} tries. What now?`
      : next.failedAttempts > t.failed_attempts
        ? `"${t.title}" failed ${next.failedAttempts} ${next.failedAttempts === 1 ? 'time' : 'times'}${told ? ` in ${tries.tried} tries` : ''}. What now?`
        : `"${t.title}" cannot be worked on. What now?`,
    why: told ? `${told} ${next.because}` : next.because,
  });
  return [];
}

/** The move to a stronger tier is no move of the state machine, and the log has to know it all the same. */
export async function tellTier(
  q: Queryable,
  taskId: number,
  from: number,
  tier: number,
  reason = '',
): Promise<void> {
  const { rows } = await q.query<{ ver: number; project_id: string | null; pipeline_id: number }>(
    'UPDATE task SET ver = ver + 1 WHERE id = $1 RETURNING ver, project_id, pipeline_id',
    [taskId],
  );
  const t = rows[0];
  if (!t) return;
  const where = { projectId: t.project_id, pipelineId: t.pipeline_id, taskId };
  await appendEvents(q, [
    {
      type: 'task.tier',
      entity: 'task',
      id: taskId,
      ver: t.ver,
      actor: ENGINE,
      reason,
      ...where,
      data: { from, tier },
    },
  ]);
}

/** A call was not allowed: the task's own budget asks for it; a budget of many lets it wait in the queue, and asks once. */
async function afterShortage(
  q: Queryable,
  attemptId: number,
  taskId: number,
  short: ShortOf,
  because: string,
): Promise<Delivery[]> {
  // It begins again after a raise: what is offered has to reach for that too.
  const ticket = await q.query<{ eur: number }>(
    'SELECT forecast_eur::float8 eur FROM ticket WHERE task_id = $1 ORDER BY made_at DESC LIMIT 1',
    [taskId],
  );
  const needs = Math.max(short.needs, ticket.rows[0]?.eur ?? 0);
  if (short.ask && short.narrow) {
    const asked = await askForTask(q, {
      taskId,
      from: ['RUNNING'],
      use: short.use,
      needs,
      because,
    });
    if (asked !== null) await awaitAnswer(q, attemptId, asked);
    return [];
  }
  if (short.ask) await askForAll(q, short.use, needs, because);
  const deliveries = await requeueTasks(q, [taskId], ENGINE, because);
  for (const d of deliveries)
    await holdBack(
      q,
      { id: d.taskId, dispatch: d.dispatch },
      { for: 'budget', why: because, forMs: short.ask ? ASKED_MS : PROMISED_MS },
    );
  return deliveries;
}
/** Each look is an attempt that begins: what running work gives back may be enough. */
const PROMISED_MS = 60_000;
/** A raise lets it go on at once; a new day is noticed within this. */
const ASKED_MS = 3_600_000;

/**
 * Only a person can mend a key or fill an account: a higher tier that can be asked takes the work, or he is asked at once, and no try is
 * burned. Of an empty account he is asked once, however much work meets it: the rest waits for his answer.
 */
async function afterRefusal(
  q: Queryable,
  taskId: number,
  kind: 'key' | 'quota',
  message: string,
): Promise<Delivery[]> {
  const { rows } = await q.query<{
    id: number;
    title: string;
    tier: number;
    route: Route;
    above: number | null;
  }>(
    `SELECT t.id, t.title, t.tier, t.route, (SELECT min((c.v->>'tier')::int) FROM jsonb_array_elements(t.route->'choices') c(v)
       WHERE c.v->>'host' IS NOT NULL AND (c.v->>'tier')::int > t.tier AND alai_available(c.v)) above
     FROM task t WHERE id = $1 FOR UPDATE`,
    [taskId],
  );
  const [t] = rows;
  if (!t) return [];
  if (t.above !== null) {
    await q.query('UPDATE task SET tier = $2 WHERE id = $1', [taskId, t.above]);
    await tellTier(q, taskId, t.tier, t.above, message.slice(0, 2_000));
    return await requeueTasks(q, [taskId], ENGINE, `${message} Tier ${t.tier} to tier ${t.above}.`);
  }
  if (await askAboutAccount(q, t, kind, message)) return [];
  const deliveries = await requeueTasks(
    q,
    [taskId],
    ENGINE,
    `${message} A person is asked about it already.`,
  );
  for (const d of deliveries)
    await holdBack(
      q,
      { id: d.taskId, dispatch: d.dispatch },
      // The answer lets it be asked again at once; a question that was withdrawn does not.
      { for: 'model', why: `Waits for the answer about an empty account: ${message}`, forMs: ASKED_ONCE_MS },
    );
  return deliveries;
}
const ASKED_ONCE_MS = 5 * 60_000;

/** What a waiting attempt asks, and why it is the human's. */
const asks = {
  asked: { kind: 'question', why: 'The agent cannot go on without an answer.' },
  permission: { kind: 'permission', why: 'No agent does this without your word, whatever its task says.' },
  consent: {
    kind: 'consent',
    why: 'This machine has no OS sandbox, so commands of agents would run with your rights.',
  },
} as const;

const endings = {
  failed: { to: 'FAILED', from: ['LEASED', 'RUNNING'] },
  infra: { to: 'FAILED', from: ['LEASED', 'RUNNING'] },
  yielded: { to: 'YIELDED', from: ['RUNNING'] },
} as const;

/**
 * Ends an attempt that is not done, by its worker. `stale` when its lease is gone: somebody else decided already.
 * `aborted` outcomes are never reported: whoever aborted them has written the ending.
 */
export async function endAttempt(
  db: Db,
  publisher: Publisher,
  /** `pauseMs`: how long a task waits first whose calls alone its model does not answer. */
  a: { attemptId: number; fence: number; host: string; pauseMs?: number },
  outcome: Exclude<Ended, { kind: 'aborted' }>,
): Promise<'ok' | 'stale'> {
  const done = await transaction(db, async (q) => {
    const live = await q.query<{ task_id: number; pipeline_id: number; title: string }>(
      `SELECT a.task_id, t.pipeline_id, t.title FROM attempt a JOIN task t ON t.id = a.task_id
       WHERE a.id = $1 AND a.fence = $2 AND a.state IN ('LEASED', 'RUNNING') FOR UPDATE OF a`,
      [a.attemptId, a.fence],
    );
    const row = live.rows[0];
    if (!row) return null;
    const worker: Actor = { kind: 'worker', name: a.host };
    const message = toText(
      outcome.kind === 'yielded' ? `${outcome.reason}: ${outcome.question}` : outcome.message,
    );
    const end = endings[outcome.kind];
    await move(q, {
      machine: 'attempt',
      id: a.attemptId,
      from: end.from,
      to: end.to,
      actor: worker,
      reason: message,
      patch: {
        ended_at: { sql: 'clock_timestamp()' },
        error_code: outcome.kind === 'yielded' ? outcome.reason : outcome.code,
        error: message.slice(0, 8_000),
        ...(outcome.kind === 'failed' && outcome.changed !== undefined ? { changed: outcome.changed } : {}),
      },
    });
    await rewindSteps(q, row.task_id, worker);
    let deliveries: Delivery[] = [];
    if (outcome.kind === 'failed') await forgetSteps(q, row.task_id);
    if (outcome.kind === 'failed')
      deliveries = await afterAttempt(q, row.task_id, 'failed', message, outcome.cause === 'gate');
    else if (outcome.kind === 'infra' && outcome.code === 'PROVIDER_KEY')
      deliveries = await afterRefusal(q, row.task_id, 'key', message);
    else if (outcome.kind === 'infra' && outcome.code === 'PROVIDER_QUOTA')
      deliveries = await afterRefusal(q, row.task_id, 'quota', message);
    else if (outcome.kind === 'infra') {
      deliveries = await afterAttempt(q, row.task_id, 'lost', message);
      const held = { ...a, taskId: row.task_id, code: outcome.code };
      await holdSuspect(q, deliveries, held);
      await holdLetDown(q, deliveries, held);
    } else if (outcome.reason in asks) {
      const { kind, why } = asks[outcome.reason as keyof typeof asks];
      const asked = await askHuman(q, {
        kind,
        taskId: row.task_id,
        from: ['RUNNING'],
        actor: ENGINE,
        question: outcome.question || `"${row.title}" has a question.`,
        why,
      });
      if (asked !== null) await awaitAnswer(q, a.attemptId, asked);
    } else if (outcome.reason === 'budget' && outcome.short)
      deliveries = await afterShortage(q, a.attemptId, row.task_id, outcome.short, message);
    else
      deliveries = await requeueTasks(
        q,
        [row.task_id],
        ENGINE,
        outcome.reason === 'drained' ? 'Its host drains' : 'The factory was stopped',
      );
    await q.query('SELECT alai_derive($1)', [[row.pipeline_id]]);
    return deliveries;
  });
  if (done === null) return 'stale';
  await publishDeliveries(db.pool, publisher, done).catch(() => {});
  return 'ok';
}
