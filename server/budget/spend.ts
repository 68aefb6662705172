import { type BudgetScope, budgetName, budgetScopes, safeDefaults } from '#server/domain/budget.ts';
import {
  type BudgetRow,
  OUTSIDE_KEY,
  type SpendDay,
  type SpendGroup,
  type SpendRow,
  type SpendSum,
  type SpendView,
  spendGroups,
  type TicketView,
} from '#server/domain/views/spend.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import { forecastMonth, limitOf } from './policy.ts';

/** Sums over calls as `c`, in the words of SpendSum. */
const sums = `coalesce(sum(c.cost_eur), 0)::float8 eur, count(c.id)::int calls, count(c.id) FILTER (WHERE c.scripted)::int scripted,
  count(c.id) FILTER (WHERE c.estimated)::int estimated,
  coalesce(sum(c.tokens_in), 0)::float8 "tokensIn", coalesce(sum(c.tokens_out), 0)::float8 "tokensOut",
  coalesce(sum(c.tokens_cache_read + c.tokens_cache_write), 0)::float8 "tokensCache",
  coalesce(sum(c.tokens_thinking), 0)::float8 "tokensThinking", coalesce(sum(c.gpu_ms), 0)::float8 / 1000 "gpuSeconds"`;

/** The name of what no task made: questions to single agents, the classifier's calls. */
const OUTSIDE = 'Outside of tasks';
const orOutside = (key: string, name = key) => ({
  key: `CASE WHEN c.purpose IS NULL THEN ${key} ELSE '${OUTSIDE_KEY}' END`,
  name: `CASE WHEN c.purpose IS NULL THEN ${name} ELSE '${OUTSIDE}' END`,
});

const between = `c.at >= $1::date AND c.at < $2::date + 1`;

const grouped: Record<SpendGroup, { key: string; name: string; join: string }> = {
  company: { ...orOutside(`coalesce(t.company, '')`, `coalesce(t.company, 'no company')`), join: '' },
  tier: { ...orOutside('a.tier::text', `'Tier ' || a.tier`), join: '' },
  project: {
    ...orOutside(`coalesce(t.project_id, '')`, `coalesce(p.name, 'no project')`),
    join: 'LEFT JOIN project p ON p.id = t.project_id',
  },
  model: { key: `c.provider || '/' || c.model`, name: `c.model || ' (' || c.provider || ')'`, join: '' },
  stage: { ...orOutside(`coalesce(t.stage, '')`, `coalesce(t.stage, 'no stage')`), join: '' },
};

async function readGroup(q: Queryable, group: SpendGroup, from: string, to: string): Promise<SpendRow[]> {
  const g = grouped[group];
  const { rows } = await q.query<SpendRow>(
    `SELECT ${g.key} key, max(${g.name}) name, count(DISTINCT c.task_id)::int tasks, ${sums}
     FROM paid_call c LEFT JOIN attempt a ON a.id = c.attempt_id LEFT JOIN task t ON t.id = c.task_id ${g.join}
     WHERE ${between} GROUP BY 1 ORDER BY eur DESC, calls DESC, 1 LIMIT 100`,
    [from, to],
  );
  return rows;
}

async function readDays(q: Queryable, from: string, to: string): Promise<SpendDay[]> {
  const { rows } = await q.query<{ day: string; tier: string | null; eur: number }>(
    `SELECT d.day::date::text "day", s.tier, coalesce(s.eur, 0)::float8 eur
     FROM generate_series($1::date, $2::date, '1 day') d(day) LEFT JOIN (
       SELECT c.at::date "day", coalesce(a.tier::text, '${OUTSIDE_KEY}') tier, sum(c.cost_eur) eur
       FROM paid_call c LEFT JOIN attempt a ON a.id = c.attempt_id WHERE ${between} GROUP BY 1, 2
     ) s ON s.day = d.day ORDER BY 1, 2`,
    [from, to],
  );
  const days = new Map<string, SpendDay>();
  for (const r of rows) {
    const day = days.get(r.day) ?? { day: r.day, eur: 0, tiers: {} };
    day.eur += r.eur;
    if (r.tier !== null) day.tiers[r.tier] = r.eur;
    days.set(r.day, day);
  }
  return [...days.values()];
}

