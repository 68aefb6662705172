import type { Timing } from '#server/domain/timing.ts';
import type { MinionView } from '#server/domain/views/minion.ts';
import type { Db } from '#server/platform/db.ts';
import { patience, readTasks, taskStatus } from './rows.ts';

interface Row {
  id: number;
  live_id: number;
  chain_state: string;
  accepted: boolean;
  merging: boolean;
  failed: boolean;
  asked: boolean;
  branch: string | null;
  commit: string | null;
  blueprint: string | null;
}

function stateOf(r: Row, live: string): MinionView['state'] {
  if (r.failed) return 'failed';
  if (r.chain_state === 'CANCELLED') return 'discarded';
  if (r.accepted) return 'merged';
  if (r.asked) return 'waiting';
  if (r.merging) return 'merging';
  return live === 'OPEN' || live === 'QUEUED' ? 'queued' : 'working';
}

/** Minions, newest first: those that still need somebody, or all. */
export async function readMinions(
  db: Db,
  timing: Timing,
  all: boolean,
  id: number | null = null,
): Promise<MinionView[]> {
  const { rows } = await db.pool.query<Row>(
    `SELECT r.id, l.id live_id, c.state chain_state, c.accepted_at IS NOT NULL accepted, l.key = 'merge' merging, r.status = 'FAILED' failed,
       EXISTS (SELECT 1 FROM escalation e WHERE e.chain_id = c.id AND e.kind = 'minion' AND e.state IN ('OPEN', 'PENDING')) asked,
       (SELECT a.worktree FROM attempt a JOIN task t ON t.id = a.task_id WHERE t.chain_id = c.id AND t.key = 'main' ORDER BY a.id DESC LIMIT 1) branch,
       c.head "commit", r.blueprint
     FROM chain c JOIN task r ON r.id = c.root_task_id AND r.chain_id = c.id
     JOIN LATERAL (SELECT id, key FROM task WHERE chain_id = c.id ORDER BY id DESC LIMIT 1) l ON true
     WHERE c.plan->>'landing' = 'hold' AND ($1 OR c.state IN ('ACTIVE', 'NEEDS_HUMAN')) AND ($2::bigint IS NULL OR r.id = $2
       OR EXISTS (SELECT 1 FROM task x WHERE x.id = $2 AND x.chain_id = c.id))
     ORDER BY c.id DESC LIMIT 500`,
    [all || id !== null, id],
  );
  const [tasks, p] = await Promise.all([
    readTasks(db.pool, 't.id = ANY($1)', [rows.flatMap((r) => [r.id, r.live_id])]),
    patience(db.pool, timing),
  ]);
  const byId = new Map(tasks.map((t) => [t.id, t]));
  return rows.flatMap((r): MinionView[] => {
    const root = byId.get(r.id);
    const live = byId.get(r.live_id);
    if (!root || !live) return [];
    const state = stateOf(r, live.status);
    const status = taskStatus(live, p);
    return [
      {
        taskId: r.id,
        title: root.title,
        state,
        status: state === 'waiting' ? { ...status, look: 'yours', word: 'Merge or discard' } : status,
        branch: r.branch,
        commit: r.commit,
        company: root.company,
        blueprint: r.blueprint,
        projectId: root.project_id,
        projectName: root.project_name,
        createdAt: root.created_at,
      },
    ];
  });
}

/** Tasks among these whose work nobody will merge any more: cancelled and failed chains, with nothing running. */
export async function discardedTasks(db: Pick<Db, 'pool'>, ids: number[]): Promise<number[]> {
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT t.id FROM task t LEFT JOIN chain c ON c.id = t.chain_id
     WHERE t.id = ANY($1) AND (c.state = 'CANCELLED' OR (c.id IS NULL AND t.status IN ('CANCELLED', 'FAILED')))
       AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.task_id = t.id AND a.state IN ('LEASED', 'RUNNING'))`,
    [ids],
  );
  return rows.map((r) => r.id);
}
