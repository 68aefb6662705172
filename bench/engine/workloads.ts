import type { Route } from '#server/domain/views/routing.ts';
import { advancer } from '#server/engine/advance.ts';
import { checkpointer } from '#server/engine/checkpoint.ts';
import { claimer, starter } from '#server/engine/claim.ts';
import { createTasks, type NewWork } from '#server/engine/create.ts';
import { ENGINE } from '#server/engine/event.ts';
import { publishDeliveries, queueTasks } from '#server/engine/outbox.ts';
import { transaction } from '#server/platform/db.ts';
import { type Bench, HOST, SLOTS } from './machine.ts';
import { percentiles } from './raw.ts';

const LEASE = { leaseMs: 30_000, deadlineMs: 3_600_000 };
const route: Route = {
  company: 'CodeCraft',
  blueprint: 'bench',
  complexity: 1,
  domain: 'code',
  type: 'bench',
  confidence: 1,
  tier: 1,
  choices: [{ host: HOST, model: 'none', tier: 1, provider: 'ollama' }],
  skipped: [],
  held: null,
  reasons: [],
  classifier: 'bench',
};
const output = { text: 'done', report: null, findings: [], tree: null };

function work(title: string, steps: number, dependsOn: number[] = []): NewWork {
  return {
    title,
    description: '',
    priority: 'H',
    tags: [],
    owner: null,
    parentId: null,
    origin: 'plan',
    route,
    plan: null,
    steps: Array.from({ length: steps }, (_, i) => `s${i + 1}`),
    dependsOn,
    dependsOnTasks: [],
  };
}

/** As many as the engine flushes at once. */
const BATCH = 64;

/** Queued in the database, then delivered, as every command of the engine does it; the mark "sent" is not waited for. */
async function dispatch(b: Bench, taskIds: number[]): Promise<void> {
  const deliveries = await queueTasks(b.db.pool, taskIds, ENGINE, 'Ready');
  publishDeliveries(b.db.pool, b.queue, deliveries).catch((e) => process.stderr.write(`${e}\n`));
}

/** Writes tasks that nobody has started: what is measured begins with their dispatch. */
async function prepare(b: Bench, works: NewWork[]): Promise<number[]> {
  const made = await transaction(b.db, (q) =>
    createTasks(
      q,
      { title: 'Bench', projectId: null, works, start: false },
      { kind: 'human', name: 'bench' },
    ),
  );
  return made.taskIds;
}

/** The functions of a host worker, around a body that does nothing. */
async function withWorker<T>(
  b: Bench,
  onStart: (taskId: number) => void,
  onDone: (taskId: number) => void,
  use: () => Promise<T>,
): Promise<T> {
  const claim = claimer(b.db, LEASE);
  const start = starter(b.db);
  const checkpoint = checkpointer(b.db, LEASE.leaseMs);
  const advance = advancer(b.db, b.queue);
  const consumer = await b.queue.consume(
    HOST,
    SLOTS,
    async (job) => {
      const a = await claim({ ...job, host: HOST, workerId: b.workerId });
      if (a.result !== 'ok') return;
      const held = { attemptId: a.attemptId, fence: a.fence };
      onStart(job.taskId);
      const started = await start({ ...held, sandboxed: false });
      for (let step = started.stepId; step !== null; ) {
        const done = await checkpoint({ ...held, stepId: step, commit: null, output });
        if (done.result !== 'ok') throw new Error('stale in a bench');
        step = done.nextStepId;
      }
      await advance({
        ...held,
        verdict: 'pass',
        commit: null,
        report: null,
        findings: [],
        integration: null,
      });
      onDone(job.taskId);
    },
    (e) => process.stderr.write(`${e.message}\n`),
  );
  try {
    return await use();
  } finally {
    await consumer.close();
  }
}

/** Sessions report their commits when they were idle for ten seconds, or when they are told to. */
async function commits(b: Bench): Promise<number> {
  const clients = await Promise.all(Array.from({ length: b.db.pool.options.max }, () => b.db.pool.connect()));
  try {
    await Promise.all(clients.map((c) => c.query('SELECT pg_stat_force_next_flush()')));
  } finally {
    for (const c of clients) c.release();
  }
  // The sessions of the queue cannot be told.
  if (b.backend === 'postgres') await new Promise((r) => setTimeout(r, 11_000));
  const { rows } = await b.db.pool.query<{ n: number }>(
    'SELECT xact_commit n FROM pg_stat_database WHERE datname = current_database()',
  );
  return rows[0]?.n ?? 0;
}

async function timed(b: Bench, works: NewWork[]): Promise<{ seconds: number; commits: number }> {
  const all = Promise.withResolvers<void>();
  let left = works.length;
  return await withWorker(
    b,
    () => {},
    () => {
      if (--left === 0) all.resolve();
    },
    async () => {
      const ids = await prepare(b, works);
      const roots = ids.filter((_, i) => works[i]?.dependsOn.length === 0);
      const before = await commits(b);
      const t = performance.now();
      for (let at = 0; at < roots.length; at += BATCH) await dispatch(b, roots.slice(at, at + BATCH));
      await all.promise;
      const seconds = (performance.now() - t) / 1000;
      return { seconds, commits: (await commits(b)) - before };
    },
  );
}

/** W1: tasks of five steps each, 50 at a time, each step durable before the next starts. */
export async function chainOfSteps(
  b: Bench,
  tasks: number,
): Promise<{ stepsPerSecond: number; commitsPerStep: number; seconds: number }> {
  const works = Array.from({ length: tasks }, (_, i) => work(`W1 ${i}`, 5));
  const r = await timed(b, works);
  return {
    stepsPerSecond: (tasks * 5) / r.seconds,
    commitsPerStep: r.commits / (tasks * 5),
    seconds: r.seconds,
  };
}

/** W2: one task, then a thousand, then one that waits for all of them. */
export async function fan(
  b: Bench,
  width: number,
): Promise<{ seconds: number; tasks: number; commitsPerTask: number }> {
  const leaves = Array.from({ length: width }, (_, i) => i + 1);
  const works = [work('root', 0), ...leaves.map((i) => work(`leaf ${i}`, 0, [0])), work('sink', 0, leaves)];
  const r = await timed(b, works);
  return { seconds: r.seconds, tasks: works.length, commitsPerTask: r.commits / works.length };
}

/** W3: one task at a time on an idle system, from submit to claimed. */
export async function latency(b: Bench, n: number): Promise<{ p50: number; p99: number }> {
  const waiting = new Map<number, (at: number) => void>();
  const early = new Map<number, number>();
  const waits: number[] = [];
  await withWorker(
    b,
    (taskId) => {
      const at = performance.now();
      const w = waiting.get(taskId);
      if (w) w(at);
      else early.set(taskId, at);
    },
    () => {},
    async () => {
      const ids = await prepare(
        b,
        Array.from({ length: n }, (_, i) => work(`W3 ${i}`, 0)),
      );
      for (const id of ids) {
        const t = performance.now();
        await dispatch(b, [id]);
        const at = early.get(id) ?? (await new Promise<number>((r) => waiting.set(id, r)));
        waits.push(at - t);
        await new Promise((r) => setTimeout(r, 10));
      }
    },
  );
  return percentiles(waits);
}
