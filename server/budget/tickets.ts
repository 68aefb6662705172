import { AlaiError } from '#server/domain/errors.ts';
import { costOf, type Prices } from '#server/domain/prices.ts';
import { askForAll, askForTask } from '#server/engine/short-of-money.ts';
import { holdBack } from '#server/engine/wait.ts';
import { type Db, type Queryable, toJson, transaction } from '#server/platform/db.ts';
import { readAdmission } from './data.ts';
import { lockUses, promise } from './ledger.ts';
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
export const noTicket = (attemptId: number) =>
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

export async function ticketOf(q: Queryable, attemptId: number, lock: boolean): Promise<OpenTicket | null> {
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
