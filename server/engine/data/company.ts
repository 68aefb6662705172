import type { CompanyLoad } from '#server/domain/views/company.ts';
import type { Db } from '#server/platform/db.ts';

export const idle: CompanyLoad = {
  running: 0,
  queued: 0,
  needsYou: 0,
  done: 0,
  successRate: null,
  attempts: 0,
};

/** What each company does now, and how its attempts ended. Lost and cancelled attempts say nothing about the work. */
export async function readCompanyLoads(db: Db): Promise<Map<string, CompanyLoad>> {
  const [tasks, attempts] = await Promise.all([
    db.pool.query<{ company: string; status: string; n: number }>(
      `SELECT company, status, count(*)::int n FROM task WHERE company IS NOT NULL GROUP BY 1, 2`,
    ),
    db.pool.query<{ company: string; succeeded: number; ended: number }>(
      `SELECT t.company, count(*) FILTER (WHERE a.state = 'SUCCEEDED')::int succeeded, count(*)::int ended
       FROM attempt a JOIN task t ON t.id = a.task_id
       WHERE t.company IS NOT NULL AND a.state IN ('SUCCEEDED', 'FAILED', 'TIMED_OUT') GROUP BY 1`,
    ),
  ]);
  const loads = new Map<string, CompanyLoad>();
  const of = (company: string) => {
    const load = loads.get(company) ?? { ...idle };
    loads.set(company, load);
    return load;
  };
  const column = { RUNNING: 'running', QUEUED: 'queued', NEEDS_HUMAN: 'needsYou', DONE: 'done' } as const;
  for (const { company, status, n } of tasks.rows) {
    const key = column[status as keyof typeof column];
    if (key) of(company)[key] = n;
  }
  for (const { company, succeeded, ended } of attempts.rows)
    Object.assign(of(company), { attempts: ended, successRate: succeeded / ended });
  return loads;
}
