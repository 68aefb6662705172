import {
  type BudgetScope,
  type BudgetUse,
  budgetName,
  budgetSchema,
  isNarrow,
  WARN_AT,
} from '#server/domain/budget.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { money } from '#server/domain/money.ts';
import { costOf, type Prices, type Where, worstCase } from '#server/domain/prices.ts';
import type { CallRecord, PlannedCall } from '#server/domain/records.ts';
import { type Actor, appendEvents, ENGINE } from '#server/engine/event.ts';
import { recordCall } from '#server/engine/evidence.ts';
import { askForAll, askForTask, withdrawAsked } from '#server/engine/short-of-money.ts';
import { holdBack, lookAgain } from '#server/engine/wait.ts';
import { type Db, type Queryable, toJson, transaction } from '#server/platform/db.ts';
import { readAdmission } from './data.ts';
import { joined, lockUses, promise } from './ledger.ts';
import { type BudgetPlace, forecastAttempt, mayReserve, placesOf, type Verdict } from './policy.ts';

export type Admitted =
  | { result: 'ok' }
  /** The task waits for a person. */
  | { result: 'asked' }
  /** The task stays queued and says why. */
  | { result: 'waits'; why: string }
  | { result: 'stale' };

/** Looked at again after this long, when what is promised to running work is in the way. */
const PROMISED_MS = 15_000;

/**
 * The ticket of one attempt, before it is claimed: forecasts what it will cost and reserves it in every budget it is paid from.
 * Either all of them allow it, or nothing is reserved and the task says what it waits for.
 */
export async function admit(
  db: Db,
  prices: Prices,
  job: { taskId: number; dispatch: number; host: string; loadMs?: number },
): Promise<Admitted> {
  const seen = await readAdmission(db.pool, job.taskId, job.host, prices.count_scripted);
  let forecast: ReturnType<typeof forecastAttempt>;
  try {
    costOf(prices, seen.where, nothing);
    forecast = forecastAttempt(prices, seen.where, seen.limits, seen.history);
  } catch (e) {
    if (!(e instanceof AlaiError) || e.code !== 'PRICE_MISSING') throw e;
    await holdBack(
      db.pool,
      { id: job.taskId, dispatch: job.dispatch },
      { for: 'budget', why: `${e.message} ${e.hint}`, forMs: 60_000 },
    );
    return { result: 'waits', why: e.message };
  }
  const places = placesOf(seen.payer, seen.today);
  return await transaction(db, async (q) => {
    const uses = await lockUses(q, places);
    const verdict = mayReserve(uses, forecast.eur);
    if (!verdict.allowed) return await refuse(q, job, verdict);
    // A ticket that was given back before a claim is taken out again: the same dispatch still waits to be claimed.
    const { rowCount } = await q.query(
      `INSERT INTO ticket(task_id, dispatch, forecast_eur, forecast_ms, forecast_from, reserved_eur, uses, load_ms)
       SELECT t.id, $2, $3, $4, $5, $3, $6, $7 FROM task t WHERE t.id = $1 AND t.dispatch = $2 AND t.status = 'QUEUED'
       ON CONFLICT (task_id, dispatch) DO UPDATE SET forecast_eur = excluded.forecast_eur, forecast_ms = excluded.forecast_ms,
         forecast_from = excluded.forecast_from, reserved_eur = excluded.reserved_eur, uses = excluded.uses, load_ms = excluded.load_ms,
         made_at = clock_timestamp(), closed_at = NULL
       WHERE ticket.closed_at IS NOT NULL AND ticket.attempt_id IS NULL`,
      [
        job.taskId,
        job.dispatch,
        forecast.eur,
        forecast.ms === null ? null : Math.round(forecast.ms),
        forecast.from,
        toJson(places),
        Math.round(job.loadMs ?? 0),
      ],
    );
    if (!rowCount) return { result: 'stale' as const };
    await promise(q, places, forecast.eur);
    return { result: 'ok' as const };
  });
}

