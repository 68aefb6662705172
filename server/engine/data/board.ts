import { askWord, type Patience } from '#server/domain/looks.ts';
import type { ChainPlan } from '#server/domain/plan.ts';
import { isLiveTask, stages } from '#server/domain/status.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { Board, BoardCard } from '#server/domain/views/board.ts';
import type { EscalationKind } from '#server/domain/views/queue.ts';
import type { Look, StatusView } from '#server/domain/views/status.ts';
import type { Db } from '#server/platform/db.ts';
import { patience, readTasks, type TaskRow, taskStatus } from './rows.ts';
import { waitReasons } from './waits.ts';

interface ChainRow {
  id: number;
  root_task_id: number;
  state: string;
  plan: ChainPlan;
  accepted_at: Date | null;
  finished_at: Date | null;
  title: string;
  ask_id: number | null;
  ask_kind: EscalationKind;
  ask_state: string;
  ask_at: Date;
  reverted_at: Date | null;
  waits_on: string | null;
}

/** Finished work stays on the board for a day; everything is still found by search. */
const DONE_FOR = '24 hours';

/** What one column shows; the rest is counted, and found by search. */
const MAX_CARDS = 200;

interface Unit {
  chain_id: number | null;
  task_id: number;
  place: BoardCard['column'];
  total: number;
}

/**
 * Which chains and lone tasks the board shows: the first of every column in its order, and how many there are in all. Everything
 * else about them is read for these alone, so that a hundred thousand tasks cost no more than a thousand.
 */
async function readUnits(db: Db, projectId: string | null): Promise<Unit[]> {
  const { rows } = await db.pool.query<Unit>(
    `WITH asked AS MATERIALIZED (SELECT DISTINCT chain_id FROM escalation WHERE state IN ('OPEN', 'PENDING') AND chain_id IS NOT NULL),
     unit AS (
       SELECT c.id chain_id, c.root_task_id task_id, p.project_id, coalesce(l.priority, 'M') priority, NULL::timestamptz over_at,
         CASE WHEN c.state = 'NEEDS_HUMAN' OR a.chain_id IS NOT NULL OR l.status = 'NEEDS_HUMAN' THEN 'needs-you'
           WHEN l.status = 'RUNNING' THEN 'working' WHEN l.status = 'OPEN' AND l.project_id IS NULL THEN 'inbox'
           WHEN l.id IS NULL THEN 'done' ELSE 'queued' END place
       FROM chain c JOIN pipeline p ON p.id = c.pipeline_id
       LEFT JOIN task l ON l.chain_id = c.id AND l.status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN')
       LEFT JOIN asked a ON a.chain_id = c.id
       WHERE c.state IN ('ACTIVE', 'NEEDS_HUMAN', 'ACCEPTED')
       UNION ALL
       SELECT NULL, l.id, l.project_id, l.priority, NULL,
         CASE l.status WHEN 'NEEDS_HUMAN' THEN 'needs-you' WHEN 'RUNNING' THEN 'working'
           WHEN 'OPEN' THEN CASE WHEN l.project_id IS NULL THEN 'inbox' ELSE 'queued' END ELSE 'queued' END
       FROM task l WHERE l.chain_id IS NULL AND l.status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN')
       UNION ALL
       SELECT c.id, c.root_task_id, r.project_id, r.priority, c.finished_at, 'done'
       FROM chain c JOIN task r ON r.id = c.root_task_id AND r.chain_id = c.id
       WHERE c.state IN ('FINISHED', 'CANCELLED') AND c.finished_at > now() - interval '${DONE_FOR}'
       UNION ALL
       SELECT NULL, t.id, t.project_id, t.priority, t.finished_at, 'done' FROM task t
       WHERE t.chain_id IS NULL AND t.finished_at > now() - interval '${DONE_FOR}'),
     ranked AS (
       SELECT u.*, count(*) OVER (PARTITION BY place)::int total, row_number() OVER (PARTITION BY place
         ORDER BY over_at DESC NULLS FIRST, CASE priority WHEN 'H' THEN 0 WHEN 'M' THEN 1 ELSE 2 END, task_id) nth
       FROM unit u WHERE $1::text IS NULL OR u.project_id = $1)
     SELECT chain_id, task_id, place, total FROM ranked WHERE nth <= ${MAX_CARDS}`,
    [projectId],
  );
  return rows;
}