interface UseRow {
  scope: BudgetScope;
  key: string;
  period: string;
  spent: number;
  reserved: number;
  raised: number;
}

const eachOf: Record<Exclude<BudgetScope, 'day' | 'month'>, string> = {
  project: 'each project, a month',
  company: 'each company, a month',
  pipeline: 'each pipeline',
  task: 'each task',
};

/** All general budgets, and those of pieces of work that have their own or are near their end. */
export async function readBudgets(q: Queryable): Promise<BudgetRow[]> {
  const [{ rows: uses }, { rows: set }, { rows: projects }] = await Promise.all([
    q.query<UseRow>(
      `SELECT scope, key, period::text period, spent_eur::float8 spent, reserved_eur::float8 reserved, raised_eur::float8 raised FROM budget_use
       WHERE (scope = 'day' AND period = current_date)
         OR (scope IN ('month', 'company', 'project') AND period = date_trunc('month', current_date)::date)
         OR (scope IN ('task', 'pipeline') AND (raised_eur > 0 OR warned_at IS NOT NULL))
       ORDER BY scope, spent_eur DESC LIMIT 500`,
    ),
    q.query<{ scope: BudgetScope; key: string; eur: number; by: string }>(
      'SELECT scope, key, limit_eur::float8 eur, set_by "by" FROM budget',
    ),
    q.query<{ id: string; name: string }>('SELECT id, name FROM project'),
  ]);
  const limits = new Map(set.map((b) => [`${b.scope}:${b.key}`, b.eur]));
  const rowOf = (u: UseRow): BudgetRow => {
    const own = set.find((b) => b.scope === u.scope && b.key === u.key);
    const general = set.find((b) => b.scope === u.scope && b.key === '');
    const project = u.scope === 'project' ? projects.find((p) => p.id === u.key)?.name : undefined;
    return {
      ...u,
      name:
        u.key === '' && u.scope !== 'day' && u.scope !== 'month'
          ? eachOf[u.scope]
          : budgetName(u.scope, project ?? u.key),
      limit: limitOf(u.scope, u.key, limits, u.raised),
      from: own ? 'own' : general ? 'general' : 'default',
      setBy: own?.by ?? general?.by ?? null,
    };
  };
  const missing = budgetScopes
    .filter((scope) => !uses.some((u) => u.scope === scope && u.key === ''))
    .map((scope): UseRow => ({ scope, key: '', period: '', spent: 0, reserved: 0, raised: 0 }));
  const own = set
    .filter((b) => b.key !== '' && !uses.some((u) => u.scope === b.scope && u.key === b.key))
    .map((b): UseRow => ({ scope: b.scope, key: b.key, period: '', spent: 0, reserved: 0, raised: 0 }));
  const order = (r: BudgetRow) => budgetScopes.indexOf(r.scope) * 2 + Number(r.key !== '');
  return [...uses, ...missing, ...own]
    .map(rowOf)
    .sort((a, b) => order(a) - order(b) || b.spent / b.limit - a.spent / a.limit);
}

/** What may be spent today, with what was given on top. */
export async function readDayLimit(q: Queryable): Promise<number> {
  const { rows } = await q.query<{ eur: number | null; raised: number }>(
    `SELECT (SELECT limit_eur FROM budget WHERE scope = 'day' AND key = '')::float8 eur,
       coalesce((SELECT raised_eur FROM budget_use WHERE scope = 'day' AND key = '' AND period = current_date), 0)::float8 raised`,
  );
  const [r] = rows;
  return limitOf('day', '', new Map(r?.eur == null ? [] : [['day:', r.eur]]), r?.raised ?? 0);
}

