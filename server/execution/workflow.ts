import { type BlueprintStep, workflowLimits } from '#server/domain/blueprint.ts';
import type { Finding } from '#server/domain/report.ts';
import type { Severity } from '#server/domain/status.ts';
import type { AttemptWork, StepOutput } from '#server/domain/work.ts';

/** Workflows: a blueprint whose steps name agents and are gone through again until they pass. Pure decisions. */

export const isWorkflow = (work: AttemptWork): boolean => work.blueprint.kind === 'workflow';

/** Whether the step judges: the stages that review, and the reviewing steps of a workflow. */
export const judges = (work: AttemptWork, step: BlueprintStep): boolean =>
  work.task.stage === 'REVIEW' ||
  work.task.stage === 'SECURITY' ||
  (isWorkflow(work) && step.role === 'reviewer');

const MUST: Severity[] = ['critical', 'major'];

export interface Round {
  /** 0 for the first. */
  iteration: number;
  outputs: StepOutput[];
}

export type AfterRound =
  | { kind: 'enough'; because: string }
  | { kind: 'again'; because: string }
  | { kind: 'give-up'; because: string };

/** What follows a round: enough when nothing must be mended and few suggestions are left; another round while there may be one. */
export function afterRound(work: AttemptWork, round: Round): AfterRound {
  const { maxIterations, maxSuggestions } = workflowLimits(work.blueprint);
  const findings = round.outputs.flatMap((o) => o.findings);
  const rejected = round.outputs.some((o) => o.report?.verdict === 'reject');
  const must = findings.filter((f) => MUST.includes(f.severity)).length;
  const suggestions = findings.length - must;
  const left = `${must} to mend, ${suggestions} suggestion${suggestions === 1 ? '' : 's'}`;
  if (!rejected && must === 0 && suggestions <= maxSuggestions)
    return {
      kind: 'enough',
      because: `Round ${round.iteration + 1} passed: ${left}, ${maxSuggestions} allowed.`,
    };
  if (round.iteration + 1 < maxIterations)
    return {
      kind: 'again',
      because: `Round ${round.iteration + 1} of ${maxIterations}: ${left}. Once more.`,
    };
  // Whoever only judges has done his work by finding something.
  if (!work.blueprint.steps.some((s) => s.role === 'builder'))
    return { kind: 'enough', because: `Judged: ${left}.` };
  return rejected || must > 0
    ? { kind: 'give-up', because: `${maxIterations} rounds did not settle it: ${left}.` }
    : { kind: 'enough', because: `${maxIterations} rounds were done; ${left} stay for later.` };
}

/** The work as one step of a workflow sees it: its own company, its own model, and what the last review found. */
export function workOf(
  work: AttemptWork,
  step: BlueprintStep,
  open: Finding[],
): { work: AttemptWork; note: string | null } {
  const agent = work.agents[step.key];
  const findings = [...work.findings, ...open];
  if (!agent) return { work: { ...work, findings }, note: null };
  const model = agent.tiers.map((t) => work.models.find((m) => m.tier === t)).find((m) => m !== undefined);
  const note =
    agent.tiers.length > 0 && !model
      ? `Tier ${agent.tiers.join(' or ')} has no model on ${work.host}: ${work.model.name} of tier ${work.model.tier} does this step.`
      : null;
  return {
    work: {
      ...work,
      task: { ...work.task, company: agent.name },
      company: agent.company,
      // Servers are pinned per company: those of the task's own are not this agent's.
      mcp: agent.mcp,
      companyPolicy: agent.policy,
      model: model ? { ...work.model, ...model } : work.model,
      findings,
    },
    note,
  };
}