async function readChains(db: Db, ids: number[]): Promise<ChainRow[]> {
  const { rows } = await db.pool.query<ChainRow>(
    `SELECT c.id, c.root_task_id, c.state, c.plan, c.accepted_at, c.finished_at, r.title,
       (SELECT v.settled_at FROM effect v WHERE v.chain_id = c.id AND v.kind = 'revert' AND v.state = 'DONE' LIMIT 1) reverted_at,
       (SELECT m.branch FROM effect m WHERE m.chain_id = c.id AND m.kind = 'integrate' AND m.state = 'DONE' AND m.branch LIKE 'alai/accept/%' LIMIT 1) waits_on,
       e.id ask_id, e.kind ask_kind, e.state ask_state, e.asked_at ask_at
     FROM chain c JOIN task r ON r.id = c.root_task_id AND r.chain_id = c.id
     LEFT JOIN LATERAL (SELECT * FROM escalation e WHERE e.chain_id = c.id AND e.state IN ('OPEN', 'PENDING') ORDER BY e.id DESC LIMIT 1) e ON true
     WHERE c.id = ANY($1)`,
    [ids],
  );
  return rows;
}

/** Five dots: what became of each planned stage, by its latest task. */
function dotsOf(chain: ChainRow, tasks: TaskRow[], p: Patience): BoardCard['dots'] {
  const over = chain.state === 'FINISHED' || chain.state === 'CANCELLED';
  return stages.map((stage) => {
    const latest = tasks.filter((t) => t.stage === stage).sort((a, b) => b.cycle - a.cycle || b.id - a.id)[0];
    if (latest) {
      const look = taskStatus(latest, p).look;
      return { stage, look: look === 'none' ? 'queued' : look, taskId: latest.id };
    }
    const planned = chain.plan.stages.some((s) => s.stage === stage);
    return { stage, look: planned && !over ? 'queued' : 'none', taskId: null };
  });
}

const endLook = (chain: ChainRow, root: TaskRow): [Look, string, Date | null] => {
  if (root.status === 'FAILED') return ['failed', 'Failed', root.finished_at];
  if (chain.state === 'CANCELLED') return ['cancelled', 'Cancelled', chain.finished_at];
  if (chain.reverted_at) return ['cancelled', 'Reverted', chain.reverted_at];
  if (chain.waits_on) return ['done', 'For a pull request', chain.finished_at ?? chain.accepted_at];
  return ['done', 'Merged', chain.finished_at ?? chain.accepted_at];
};

