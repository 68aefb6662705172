import { type AgentRole, type Blueprint, blueprintSchema } from '#server/domain/blueprint.ts';
import type { Capability } from '#server/domain/capabilities.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { mcpServerWorkSchema } from '#server/domain/mcp.ts';
import { choicePipelines } from '#server/domain/pipelines.ts';
import { chainPlanSchema } from '#server/domain/plan.ts';
import type { ModelProvider } from '#server/domain/providers.ts';
import type { Finding } from '#server/domain/report.ts';
import { companyRulesSchema, defaultRules } from '#server/domain/role-rules.ts';
import type { CapabilityMode, WorkRails } from '#server/domain/safety.ts';
import type { Stage } from '#server/domain/status.ts';
import type { Route } from '#server/domain/views/routing.ts';
import type { AttemptWork, CompanyBrief, Evidence, StepOutput } from '#server/domain/work.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import { coalesce } from './coalesce.ts';
import { readEarlier } from './data/session-log.ts';
import { readResume } from './memory.ts';

export interface ClaimRequest {
  taskId: number;
  dispatch: number;
  host: string;
  workerId: string;
}
export type ClaimResult =
  | { result: 'ok'; attemptId: number; fence: number; n: number; slot: number }
  | { result: 'stale' | 'stopped' | 'draining' | 'no_slot' };

interface Row {
  result: string;
  attempt_id: number;
  fence: number;
  n: number;
  slot: number;
}

/** Batched claims of one process. The kill switch, the dispatch and the host's slots are checked in the database. */
export function claimer(
  db: Pick<Db, 'pool'>,
  lease: { leaseMs: number; deadlineMs: number },
): (r: ClaimRequest) => Promise<ClaimResult> {
  return coalesce(async (items: ClaimRequest[]) => {
    const { rows } = await db.pool.query<Row>({
      name: 'alai_claim',
      text: 'SELECT * FROM alai_claim($1, $2, $3, $4, $5, $6)',
      values: [
        items.map((i) => i.taskId),
        items.map((i) => i.dispatch),
        items.map((i) => i.host),
        items.map((i) => i.workerId),
        lease.leaseMs,
        lease.deadlineMs,
      ],
    });
    return rows.map(
      (r): ClaimResult =>
        r.result === 'ok'
          ? { result: 'ok', attemptId: r.attempt_id, fence: r.fence, n: r.n, slot: r.slot }
          : { result: r.result as 'stale' },
    );
  });
}

export interface StartRequest {
  attemptId: number;
  fence: number;
  sandboxed: boolean;
}

/** Batched LEASED -> RUNNING. Answers the id of the step that runs now. */
export function starter(
  db: Pick<Db, 'pool'>,
): (r: StartRequest) => Promise<{ result: 'ok' | 'stale'; stepId: number | null }> {
  return coalesce(async (items: StartRequest[]) => {
    const { rows } = await db.pool.query<{ result: 'ok' | 'stale'; step_id: number | null }>({
      name: 'alai_start',
      text: 'SELECT * FROM alai_start($1, $2, $3)',
      values: [items.map((i) => i.attemptId), items.map((i) => i.fence), items.map((i) => i.sandboxed)],
    });
    return rows.map((r) => ({ result: r.result, stepId: r.step_id }));
  });
}

/** The parts of a pinned company that an attempt reads; versions made before a part existed lack it. */
interface PinnedCompany {
  rules?: string;
  identity?: string;
  agents?: Partial<Record<AgentRole, { instructions?: string }>>;
  skills?: CompanyBrief['skills'];
  mcp?: unknown;
  policy?: unknown;
}

function briefOf(c: PinnedCompany): CompanyBrief {
  if (c.identity === undefined) return { identity: c.rules ?? '', roles: {}, skills: [] };
  const roles = Object.fromEntries(
    Object.entries(c.agents ?? {}).map(([role, agent]) => [role, agent?.instructions ?? '']),
  );
  return { identity: c.identity, roles, skills: c.skills ?? [] };
}