const nothing = { tokensIn: 0, tokensOut: 0, tokensCacheRead: 0, tokensCacheWrite: 0, ms: 0 };

async function refuse(
  q: Queryable,
  job: { taskId: number; dispatch: number },
  v: Extract<Verdict, { allowed: false }>,
): Promise<Admitted> {
  const task = { id: job.taskId, dispatch: job.dispatch };
  if (v.ask && v.narrow) {
    const asked = await askForTask(q, {
      taskId: job.taskId,
      from: ['QUEUED'],
      use: v.use,
      needs: v.needs,
      because: v.because,
    });
    return asked === null ? { result: 'stale' } : { result: 'asked' };
  }
  if (v.ask) await askForAll(q, v.use, v.needs, v.because);
  // Looked at again when the budget is raised, or its period is over.
  await holdBack(q, task, { for: 'budget', why: v.because, forMs: v.ask ? untilNextPeriod : PROMISED_MS });
  return { result: 'waits', why: v.because };
}
/** An hour: a new day is noticed within it, and a raise at once. */
const untilNextPeriod = 3_600_000;

/** The ticket belongs to this attempt from now on; it is closed with it. Throws LEASE_LOST when it went back meanwhile. */
export async function bindTicket(
  q: Queryable,
  t: { taskId: number; dispatch: number; attemptId: number },
): Promise<void> {
  const { rowCount } = await q.query(
    'UPDATE ticket SET attempt_id = $3 WHERE task_id = $1 AND dispatch = $2 AND closed_at IS NULL',
    [t.taskId, t.dispatch, t.attemptId],
  );
  if (!rowCount) throw noTicket(t.attemptId);
}

/** Without a promise nothing is spent: the attempt ended, or its claim came too late. */
const noTicket = (attemptId: number) =>
  new AlaiError(
    'LEASE_LOST',
    `No money is promised to attempt ${attemptId} any more.`,
    'It ends here; its task goes on with another attempt.',
  );

/** The task was not claimed after all: what was promised is given back. */
export async function returnTicket(q: Queryable, t: { taskId: number; dispatch: number }): Promise<void> {
  await q.query(
    'SELECT close_ticket($1, $2) FROM ticket WHERE task_id = $1 AND dispatch = $2 AND attempt_id IS NULL',
    [t.taskId, t.dispatch],
  );
}

/** Tickets whose worker died between the promise and the claim. Run by the sweep. */
export async function returnForgotten(db: Db, olderThanMs: number): Promise<number> {
  const { rows } = await db.pool.query(
    `SELECT close_ticket(task_id, dispatch) FROM ticket
     WHERE closed_at IS NULL AND attempt_id IS NULL AND made_at < clock_timestamp() - make_interval(secs => $1 / 1000.0)`,
    [olderThanMs],
  );
  return rows.length;
}

interface OpenTicket {
  task_id: number;
  dispatch: number;
  reserved: number;
  uses: BudgetPlace[];
  host: string;
  /** What answers there are scripts: a call that failed could not say so of itself. */
  rehearsed: boolean;
}

async function ticketOf(q: Queryable, attemptId: number, lock: boolean): Promise<OpenTicket | null> {
  const { rows } = await q.query<OpenTicket>(
    `SELECT k.task_id, k.dispatch, k.reserved_eur::float8 reserved, k.uses, a.host,
       (a.scripted OR coalesce(h.scripted, false) OR coalesce(p.is_sample, false)) rehearsed
     FROM ticket k JOIN attempt a ON a.id = k.attempt_id JOIN task t ON t.id = k.task_id
       LEFT JOIN host h ON h.name = a.host LEFT JOIN project p ON p.id = t.project_id
     WHERE k.attempt_id = $1 AND k.closed_at IS NULL ${lock ? 'FOR UPDATE OF k' : ''}`,
    [attemptId],
  );
  return rows[0] ?? null;
}

