import type { Limits } from '#server/domain/blueprint.ts';
import type { BudgetScope } from '#server/domain/budget.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { Where } from '#server/domain/prices.ts';
import type { Queryable } from '#server/platform/db.ts';
import type { AttemptHistory, BudgetPlace, Payer } from './policy.ts';

/** Everything that the admission of one task looks at. */
export interface Admission {
  payer: Payer;
  where: Where;
  limits: Pick<Limits, 'tokens' | 'seconds'>;
  history: AttemptHistory | null;
  /** The database's date, `2026-11-21`: all workers count by one calendar. */
  today: string;
}

interface AdmissionRow {
  pipeline_id: number;
  company: string | null;
  project_id: string | null;
  provider: string | null;
  model: string | null;
  tokens: number | null;
  seconds: number | null;
  today: string;
  own_n: number;
  own_eur: number | null;
  own_ms: number | null;
  any_n: number;
  any_eur: number | null;
  any_ms: number | null;
}

const HISTORY = 100;
/** What blueprints without limits of their own get (`limitsSchema`). */
const USUAL = { tokens: 200_000, seconds: 900 };

/** What an attempt of this task on this host would be paid from and by, and what such attempts cost before. */
export async function readAdmission(
  q: Queryable,
  taskId: number,
  host: string,
  countScripted: boolean,
): Promise<Admission> {
  const { rows } = await q.query<AdmissionRow>(
    `WITH t AS (SELECT * FROM task WHERE id = $1),
     past AS (
       SELECT p.company = t.company own, a.cost_eur::float8 eur, (extract(epoch FROM a.ended_at - a.started_at) * 1000)::float8 ms
       FROM t JOIN task p ON p.stage IS NOT DISTINCT FROM t.stage
         JOIN attempt a ON a.task_id = p.id AND a.tier = coalesce(t.tier, 1) AND a.state = 'SUCCEEDED' AND ($3 OR NOT a.scripted)
       ORDER BY a.id DESC LIMIT ${HISTORY})
     SELECT t.pipeline_id, t.company, t.project_id, c.v->>'provider' provider, c.v->>'model' model,
       (SELECT max((s->'limits'->>'tokens')::float8) FROM jsonb_array_elements(b.data->'steps') s) tokens,
       (SELECT max((s->'limits'->>'seconds')::float8) FROM jsonb_array_elements(b.data->'steps') s) seconds,
       clock_timestamp()::date::text today,
       (SELECT count(*)::int FROM past WHERE own) own_n,
       (SELECT percentile_cont(.5) WITHIN GROUP (ORDER BY eur) FROM past WHERE own) own_eur,
       (SELECT percentile_cont(.5) WITHIN GROUP (ORDER BY ms) FROM past WHERE own) own_ms,
       (SELECT count(*)::int FROM past) any_n,
       (SELECT percentile_cont(.5) WITHIN GROUP (ORDER BY eur) FROM past) any_eur,
       (SELECT percentile_cont(.5) WITHIN GROUP (ORDER BY ms) FROM past) any_ms
     FROM t LEFT JOIN catalogue_version b ON b.kind = 'blueprint' AND b.name = t.blueprint AND b.hash = t.blueprint_hash
       LEFT JOIN LATERAL (SELECT v FROM jsonb_array_elements(t.route->'choices') v
         WHERE v->>'host' = $2 AND (v->>'tier')::int = coalesce(t.tier, 1) LIMIT 1) c ON true
     `,
    [taskId, host, countScripted],
  );
  const r = rows[0];
  if (!r) throw new AlaiError('NOT_FOUND', `There is no task #${taskId}.`, 'Nothing to do.');
  const own = r.own_n >= 3;
  const n = own ? r.own_n : r.any_n;
  return {
    payer: { taskId, pipelineId: r.pipeline_id, company: r.company, project: r.project_id },
    where: { provider: r.provider ?? 'ollama', model: r.model ?? 'none', host },
    limits: { tokens: r.tokens ?? USUAL.tokens, seconds: r.seconds ?? USUAL.seconds },
    history:
      n > 0 ? { n, eur: (own ? r.own_eur : r.any_eur) ?? 0, ms: (own ? r.own_ms : r.any_ms) ?? 0 } : null,
    today: r.today,
  };
}

/** The budgets that somebody set and that could count at these places. */
export async function readLimits(q: Queryable, places: readonly BudgetPlace[]): Promise<Map<string, number>> {
  const { rows } = await q.query<{ scope: BudgetScope; key: string; eur: number }>(
    `SELECT scope, key, limit_eur::float8 eur FROM budget WHERE key = '' OR (scope, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    [places.map((p) => p.scope), places.map((p) => p.key)],
  );
  return new Map(rows.map((b) => [`${b.scope}:${b.key}`, b.eur]));
}