/** Who does the steps of a workflow, each as pinned with the chain's plan. */
async function agentsOf(
  q: Queryable,
  chainPlan: unknown,
  stage: Stage | null,
): Promise<AttemptWork['agents']> {
  const plan = chainPlan ? chainPlanSchema.parse(chainPlan) : null;
  const agents = Object.entries(plan?.stages.find((s) => s.stage === stage)?.agents ?? {});
  if (agents.length === 0) return {};
  const { rows } = await q.query<{ name: string; hash: string; data: PinnedCompany }>(
    `SELECT name, hash, data FROM catalogue_version WHERE kind = 'company' AND hash = ANY($1)`,
    [agents.map(([, a]) => a.companyHash)],
  );
  return Object.fromEntries(
    agents.flatMap(([key, a]) => {
      const data = rows.find((v) => v.name === a.company && v.hash === a.companyHash)?.data;
      if (!data)
        throw new AlaiError(
          'COMPANY_UNKNOWN',
          `${a.company} (${a.companyHash.slice(0, 12)}), who does the step ${key}, is not stored.`,
          'Route the task again.',
        );
      const policy = data.policy ? companyRulesSchema.parse(data.policy) : defaultRules();
      const mcp = mcpServerWorkSchema.array().parse(data.mcp ?? []);
      return [[key, { name: a.company, company: briefOf(data), mcp, policy, tiers: a.tiers }]];
    }),
  );
}

function modelsOf(route: Route | null, host: string): AttemptWork['models'] {
  return (route?.choices ?? [])
    .filter((c) => c.host === host)
    .map((c) => ({
      tier: c.tier,
      name: c.model,
      provider: c.provider as ModelProvider,
      pipelines: choicePipelines(c),
    }))
    .sort((a, b) => a.tier - b.tier);
}

/** The owner's word on capabilities and files in this project: its own row counts before the one for all. */
async function readWorkRails(q: Queryable, projectId: string): Promise<WorkRails> {
  const [modes, paths] = await Promise.all([
    q.query<{ capability: Capability; mode: CapabilityMode }>(
      `SELECT DISTINCT ON (capability) capability, mode FROM capability_rule WHERE project_id IN ('', $1)
       ORDER BY capability, project_id DESC`,
      [projectId],
    ),
    q.query<{ glob: string; rail: string; reason: string }>(
      `SELECT unnest(paths) glob, name rail, reason FROM safety_rail
       WHERE removed_at IS NULL AND (project_id IS NULL OR project_id = $1)`,
      [projectId],
    ),
  ]);
  return {
    modes: Object.fromEntries(modes.rows.map((m) => [m.capability, m.mode])),
    paths: paths.rows,
  };
}

