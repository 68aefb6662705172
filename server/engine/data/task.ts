import { AlaiError } from '#server/domain/errors.ts';
import type { Patience } from '#server/domain/looks.ts';
import { isAcceptBranch, type MergeView } from '#server/domain/merge.ts';
import type { ChainState } from '#server/domain/status.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { FindingView } from '#server/domain/views/evidence.ts';
import type { Route } from '#server/domain/views/routing.ts';
import type { TaskListItem, TaskView } from '#server/domain/views/task.ts';
import type { Db } from '#server/platform/db.ts';
import { readMerge } from './merge.ts';
import { patience, readTasks, type TaskRow, taskStatus } from './rows.ts';
import { waitReasons } from './waits.ts';

interface MoreRow {
  description: string;
  owner: string | null;
  blueprint: string | null;
  route: Route | null;
  report: TaskView['report'];
  plan: TaskView['plan'];
  ver: number;
  root_task_id: number | null;
  chain_state: ChainState | null;
  chain_ask: number | null;
  minion_waits: boolean;
  reverts: number | null;
  minion: boolean;
}

const notFound = (id: number) =>
  new AlaiError(
    'NOT_FOUND',
    `Task #${id} does not exist.`,
    'Look the number up on the board, or search with /.',
  );

/** The human moves that the engine would accept right now. */
function commandsOf(t: TaskRow, chain: ChainState | null): TaskView['commands'] {
  const commands: TaskView['commands'] = [];
  if (t.status === 'OPEN' && t.project_id !== null && t.unmet === 0) commands.push('start');
  if (t.status === 'OPEN' || t.status === 'NEEDS_HUMAN') commands.push('done');
  const live = ['OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN'].includes(t.status);
  if (live || chain === 'ACTIVE' || chain === 'NEEDS_HUMAN') commands.push('cancel');
  const over = chain === null || chain === 'FINISHED' || chain === 'CANCELLED';
  if (over && ['DONE', 'FAILED', 'CANCELLED'].includes(t.status)) commands.push('reopen');
  if (t.status === 'OPEN' || t.status === 'NEEDS_HUMAN') commands.push('edit');
  if (t.status === 'RUNNING') commands.push('stop');
  if (chain !== null && chain !== 'CANCELLED') commands.push('send-back');
  return commands;
}

function revertsOf(
  t: TaskRow,
  reverts: number | null,
  merge: MergeView | null,
  findings: FindingView[],
): TaskView['commands'] {
  if (merge && !merge.revert && !isAcceptBranch(merge.branch)) return ['revert'];
  const refused = reverts !== null && t.status === 'DONE' && t.verdict === 'reject';
  return refused && findings.some((f) => f.followUpTaskId === null) ? ['revert-as-work'] : [];
}

const refOf = (t: TaskRow, p: Patience): TaskView['dependsOn'][number] => ({
  id: t.id,
  title: t.title,
  stage: t.stage,
  status: taskStatus(t, p),
});

const findingColumns = `f.id, f.task_id "taskId", f.severity, f.title, f.detail, f.file, f.line, f.evidence,
  f.mend_task_id "followUpTaskId", f.mended_at IS NOT NULL mended`;

