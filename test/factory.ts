import { randomUUID } from 'node:crypto';
import type { IntegrationResult } from '#server/domain/attempt.ts';
import type { ChainPlan, StagePlan } from '#server/domain/plan.ts';
import type { Finding, Report } from '#server/domain/report.ts';
import type { Stage, Verdict } from '#server/domain/status.ts';
import { timing } from '#server/domain/timing.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { advancer } from '#server/engine/advance.ts';
import { checkpointer } from '#server/engine/checkpoint.ts';
import { claimer, starter } from '#server/engine/claim.ts';
import { createTasks, type NewWork } from '#server/engine/create.ts';
import { planIntegration, settleEffect } from '#server/engine/effect.ts';
import type { Actor } from '#server/engine/event.ts';
import { registerWorker } from '#server/engine/hosts.ts';
import { type Delivery, publishDeliveries } from '#server/engine/outbox.ts';
import { type Db, transaction } from '#server/platform/db.ts';

export const ceo: Actor = { kind: 'human', name: 'Alem' };

export const route = (over: Partial<Route> = {}): Route => ({
  company: 'CodeCraft',
  blueprint: 'build',
  complexity: 2,
  domain: 'code',
  type: 'feature',
  confidence: 1,
  tier: 2,
  choices: [
    { host: 'ANVIL', model: 'qwen2.5-coder:32b', tier: 2, provider: 'ollama' },
    { host: 'FORGE', model: 'qwen2.5-coder:32b', tier: 2, provider: 'ollama' },
    { host: 'FORGE', model: 'qwen3:32b', tier: 3, provider: 'ollama' },
  ],
  skipped: [],
  held: null,
  reasons: ['test'],
  classifier: 'rules',
  ...over,
});

export const plan = (
  stages: Stage[] = ['BUILD', 'REVIEW', 'SECURITY'],
  steps: string[] = ['work'],
): ChainPlan => ({
  stages: stages.map(
    (stage): StagePlan => ({
      stage,
      company: 'CodeCraft',
      companyHash: 'c1',
      blueprint: 'build',
      blueprintHash: 'b1',
      steps,
      route: route(),
    }),
  ),
});

export const work = (title: string, over: Partial<NewWork> = {}): NewWork => ({
  title,
  description: '',
  priority: 'M',
  tags: [],
  owner: null,
  parentId: null,
  origin: 'human',
  route: route(),
  plan: plan(),
  dependsOn: [],
  dependsOnTasks: [],
  ...over,
});

/** Drives the engine through the functions that workers use, with a queue that only remembers. */
export async function testFactory(db: Db, options: { slots?: number } = {}) {
  const published: Delivery[] = [];
  const publisher = {
    publish: async (d: Delivery[]) => {
      published.push(...d);
    },
  };
  // Quick, but nobody dies of a slow machine: its workers beat once, when they register.
  const t = { ...timing(0.1), lease: 30_000, heartbeat: 15_000, workerSeen: 600_000 };
  const workers: Record<string, string> = {};
  for (const name of ['ANVIL', 'FORGE']) {
    workers[name] = randomUUID();
    await registerWorker(db, publisher, {
      id: workers[name],
      pid: 1,
      host: { name, slots: options.slots ?? 3, memoryGb: 96, models: [], scripted: true, sandbox: 'none' },
    });
  }
  await db.pool.query(
    `INSERT INTO project(id, name, default_branch) VALUES ('p1', 'Bento', 'main') ON CONFLICT DO NOTHING`,
  );
  const claim = claimer(db, { leaseMs: t.lease, deadlineMs: t.attemptDeadline });
  const start = starter(db);
  const checkpoint = checkpointer(db, t.lease);
  const advance = advancer(db, publisher);
  const one = async <T>(sql: string, values: unknown[]): Promise<T> =>
    (await db.pool.query(sql, values)).rows[0] as T;

  return {
    db,
    publisher,
    published,
    workers,
    timing: t,
    claim,
    start,
    checkpoint: async (c: Parameters<typeof checkpoint>[0]) => (await checkpoint(c)).result,
    advance,
    async create(works: NewWork[], title = 'Bento') {
      const made = await transaction(db, (q) => createTasks(q, { title, projectId: 'p1', works }, ceo));
      await publishDeliveries(db.pool, publisher, made.deliveries);
      return made;
    },
    task: (id: number) =>
      one<Record<string, never> & { status: string; dispatch: number; host: string; unmet: number }>(
        'SELECT * FROM task WHERE id = $1',
        [id],
      ),
    chainOf: (id: number) =>
      one<{ id: number; state: string; cycle: number; rejects: number; merge_returns: number; head: string }>(
        'SELECT c.* FROM chain c JOIN task t ON t.chain_id = c.id WHERE t.id = $1',
        [id],
      ),
    async live(chainId: number) {
      return await one<{
        id: number;
        stage: Stage;
        cycle: number;
        status: string;
        dispatch: number;
        host: string;
      }>(
        `SELECT * FROM task WHERE chain_id = $1 AND status IN ('OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN')`,
        [chainId],
      );
    },
    /** Claims and starts what is queued for this task. */
    async take(taskId: number) {
      const task = await one<{ dispatch: number; host: string }>(
        'SELECT dispatch, host FROM task WHERE id = $1',
        [taskId],
      );
      const c = await claim({
        taskId,
        dispatch: task.dispatch,
        host: task.host,
        workerId: workers[task.host] as string,
      });
      if (c.result !== 'ok') throw new Error(`claim of #${taskId}: ${c.result}`);
      const s = await start({ attemptId: c.attemptId, fence: c.fence, sandboxed: true });
      return { ...c, taskId, host: task.host, stepId: s.stepId as number };
    },
    /** Runs the task's steps to the end. */
    async run(
      taskId: number,
      o: {
        verdict?: Verdict;
        findings?: Finding[];
        integration?: IntegrationResult | null;
        commit?: string | null;
        report?: Report;
      } = {},
    ) {
      const a = await this.take(taskId);
      const steps = (
        await db.pool.query<{ id: number; key: string }>(
          `SELECT s.id, s.key FROM step s JOIN task t ON t.id = s.task_id AND t.generation = s.generation WHERE s.task_id = $1 AND s.state <> 'DONE' ORDER BY s.ord`,
          [taskId],
        )
      ).rows;
      let integration = o.integration ?? null;
      for (const s of steps) {
        if (s.key === 'integrate' && o.verdict !== 'reject' && !integration) {
          const effect = await planIntegration(db, a, {
            oldSha: `old${taskId}`,
            newSha: `new${taskId}`,
            branch: 'main',
          });
          if (effect) await settleEffect(db, effect.effectId, 'DONE');
          integration = {
            result: 'merged',
            oldSha: `old${taskId}`,
            newSha: `new${taskId}`,
            rebased: false,
            files: 1,
          };
        }
        const { result: r } = await checkpoint({
          attemptId: a.attemptId,
          fence: a.fence,
          stepId: s.id,
          commit: o.commit === undefined ? `commit${taskId}` : o.commit,
          output: { text: '', report: null, findings: [], tree: null },
        });
        if (r !== 'ok') throw new Error(`checkpoint of #${taskId}: ${r}`);
      }
      return await advance({
        attemptId: a.attemptId,
        fence: a.fence,
        verdict: o.verdict ?? 'pass',
        commit: o.commit === undefined ? `commit${taskId}` : o.commit,
        report: o.report ?? null,
        findings: o.findings ?? [],
        integration,
      });
    },
  };
}
