import type { AttemptPorts } from '#server/domain/attempt.ts';
import type { Blueprint } from '#server/domain/blueprint.ts';
import { defaultRules } from '#server/domain/role-rules.ts';
import type { Stage } from '#server/domain/status.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import type { Drill } from './defects.ts';

/** One attempt on the drill's repository, as the engine would hand it out. */
export function drillWork(
  drill: Drill,
  o: {
    stage: Stage;
    company: string;
    blueprint: Blueprint;
    bare: string;
    head: string | null;
    builtBy: string | null;
    model: string;
    rules: string;
  },
): AttemptWork {
  return {
    attemptId: 1,
    fence: 1,
    n: 1,
    host: 'drill',
    slot: 1,
    model: { provider: 'ollama', name: o.model, tier: 1, host: 'drill' },
    task: {
      id: 1,
      ...drill.task,
      stage: o.stage,
      cycle: 0,
      generation: 1,
      priority: 'M',
      tags: [],
      company: o.company,
      tier: 1,
      pipelineId: 1,
      chainId: 1,
      rootTitle: null,
      rootTaskId: 1,
    },
    project: {
      id: 'drill',
      name: 'bento',
      repositoryUrl: o.bare,
      merge: 'merge-commit',
      defaultBranch: 'main',
      isSample: true,
      unsandboxedAllowed: false,
    },
    baseCommit: o.head,
    blueprint: o.blueprint,
    steps: o.blueprint.steps.map((s, ord) => ({
      id: ord + 1,
      key: s.key,
      iteration: 0,
      ord,
      done: false,
      commit: null,
      output: null,
    })),
    integrates: false,
    reverts: null,
    reviewedCommit: o.head,
    company: { identity: o.rules, roles: {}, skills: [] },
    mcp: [],
    companyPolicy: defaultRules(),
    agents: {},
    models: [],
    evidence: [],
    earlier: o.builtBy
      ? [
          {
            taskId: 1,
            title: '',
            hops: 0,
            stage: 'BUILD',
            cycle: 0,
            company: o.builtBy,
            verdict: 'pass',
            report: null,
          },
        ]
      : [],
    findings: [],
    feedback: '',
    rails: { modes: {}, paths: [] },
    resume: null,
  };
}

/** Ports that keep nothing; the drill reads what it needs from those it overrides. */
export function drillPorts(over: Partial<AttemptPorts>): AttemptPorts {
  return {
    checkpoint: async () => 'ok',
    remember: async () => 'ok',
    transcript: () => {},
    progress: () => {},
    beforeCall: async () => {},
    call: async () => {},
    prompt: async () => {},
    mcp: async () => ({ ok: true }),
    gate: async () => {},
    nextRound: async () => [],
    checks: async () => {},
    proof: async () => {},
    planIntegration: async () => ({ effectId: 1 }),
    settleIntegration: async () => {},
    landedIntegration: async () => null,
    now: () => new Date(),
    ...over,
  };
}