/** Everything a task's page shows but its transcript, changes and evidence. Throws NOT_FOUND. */
export async function readTask(db: Db, timing: Timing, id: number): Promise<TaskView> {
  const q = db.pool;
  const [[t], more, steps, attempts, findings, toMend, p, merge] = await Promise.all([
    readTasks(q, 't.id = $1', [id]),
    q.query<MoreRow>(
      `SELECT t.description, t.owner, t.blueprint, t.route, t.report, t.ver, t.reverts, coalesce(c.plan->>'landing' = 'hold', false) minion, c.root_task_id, c.state chain_state,
         (SELECT s.output->'plan' FROM step s WHERE s.task_id = t.id AND s.generation = t.generation
           AND s.output->>'plan' IS NOT NULL ORDER BY s.iteration DESC, s.ord DESC LIMIT 1) plan,
         (SELECT max(e.id) FROM escalation e WHERE e.chain_id = c.id AND e.state IN ('OPEN', 'PENDING')) chain_ask,
         EXISTS (SELECT 1 FROM escalation e WHERE e.chain_id = c.id AND e.kind = 'minion' AND e.state = 'OPEN') minion_waits
       FROM task t LEFT JOIN chain c ON c.id = t.chain_id WHERE t.id = $1`,
      [id],
    ),
    q.query<TaskView['steps'][number]>(
      `SELECT s.id, s.key, s.iteration, s.state, s.commit, s.done_at "doneAt" FROM step s JOIN task t ON t.id = s.task_id AND t.generation = s.generation
       WHERE s.task_id = $1 ORDER BY s.iteration, s.ord`,
      [id],
    ),
    q.query<TaskView['attempts'][number] & { sandboxed: boolean | null }>(
      `SELECT id, n, host, slot, model, tier, state, started_at "startedAt", ended_at "endedAt", heard_at "heardAt", last_progress_at "lastProgressAt",
         error, tokens_in "tokensIn", tokens_out "tokensOut", cost_eur::float8 "costEur", scripted, sandboxed
       FROM attempt WHERE task_id = $1 ORDER BY n`,
      [id],
    ),
    q.query<FindingView>(`SELECT ${findingColumns} FROM finding f WHERE f.task_id = $1 ORDER BY f.id`, [id]),
    q.query<FindingView>(`SELECT ${findingColumns} FROM finding f WHERE f.mend_task_id = $1 ORDER BY f.id`, [
      id,
    ]),
    patience(q, timing),
    readMerge(q, id),
  ]);
  const extra = more.rows[0];
  if (!t || !extra) throw notFound(id);
  const root = extra.root_task_id ?? t.id;
  const [waits, before, after] = await Promise.all([
    waitReasons(q, [t]),
    readTasks(q, 't.id IN (SELECT on_task_id FROM dependency WHERE task_id = $1) ORDER BY t.id', [id]),
    readTasks(q, 't.id IN (SELECT task_id FROM dependency WHERE on_task_id = $1) ORDER BY t.id', [root]),
  ]);
  return {
    id: t.id,
    title: t.title,
    description: extra.description,
    state: t.status,
    status: taskStatus(t, p),
    stage: t.stage,
    cycle: t.cycle,
    generation: t.generation,
    verdict: t.verdict,
    origin: t.origin as TaskView['origin'],
    priority: t.priority,
    tags: t.tags,
    owner: extra.owner,
    projectId: t.project_id,
    projectName: t.project_name,
    pipelineId: t.pipeline_id,
    chainId: t.chain_id,
    chainState: extra.chain_state,
    rootTaskId: extra.root_task_id,
    parentId: t.parent_id,
    company: t.company,
    tier: t.tier,
    blueprint: extra.blueprint,
    host: t.host,
    slot: t.slot,
    route: extra.route,
    waits: waits.get(t.id) ?? null,
    nextTryAt: t.next_try_at,
    minion: extra.minion,
    commands: [
      ...commandsOf(t, extra.chain_state),
      ...(extra.minion_waits ? (['merge-minion'] as const) : []),
      ...revertsOf(t, extra.reverts, merge, findings.rows),
    ],
    dependsOn: before.map((x) => refOf(x, p)),
    blocks: after.map((x) => refOf(x, p)),
    steps: steps.rows,
    attempts: attempts.rows.map(({ sandboxed: _s, ...a }) => a),
    findings: findings.rows,
    toMend: toMend.rows,
    merge,
    report: extra.report,
    plan: extra.plan,
    escalationId: t.asks?.id ?? extra.chain_ask,
    costEur: t.cost_eur,
    tokensIn: t.tokens_in,
    tokensOut: t.tokens_out,
    createdAt: t.created_at,
    startedAt: t.started_at,
    finishedAt: t.finished_at,
    scripted: t.scripted,
    sandboxed: attempts.rows.at(-1)?.sandboxed ?? null,
    version: extra.ver,
  };
}

export interface TaskFilter {
  status?: string[];
  projectId?: string;
  tag?: string;
  company?: string;
  q?: string;
  limit: number;
  /** Tasks older than this number. */
  cursor?: number;
}

async function listWhere(db: Db, timing: Timing, where: string, values: unknown[]): Promise<TaskListItem[]> {
  const [tasks, p] = await Promise.all([readTasks(db.pool, where, values), patience(db.pool, timing)]);
  const waits = await waitReasons(db.pool, tasks);
  return tasks.map((t) => ({
    id: t.id,
    title: t.title,
    state: t.status,
    status: taskStatus(t, p),
    stage: t.stage,
    cycle: t.cycle,
    priority: t.priority,
    tags: t.tags,
    company: t.company,
    tier: t.tier,
    host: t.host,
    projectId: t.project_id,
    projectName: t.project_name,
    pipelineId: t.pipeline_id,
    chainId: t.chain_id,
    parentId: t.parent_id,
    waits: waits.get(t.id) ?? null,
    createdAt: t.created_at,
    finishedAt: t.finished_at,
  }));
}

/** Tasks by filter, newest first. A search finds numbers (`4001`, `#4001`) and words of titles. */
export async function listTasks(db: Db, timing: Timing, f: TaskFilter): Promise<TaskListItem[]> {
  const number = /^#?(\d{1,15})$/.exec(f.q?.trim() ?? '')?.[1];
  const like = f.q ? `%${f.q.trim().replace(/[\\%_]/g, '\\$&')}%` : null;
  return await listWhere(
    db,
    timing,
    `($1::text[] IS NULL OR t.status = ANY($1)) AND ($2::text IS NULL OR t.project_id = $2) AND ($3::text IS NULL OR $3 = ANY(t.tags))
     AND ($4::text IS NULL OR t.title ILIKE $4 OR t.id = $5::bigint) AND ($6::bigint IS NULL OR t.id < $6)
     AND ($8::text IS NULL OR t.company = $8) ORDER BY t.id DESC LIMIT $7`,
    [
      f.status ?? null,
      f.projectId ?? null,
      f.tag ?? null,
      like,
      number ?? null,
      f.cursor ?? null,
      f.limit,
      f.company ?? null,
    ],
  );
}

/** What a human should look at next: what needs him first, then what waits for a project, then what is open. */
export async function nextTask(db: Db, timing: Timing): Promise<TaskListItem | null> {
  const [first] = await listWhere(
    db,
    timing,
    `t.status IN ('NEEDS_HUMAN', 'OPEN') AND t.unmet = 0
     ORDER BY t.status, CASE t.priority WHEN 'H' THEN 0 WHEN 'M' THEN 1 ELSE 2 END, t.id LIMIT 1`,
    [],
  );
  return first ?? null;
}