function cardOf(
  root: TaskRow,
  tasks: TaskRow[],
  chain: ChainRow | null,
  p: Patience,
  waits: Map<number, string>,
  blocks: Map<number, number>,
): BoardCard {
  const live = tasks.find((t) => isLiveTask(t.status));
  const shown = live ?? [...tasks].sort((a, b) => b.id - a.id)[0] ?? root;
  let status: StatusView = taskStatus(shown, p);
  let column: BoardCard['column'];
  let escalationId = shown.asks?.id ?? null;
  if (chain?.ask_id) {
    status = {
      look: 'yours',
      word: askWord(chain.ask_kind, chain.ask_state),
      since: chain.ask_at,
      heardAt: null,
    };
    column = 'needs-you';
    escalationId = chain.ask_id;
  } else if (live) {
    if (live.status === 'NEEDS_HUMAN') column = 'needs-you';
    else if (live.status === 'RUNNING') column = 'working';
    else if (live.status === 'OPEN' && live.project_id === null) column = 'inbox';
    else column = 'queued';
  } else {
    column = 'done';
    if (chain) {
      const [look, word, since] = endLook(chain, root);
      status = { look, word, since, heardAt: null };
    }
  }
  const blocked = blocks.get(root.id) ?? 0;
  return {
    key: chain ? `c${chain.id}` : `t${root.id}`,
    taskId: root.id,
    liveTaskId: shown.id,
    chainId: chain?.id ?? null,
    pipelineId: root.pipeline_id,
    title: root.title,
    column,
    status,
    company: shown.company,
    tier: shown.tier,
    host: shown.host,
    priority: root.priority,
    tags: root.tags,
    projectId: root.project_id,
    projectName: root.project_name,
    dots: chain
      ? dotsOf(chain, tasks, p)
      : stages.map((stage) => ({ stage, look: 'none' as const, taskId: null })),
    costEur: tasks.reduce((n, t) => n + t.cost_eur, 0),
    tokens: tasks.reduce((n, t) => n + t.tokens_in + t.tokens_out, 0),
    waits:
      column === 'needs-you' ? (blocked > 0 ? `blocks ${blocked}` : null) : (waits.get(shown.id) ?? null),
    escalationId,
    scripted: tasks.some((t) => t.scripted),
    updatedAt: shown.finished_at ?? shown.started_at ?? shown.waiting_since ?? shown.created_at,
  };
}

const rank = { H: 0, M: 1, L: 2 } as const;

/** Longest waiting first where it waits, newest first where it is over. */
function order(a: BoardCard, b: BoardCard): number {
  const since = (c: BoardCard) => c.status.since?.getTime() ?? 0;
  if (a.column !== b.column) return 0;
  if (a.column === 'done') return since(b) - since(a) || b.taskId - a.taskId;
  return rank[a.priority] - rank[b.priority] || a.taskId - b.taskId;
}

/** One card per chain, and per task without one. */
export async function readBoard(db: Db, timing: Timing, projectId: string | null = null): Promise<Board> {
  const units = await readUnits(db, projectId);
  const chainIds = units.flatMap((u) => (u.chain_id === null ? [] : [u.chain_id]));
  const lone = units.flatMap((u) => (u.chain_id === null ? [u.task_id] : []));
  const [chains, tasks, p, blocked] = await Promise.all([
    readChains(db, chainIds),
    readTasks(db.pool, 't.chain_id = ANY($1) OR t.id = ANY($2)', [chainIds, lone]),
    patience(db.pool, timing),
    db.pool.query<{ id: number; n: number }>(
      `SELECT d.on_task_id id, count(*)::int n FROM dependency d WHERE d.satisfied_at IS NULL AND d.on_task_id = ANY($1) GROUP BY 1`,
      [units.map((u) => u.task_id)],
    ),
  ]);
  const waits = await waitReasons(
    db.pool,
    tasks.filter((t) => t.status === 'OPEN' || t.status === 'QUEUED'),
  );
  const blocks = new Map(blocked.rows.map((r) => [r.id, r.n]));
  const byChain = Map.groupBy(tasks, (t) => t.chain_id ?? 0);
  const cards: BoardCard[] = [];
  for (const chain of chains) {
    const own = byChain.get(chain.id) ?? [];
    const root = own.find((t) => t.id === chain.root_task_id);
    if (root) cards.push(cardOf(root, own, chain, p, waits, blocks));
  }
  for (const t of byChain.get(0) ?? []) cards.push(cardOf(t, [t], null, p, waits, blocks));
  cards.sort(order);
  const total = (place: BoardCard['column']) => units.find((u) => u.place === place)?.total ?? 0;
  return {
    cards,
    counts: {
      inbox: total('inbox'),
      queued: total('queued'),
      working: total('working'),
      needsYou: total('needs-you'),
      done: total('done'),
    },
  };
}