/** Everything one attempt needs, read once after its claim. Throws BLUEPRINT_UNKNOWN when the pinned version is not stored. */
export async function loadWork(
  db: Pick<Db, 'pool'>,
  attemptId: number,
  repositoryUrl: (projectId: string) => string,
): Promise<AttemptWork> {
  const { rows } = await db.pool.query(
    `SELECT a.id attempt_id, a.fence, a.n, a.host, a.slot, a.model, a.provider, a.tier attempt_tier, t.*, c.root_task_id, c.head chain_head, c.cycle chain_cycle,
       p.name project_name, p.default_branch, p.is_sample, p.unsandboxed_allowed,
       b.data blueprint_data, co.data company_data, c.plan chain_plan, p.merge project_merge, root.title root_title,
       rv.old_sha revert_old, rv.new_sha revert_new
     FROM attempt a JOIN task t ON t.id = a.task_id LEFT JOIN chain c ON c.id = t.chain_id LEFT JOIN project p ON p.id = t.project_id
     LEFT JOIN catalogue_version b ON b.kind = 'blueprint' AND b.name = t.blueprint AND b.hash = t.blueprint_hash
     LEFT JOIN catalogue_version co ON co.kind = 'company' AND co.name = t.company AND co.hash = t.company_hash
     LEFT JOIN effect rv ON rv.id = t.reverts LEFT JOIN task root ON root.id = c.root_task_id
     WHERE a.id = $1`,
    [attemptId],
  );
  const r = rows[0];
  if (!r?.project_id)
    throw new AlaiError(
      'NOT_FOUND',
      `Attempt ${attemptId} has no project to work in.`,
      'Give the task a project.',
    );
  if (!r.blueprint_data)
    throw new AlaiError(
      'BLUEPRINT_UNKNOWN',
      `Blueprint ${r.blueprint} (${r.blueprint_hash}) is not stored.`,
      'Route the task again.',
    );
  const blueprint: Blueprint = blueprintSchema.parse(r.blueprint_data);
  const [steps, earlier, findings, evidence, resume, rails] = await Promise.all([
    db.pool.query<{
      id: number;
      key: string;
      iteration: number;
      ord: number;
      state: string;
      commit: string | null;
      output: StepOutput | null;
    }>(
      'SELECT id, key, iteration, ord, state, commit, output FROM step WHERE task_id = $1 AND generation = $2 ORDER BY iteration, ord',
      [r.id, r.generation],
    ),
    readEarlier(db.pool, r.id),
    db.pool.query<Finding>(
      'SELECT severity, title, detail, file, line, evidence FROM finding WHERE mend_task_id = $1 ORDER BY id',
      [r.id],
    ),
    // Only what the REVIEW of this chain saw: who builds does not vouch for himself.
    db.pool.query<Evidence>(
      `SELECT DISTINCT g.command, g.tree, t.id "taskId", t.stage FROM gate_result g JOIN task t ON t.id = g.task_id
       WHERE t.chain_id = $1 AND t.stage = 'REVIEW' AND t.status = 'DONE' AND t.verdict = 'pass'
         AND g.gate = 'command' AND g.ok AND g.exit_code = 0 AND g.tree IS NOT NULL`,
      [r.chain_id],
    ),
    readResume(db.pool, r.id, r.generation),
    readWorkRails(db.pool, r.project_id),
  ]);
  const choice = (r.route as Route | null)?.choices.find(
    (x) => x.host === r.host && x.tier === r.attempt_tier && x.model === r.model,
  );
  const commit = steps.rows.filter((s) => s.commit).at(-1)?.commit ?? null;
  const company = (r.company_data ?? {}) as PinnedCompany;
  return {
    attemptId,
    fence: r.fence,
    n: r.n,
    host: r.host,
    slot: r.slot,
    model: {
      provider: r.provider,
      name: r.model,
      tier: r.attempt_tier,
      host: r.host,
      account: choice?.account ?? null,
      pipelines: choicePipelines(choice ?? { provider: r.provider }),
    },
    task: {
      id: r.id,
      title: r.title,
      description: r.description,
      stage: r.stage,
      cycle: r.cycle,
      generation: r.generation,
      priority: r.priority,
      tags: r.tags,
      company: r.company ?? 'CodeCraft',
      tier: r.attempt_tier,
      pipelineId: r.pipeline_id,
      chainId: r.chain_id,
      rootTaskId: r.root_task_id,
      rootTitle: r.root_title,
    },
    project: {
      id: r.project_id,
      name: r.project_name,
      repositoryUrl: repositoryUrl(r.project_id),
      defaultBranch: r.default_branch,
      merge: r.project_merge,
      isSample: r.is_sample,
      unsandboxedAllowed: r.unsandboxed_allowed,
    },
    baseCommit: commit ?? r.base,
    blueprint,
    steps: steps.rows.map((s) => ({
      id: s.id,
      key: s.key,
      iteration: s.iteration,
      ord: s.ord,
      done: s.state === 'DONE',
      commit: s.commit,
      output: s.output,
    })),
    integrates: r.integrates,
    reverts: r.revert_new ? { oldSha: r.revert_old, newSha: r.revert_new } : null,
    reviewedCommit: r.stage === 'REVIEW' || r.stage === 'SECURITY' ? r.chain_head : null,
    company: briefOf(company),
    mcp: mcpServerWorkSchema.array().parse(company.mcp ?? []),
    agents: await agentsOf(db.pool, r.chain_plan, r.stage),
    models: modelsOf(r.route, r.host),
    companyPolicy: company.policy ? companyRulesSchema.parse(company.policy) : defaultRules(),
    evidence: evidence.rows,
    earlier,
    findings: findings.rows,
    feedback: r.feedback,
    resume,
    rails,
  };
}
