import { safeDefaults } from '#server/domain/budget.ts';
import type { ChainPlan } from '#server/domain/plan.ts';
import type { Stage } from '#server/domain/status.ts';
import type { CaseView } from '#server/domain/views/question.ts';
import type { EscalationKind } from '#server/domain/views/queue.ts';
import type { RaiseOffer } from '#server/engine/short-of-money.ts';
import type { Queryable } from '#server/platform/db.ts';
import { askerOf } from './policy.ts';

export interface Subject {
  kind: EscalationKind;
  /** The task that the question is about, or whose end made it ask. */
  taskId: number | null;
  chainId: number | null;
  pattern: string | null;
}

interface SubjectRow {
  company: string | null;
  stage: Stage | null;
  plan: ChainPlan | null;
  n: number | null;
  host: string | null;
}

/** Who asks and from where, and the plan of the chain it belongs to. */
export async function readAsker(
  q: Queryable,
  s: Subject,
): Promise<{ askedBy: CaseView['askedBy']; plan: ChainPlan | null; company: string | null }> {
  const { rows } = await q.query<SubjectRow>(
    `SELECT t.company, t.stage, c.plan, a.n, a.host
     FROM (SELECT $1::bigint task, $2::bigint chain) s LEFT JOIN task t ON t.id = s.task LEFT JOIN chain c ON c.id = coalesce(s.chain, t.chain_id)
       LEFT JOIN LATERAL (SELECT n, host FROM attempt WHERE task_id = t.id ORDER BY id DESC LIMIT 1) a ON true`,
    [s.taskId, s.chainId],
  );
  const r = rows[0];
  // Before any agent there is nobody on a host: the rule, the engine or the plan asks.
  const stage = r?.stage ?? null;
  return {
    askedBy: {
      who: askerOf({ kind: s.kind, company: r?.company ?? null, stage, pattern: s.pattern }),
      stage,
      host: r?.host ?? null,
      attempt: r?.n ?? null,
    },
    plan: r?.plan ?? null,
    company: r?.company ?? null,
  };
}

/** What the task and its whole chain have cost so far. */
export async function readSpent(q: Queryable, s: Subject): Promise<CaseView['spent']> {
  if (s.taskId === null && s.chainId === null) return null;
  const { rows } = await q.query<{
    task_eur: number;
    task_tokens: number;
    eur: number;
    tokens: number;
    scripted: boolean;
  }>(
    `SELECT coalesce(sum(a.cost_eur) FILTER (WHERE t.id = $1), 0)::float8 task_eur,
       coalesce(sum(a.tokens_in + a.tokens_out) FILTER (WHERE t.id = $1), 0)::int8 task_tokens,
       coalesce(sum(a.cost_eur), 0)::float8 eur, coalesce(sum(a.tokens_in + a.tokens_out), 0)::int8 tokens, coalesce(bool_or(a.scripted), false) scripted
     FROM task t JOIN attempt a ON a.task_id = t.id WHERE t.id = $1 OR t.chain_id = $2`,
    [s.taskId, s.chainId],
  );
  const r = rows[0];
  return r
    ? {
        task: { eur: r.task_eur, tokens: r.task_tokens },
        chain: { eur: r.eur, tokens: r.tokens },
        scripted: r.scripted,
      }
    : null;
}

interface Cost {
  n: number;
  eur: number | null;
  tokens: number | null;
}

async function medianCost(q: Queryable, stage: Stage, company: string | null): Promise<Cost> {
  const { rows } = await q.query<Cost>(
    `WITH cost AS (SELECT sum(a.cost_eur)::float8 eur, sum(a.tokens_in + a.tokens_out)::float8 tokens
       FROM (SELECT id FROM task WHERE stage = $1 AND status = 'DONE' AND ($2::text IS NULL OR company = $2) ORDER BY finished_at DESC LIMIT 200) t
       JOIN attempt a ON a.task_id = t.id WHERE NOT a.scripted GROUP BY t.id
       -- Attempts that ended before their first call say nothing of what the work costs.
       HAVING sum(a.tokens_in + a.tokens_out) > 0 OR sum(a.cost_eur) > 0)
     SELECT count(*)::int n, percentile_cont(.5) WITHIN GROUP (ORDER BY eur) eur,
       percentile_cont(.5) WITHIN GROUP (ORDER BY tokens) tokens FROM cost`,
    [stage, company],
  );
  return rows[0] ?? { n: 0, eur: null, tokens: null };
}

/** What such a stage has cost: the median of the last two hundred done ones of this company, else of all. */
export async function readForecast(
  q: Queryable,
  stage: Stage | null,
  company: string | null,
): Promise<CaseView['next']> {
  if (stage === null) return null;
  const own = company === null ? null : await medianCost(q, stage, company);
  const sameCompany = own !== null && own.n > 0;
  const cost = sameCompany ? own : await medianCost(q, stage, null);
  return {
    stage,
    eur: cost.eur,
    tokens: cost.tokens === null ? null : Math.round(cost.tokens),
    from: cost.n,
    sameCompany,
  };
}

/** What a question about money offers, with how many queued tasks wait for it. */
export async function readOffer(
  q: Queryable,
  offer: RaiseOffer | null,
): Promise<(RaiseOffer & { waiting: number; left: { day: number; month: number } }) | null> {
  if (!offer) return null;
  const left = (scope: 'day' | 'month', period: string, fallback: string) =>
    `(SELECT coalesce((SELECT limit_eur FROM budget WHERE scope = '${scope}' AND key = ''), ${fallback}) + coalesce(sum(raised_eur - spent_eur - reserved_eur), 0)
      FROM budget_use WHERE scope = '${scope}' AND key = '' AND period = ${period})::float8`;
  const { rows } = await q.query<{ n: number; day: number; month: number }>(
    `SELECT count(*)::int n, ${left('day', 'clock_timestamp()::date', '$3::numeric')} "day",
       ${left('month', "date_trunc('month', clock_timestamp())::date", '$4::numeric')} "month"
     FROM task WHERE status = 'QUEUED' AND wait_for = 'budget' AND wait_until > clock_timestamp()
       AND CASE $1 WHEN 'company' THEN company = $2 WHEN 'project' THEN project_id = $2 ELSE true END`,
    [offer.scope, offer.key, safeDefaults.day, safeDefaults.month],
  );
  const { n = 0, day = 0, month = 0 } = rows[0] ?? {};
  return { ...offer, waiting: n, left: { day, month } };
}