/** Everything the page of spending shows, for days `from` to `to` on the database's calendar. */
export async function readSpend(
  db: Db,
  range: { days: number },
  countsScripted: boolean,
): Promise<SpendView> {
  const q = db.pool;
  const { rows: clock } = await q.query<{ now: Date; from: string; to: string; day: number; days: number }>(
    `SELECT clock_timestamp() now, (current_date - $1::int + 1)::text "from", current_date::text "to", extract(day FROM current_date)::int "day",
       extract(day FROM date_trunc('month', current_date) + interval '1 month - 1 day')::int days`,
    [range.days],
  );
  const c = clock[0];
  if (!c) throw new Error('the database has no clock');
  const [total, days, groups, dearest, month, budgets, waiting] = await Promise.all([
    q.query<SpendSum>(`SELECT ${sums} FROM paid_call c WHERE ${between}`, [c.from, c.to]),
    readDays(q, c.from, c.to),
    Promise.all(spendGroups.map(async (g) => [g, await readGroup(q, g, c.from, c.to)] as const)),
    q.query<SpendView['dearest'][number]>(
      `SELECT t.id "taskId", t.title, t.company, t.stage, sum(c.cost_eur)::float8 eur, sum(c.tokens_in + c.tokens_out)::float8 tokens,
         count(DISTINCT c.attempt_id)::int attempts, bool_or(c.scripted) scripted
       FROM call c JOIN task t ON t.id = c.task_id WHERE ${between} GROUP BY t.id ORDER BY eur DESC, tokens DESC, t.id LIMIT 10`,
      [c.from, c.to],
    ),
    q.query<{ day: string; eur: number }>(
      `SELECT d.day::date::text "day", (SELECT coalesce(sum(cost_eur), 0)::float8 FROM paid_call WHERE at >= d.day AND at < d.day + interval '1 day') eur
       FROM generate_series(least(date_trunc('month', current_date)::date, current_date - 7), current_date, '1 day') d(day) ORDER BY 1 DESC`,
    ),
    readBudgets(q),
    q.query<SpendView['waits']>(
      `SELECT count(*)::int tasks, mode() WITHIN GROUP (ORDER BY wait_why) why,
         (SELECT count(*)::int FROM escalation WHERE kind = 'budget' AND state = 'OPEN' AND task_id IS NULL) asked,
         (SELECT count(*)::int FROM escalation WHERE kind = 'budget' AND state = 'OPEN' AND task_id IS NOT NULL) narrow
       FROM task WHERE status = 'QUEUED' AND wait_for = 'budget' AND wait_until > clock_timestamp()`,
    ),
  ]);
  const inMonth = month.rows.filter((d) => d.day.slice(0, 7) === c.to.slice(0, 7));
  const [today, ...before] = month.rows;
  // Days before the first work say nothing about what a day costs.
  const daily = before.map((d) => d.eur).slice(0, before.findLastIndex((d) => d.eur > 0) + 1);
  const spent = inMonth.reduce((n, d) => n + d.eur, 0);
  const forecast = forecastMonth({ spent, today: today?.eur ?? 0, daily, day: c.day, daysInMonth: c.days });
  return {
    now: c.now,
    from: c.from,
    to: c.to,
    total: total.rows[0] as SpendSum,
    days,
    groups: Object.fromEntries(groups) as SpendView['groups'],
    dearest: dearest.rows,
    month: {
      spent,
      forecast: forecast.eur,
      perDay: forecast.perDay,
      fromDays: forecast.from,
      limit: budgets.find((b) => b.scope === 'month')?.limit ?? safeDefaults.month,
    },
    budgets,
    defaults: safeDefaults,
    waits: waiting.rows[0] ?? { tasks: 0, why: null, asked: 0, narrow: 0 },
    countsScripted,
  };
}

/** The admission tickets of a task's attempts, oldest first. */
export async function readTickets(q: Queryable, taskId: number): Promise<TicketView[]> {
  const { rows } = await q.query<TicketView>(
    `SELECT k.attempt_id "attemptId", k.forecast_eur::float8 "forecastEur", k.forecast_ms::float8 "forecastMs", k.load_ms::float8 "loadMs",
       k.forecast_from "from", a.cost_eur::float8 "spentEur", (extract(epoch FROM a.ended_at - a.started_at) * 1000)::float8 "tookMs"
     FROM ticket k JOIN attempt a ON a.id = k.attempt_id WHERE k.task_id = $1 ORDER BY k.attempt_id LIMIT 200`,
    [taskId],
  );
  return rows;
}
