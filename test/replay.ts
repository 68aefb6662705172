import { momentsOf, replay } from '#server/domain/replay.ts';
import type { ReplayState } from '#server/domain/replay-state.ts';
import type { LogEntry } from '#server/domain/views/replay.ts';
import { readLog } from '#server/engine/data/log.ts';
import type { Db } from '#server/platform/db.ts';

type Rows = Record<string, unknown>[];
export interface Snapshot {
  seq: number;
  pipelines: Record<string, Rows>;
}

/** `row` without these columns: times and words that a snapshot does not compare. */
const but = (row: object, ...keys: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([k]) => !keys.includes(k)));

/** What the tables say of these pipelines now, in the words of a replay. */
export async function snapshot(db: Db, pipelineIds: number[]): Promise<Snapshot> {
  const read = async (sql: string): Promise<Rows> => (await db.pool.query(sql, [pipelineIds])).rows;
  const tables: Record<string, Rows> = {
    pipeline: await read('SELECT id p, state FROM pipeline WHERE id = ANY($1)'),
    tasks: await read(
      `SELECT pipeline_id p, id, title, status, stage, cycle, origin, chain_id "chainId", generation, company, tier, host, verdict,
         started_at IS NOT NULL started, finished_at IS NOT NULL finished FROM task WHERE pipeline_id = ANY($1)`,
    ),
    chains: await read(
      `SELECT pipeline_id p, id, root_task_id root, generation, state, cycle, rejects, merge_returns "mergeReturns",
         accepted_at IS NOT NULL accepted,
         EXISTS (SELECT 1 FROM effect v WHERE v.chain_id = chain.id AND v.kind = 'revert' AND v.state = 'DONE') reverted FROM chain WHERE pipeline_id = ANY($1)`,
    ),
    deps: await read(
      `SELECT t.pipeline_id p, d.task_id || '>' || d.on_task_id id, d.kind, d.satisfied_at IS NOT NULL satisfied
       FROM dependency d JOIN task t ON t.id = d.task_id WHERE t.pipeline_id = ANY($1)`,
    ),
    attempts: await read(
      `SELECT t.pipeline_id p, a.id, a.task_id "taskId", a.n, a.state, a.host, a.slot, a.model, a.tier, a.ended_at IS NOT NULL ended
       FROM attempt a JOIN task t ON t.id = a.task_id WHERE t.pipeline_id = ANY($1)`,
    ),
    escalations: await read(
      `SELECT pipeline_id p, id, kind, state, task_id "taskId", chain_id "chainId", answer FROM escalation WHERE pipeline_id = ANY($1)`,
    ),
    findings: await read(
      `SELECT t.pipeline_id p, f.id, f.task_id "taskId", f.mend_task_id "mendTaskId" FROM finding f JOIN task t ON t.id = f.task_id
       WHERE t.pipeline_id = ANY($1)`,
    ),
  };
  const { rows } = await db.pool.query<{ seq: number }>(
    'SELECT coalesce(max(seq), 0)::float8 seq FROM event',
  );
  const pipelines: Snapshot['pipelines'] = {};
  for (const id of pipelineIds)
    pipelines[id] = Object.entries(tables).flatMap(([table, all]) =>
      all.filter((r) => r.p === id).map((r) => ({ table, ...but(r, 'p') })),
    );
  return { seq: rows[0]?.seq ?? 0, pipelines };
}

/** A replayed state in the shape of a snapshot. */
function told(s: ReplayState): Rows {
  return [
    { table: 'pipeline', state: s.pipeline.state },
    ...[...s.tasks.values()].map((t) => ({
      table: 'tasks',
      ...but(t, 'createdAt', 'waitingSince', 'startedAt', 'finishedAt', 'parentId', 'projectId'),
      started: t.startedAt !== null,
      finished: t.finishedAt !== null,
    })),
    ...[...s.chains.values()].map((c) => ({
      table: 'chains',
      root: c.rootTaskId,
      ...but(c, 'rootTaskId', 'acceptedAt', 'stages'),
    })),
    ...[...s.deps].map(([id, d]) => ({ table: 'deps', id, kind: d.kind, satisfied: d.satisfied })),
    ...[...s.attempts.values()].map((a) => ({
      table: 'attempts',
      ...but(a, 'startedAt', 'endedAt'),
      ended: a.endedAt !== null,
    })),
    ...[...s.escalations.values()].map((e) => ({ table: 'escalations', ...but(e, 'askedAt', 'question') })),
    ...[...s.findings].map(([id, f]) => ({ table: 'findings', id, ...f })),
  ];
}

const sorted = (rows: Rows): string[] =>
  rows
    .map((r) => JSON.stringify(Object.fromEntries(Object.entries(r).sort(([a], [b]) => a.localeCompare(b)))))
    .sort();

export async function wholeLog(db: Db, pipelineId: number): Promise<LogEntry[]> {
  const log: LogEntry[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page = await readLog(db, pipelineId, after);
    log.push(...page.entries);
    after = page.next;
  }
  return log;
}

/** Where replay and tables disagree, for every snapshot; empty when the log tells all. */
export async function disagreements(db: Db, snapshots: Snapshot[]): Promise<string[]> {
  const logs = new Map<string, LogEntry[]>();
  const wrong: string[] = [];
  for (const s of snapshots)
    for (const [pipeline, rows] of Object.entries(s.pipelines)) {
      if (rows.length === 0) continue;
      if (!logs.has(pipeline)) logs.set(pipeline, await wholeLog(db, Number(pipeline)));
      const log = (logs.get(pipeline) ?? []).filter((e) => e.seq <= s.seq);
      const is = sorted(told(replay(momentsOf(log))));
      const should = sorted(rows);
      for (const r of should) if (!is.includes(r)) wrong.push(`#${pipeline} at ${s.seq} lacks ${r}`);
      for (const r of is) if (!should.includes(r)) wrong.push(`#${pipeline} at ${s.seq} invents ${r}`);
    }
  return wrong;
}