/**
 * Before a call: makes sure that the most it can cost is promised to the attempt. Throws BUDGET_EXCEEDED, with the budget that does
 * not allow it, before anything is spent. Many workers at once never promise more than there is.
 */
export async function reserveCall(
  db: Db,
  prices: Prices,
  attemptId: number,
  call: PlannedCall,
): Promise<void> {
  const ticket = await ticketOf(db.pool, attemptId, false);
  if (!ticket) throw noTicket(attemptId);
  const where = { ...call, host: ticket.host };
  // Time is paid for once: what is planned holds all of it.
  const before = call.used ? costOf(prices, where, { ...call.used, ms: 0 }).eur : 0;
  const most = before + worstCase(prices, where, call);
  if (most <= ticket.reserved) return;
  await transaction(db, async (q) => {
    const uses = await lockUses(q, ticket.uses);
    const now = await ticketOf(q, attemptId, true);
    if (!now) throw noTicket(attemptId);
    const more = most - now.reserved;
    if (more <= 0) return;
    // What this attempt holds already does not come back by waiting: all of the call is asked for.
    const others = uses.map((u) => ({ ...u, reserved: Math.max(0, u.reserved - now.reserved) }));
    const verdict = mayReserve(others, most);
    if (!verdict.allowed)
      throw new AlaiError('BUDGET_EXCEEDED', verdict.because, 'Raise the budget, or let the task end here.', {
        use: verdict.use,
        needs: most,
        ask: verdict.ask,
        narrow: isNarrow(verdict.use.scope),
      });
    await promise(q, ticket.uses, more);
    await q.query('UPDATE ticket SET reserved_eur = reserved_eur + $3 WHERE task_id = $1 AND dispatch = $2', [
      ticket.task_id,
      ticket.dispatch,
      more,
    ]);
  });
}

/** What of a call its price follows from. */
export type PricedCall = Pick<
  CallRecord,
  | 'provider'
  | 'model'
  | 'tokensIn'
  | 'tokensOut'
  | 'tokensCacheRead'
  | 'tokensCacheWrite'
  | 'tokensThinking'
  | 'ms'
  | 'scripted'
>;

/** What a call cost. Scripted answers cost nothing, unless prices.yaml counts them. */
export function priceOf(prices: Prices, host: string, c: PricedCall): { eur: number; gpuMs: number } {
  const where: Where = { provider: c.provider, model: c.model, host };
  const { eur, gpuMs } = costOf(prices, where, c);
  return c.scripted && !prices.count_scripted ? { eur: 0, gpuMs: 0 } : { eur, gpuMs };
}

/** One call that ended: stored with what it cost, taken from what was promised, and counted in every budget, all or nothing. */
export async function spend(
  db: Db,
  prices: Prices,
  held: { attemptId: number; fence: number },
  call: CallRecord,
): Promise<void> {
  const ticket = await ticketOf(db.pool, held.attemptId, false);
  const c = !call.ok && ticket?.rehearsed ? { ...call, scripted: true } : call;
  const cost = priceOf(prices, ticket?.host ?? '', c);
  if (!ticket || cost.eur === 0) return await recordCall(db.pool, held, c, cost);
  await transaction(db, async (q) => {
    const uses = await lockUses(q, ticket.uses);
    const now = await ticketOf(q, held.attemptId, true);
    await recordCall(q, held, c, cost);
    const freed = Math.min(now?.reserved ?? 0, cost.eur);
    await q.query(
      `UPDATE budget_use b SET spent_eur = b.spent_eur + $2, reserved_eur = greatest(0, b.reserved_eur - $3)
       FROM (SELECT b.scope, b.key, b.period FROM ${joined}) l WHERE b.scope = l.scope AND b.key = l.key AND b.period = l.period`,
      [toJson(ticket.uses), cost.eur, freed],
    );
    if (now)
      await q.query(
        'UPDATE ticket SET reserved_eur = greatest(0, reserved_eur - $3) WHERE task_id = $1 AND dispatch = $2',
        [ticket.task_id, ticket.dispatch, cost.eur],
      );
    await warn(
      q,
      ticket.task_id,
      uses.filter((u) => u.spent + cost.eur >= u.limit * WARN_AT),
    );
  });
}

