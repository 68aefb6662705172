import { z } from 'zod';
import { stages } from './status.ts';
import { routeSchema } from './views/routing.ts';

/** Who does one step of a workflow. */
const stepAgentSchema = z.object({
  company: z.string(),
  companyHash: z.string(),
  /** Tiers in the order they are tried; empty is the tier of the attempt. */
  tiers: z.array(z.number().int().min(1).max(5)),
});
export type StepAgent = z.infer<typeof stepAgentSchema>;

/** What one stage of a chain will be done by; pinned when the chain is created, so a changed company changes nothing here. */
const stagePlanSchema = z.object({
  stage: z.enum(stages),
  company: z.string(),
  /** Version of the company's rules in catalogue_version (kind `company`). */
  companyHash: z.string().nullable(),
  blueprint: z.string(),
  /** Version of the resolved blueprint in catalogue_version (kind `blueprint`). */
  blueprintHash: z.string().nullable(),
  /** Keys of the blueprint's steps in order, without `integrate`. */
  steps: z.array(z.string()),
  route: routeSchema,
  /** Of a workflow: who does each of its steps, where it is not the stage's own company and tier. */
  agents: z.record(z.string(), stepAgentSchema).optional(),
});
export type StagePlan = z.infer<typeof stagePlanSchema>;

/** Stages in order. BUILD is first; the last of BUILD, REVIEW, SECURITY merges; OPS and DOCS merge their own work. */
export const chainPlanSchema = z.object({
  stages: z.array(stagePlanSchema).min(1),
  /** `hold`: a minion. Its result stays on its branch until a human merges or discards it. */
  landing: z.enum(['merge', 'hold']).optional(),
});
export type ChainPlan = z.infer<typeof chainPlanSchema>;

/** One task, one worktree, one blueprint, no reviews: the BUILD of a plan, held until a human merges it. */
export function minionOf(plan: ChainPlan): ChainPlan {
  const build = plan.stages.filter((s) => s.stage === 'BUILD');
  return { stages: build.length > 0 ? build : plan.stages.slice(0, 1), landing: 'hold' };
}

/** The harness step that merges; never part of a blueprint. */
export const INTEGRATE = 'integrate';

/** Whether the task of this stage ends with the merge. */
function integratesAt(plan: ChainPlan, stage: StagePlan['stage']): boolean {
  if (stage === 'OPS' || stage === 'DOCS') return true;
  if (plan.landing === 'hold') return false;
  const reviewed = plan.stages.filter((s) => s.stage !== 'OPS' && s.stage !== 'DOCS');
  return reviewed.at(-1)?.stage === stage;
}

/** Step keys of the stage's task, the harness step included. */
export function stepKeys(plan: ChainPlan, stage: StagePlan): string[] {
  return integratesAt(plan, stage.stage) ? [...stage.steps, INTEGRATE] : stage.steps;
}

/** The stage after `stage` in this plan, or null when it is the last. */
export function stageAfter(plan: ChainPlan, stage: StagePlan['stage']): StagePlan | null {
  const i = plan.stages.findIndex((s) => s.stage === stage);
  return plan.stages[i + 1] ?? null;
}

export function stageOf(plan: ChainPlan, stage: StagePlan['stage']): StagePlan | null {
  return plan.stages.find((s) => s.stage === stage) ?? null;
}