/** Once for each budget and period: most of it is gone. */
async function warn(q: Queryable, taskId: number, uses: BudgetUse[]): Promise<void> {
  for (const u of uses) {
    const { rowCount } = await q.query(
      `UPDATE budget_use SET warned_at = clock_timestamp() WHERE scope = $1 AND key = $2 AND period = $3 AND warned_at IS NULL`,
      [u.scope, u.key, u.period],
    );
    if (!rowCount) continue;
    await appendEvents(q, [
      {
        type: 'budget.warned',
        entity: 'budget',
        id: `${u.scope}:${u.key}`,
        ver: 1,
        actor: ENGINE,
        reason: `More than ${WARN_AT * 100} % of the ${money(u.limit)} of ${budgetName(u.scope, u.key)} is spent.`,
        taskId: isNarrow(u.scope) ? taskId : null,
        data: { scope: u.scope, key: u.key, period: u.period, limit: u.limit },
      },
    ]);
  }
}

/** Sets what may be spent, from now on; null takes the own budget away, so that the general one counts. */
export async function setBudget(
  db: Db,
  input: { scope: BudgetScope; key: string; limit: number | null },
  actor: Actor,
): Promise<void> {
  const { scope, key } = input;
  if (input.limit !== null) budgetSchema.parse({ scope, key, limit: input.limit });
  if ((scope === 'day' || scope === 'month') && key !== '')
    throw new AlaiError('BAD_INPUT', `The budget of the ${scope} is one for all.`, 'Leave the key out.');
  await transaction(db, async (q) => {
    await requireSubject(q, scope, key);
    const was =
      (
        await q.query<{ eur: number }>(
          'SELECT limit_eur::float8 eur FROM budget WHERE scope = $1 AND key = $2 FOR UPDATE',
          [scope, key],
        )
      ).rows[0]?.eur ?? null;
    if (input.limit === null) await q.query('DELETE FROM budget WHERE scope = $1 AND key = $2', [scope, key]);
    else
      await q.query(
        `INSERT INTO budget(scope, key, limit_eur, set_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (scope, key) DO UPDATE SET limit_eur = excluded.limit_eur, set_by = excluded.set_by, set_at = clock_timestamp()`,
        [scope, key, input.limit, actor.name],
      );
    // Less than before does not stop what is promised already; more lets go on what waited.
    await q.query("UPDATE budget_use SET warned_at = NULL WHERE scope = $1 AND ($2 = '' OR key = $2)", [
      scope,
      key,
    ]);
    await withdrawAsked(q, { scope, key });
    await lookAgain(q, 'budget');
    await appendEvents(q, [
      {
        type: 'budget.set',
        entity: 'budget',
        id: `${scope}:${key}`,
        ver: 1,
        actor,
        reason:
          input.limit === null
            ? `The budget of ${budgetName(scope, key || 'each')} is the general one again`
            : `The budget of ${budgetName(scope, key || 'each')} is ${money(input.limit)}`,
        data: { scope, key, from: was, to: input.limit },
      },
    ]);
  });
}

/** A budget for something that is not there is a typing mistake that would hold nothing. */
async function requireSubject(q: Queryable, scope: BudgetScope, key: string): Promise<void> {
  if (key === '' || scope === 'company') return;
  const table = { task: 'task', pipeline: 'pipeline', project: 'project' }[scope as 'task'];
  const { rowCount } = table
    ? await q.query(`SELECT 1 FROM ${table} WHERE id::text = $1`, [key])
    : { rowCount: 1 };
  if (!rowCount)
    throw new AlaiError('NOT_FOUND', `There is no ${scope} ${key}.`, `Name a ${scope} by its number or id.`);
}
