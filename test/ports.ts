import type { AttemptPorts, IntegrationPlan, StepResult } from '#server/domain/attempt.ts';
import type { StepMemory } from '#server/domain/memory.ts';
import type { PromptRecord } from '#server/domain/prompt.ts';
import type {
  CallRecord,
  ChecksRecord,
  GateRecord,
  ProofRecord,
  TranscriptEntry,
} from '#server/domain/records.ts';

/** Ports that keep everything in memory, as the engine would in rows. */
export interface MemoryPorts extends AttemptPorts {
  steps: StepResult[];
  entries: TranscriptEntry[];
  calls: CallRecord[];
  gates: GateRecord[];
  checked: ChecksRecord[];
  proofs: ProofRecord[];
  prompts: PromptRecord[];
  memories: { stepId: number; memory: StepMemory }[];
  plans: (IntegrationPlan & { settled: string })[];
}

export function memoryPorts(over: Partial<AttemptPorts> = {}): MemoryPorts {
  const p: MemoryPorts = {
    steps: [],
    entries: [],
    calls: [],
    gates: [],
    checked: [],
    proofs: [],
    prompts: [],
    memories: [],
    plans: [],
    async checkpoint(s) {
      p.steps.push(s);
      return 'ok';
    },
    transcript(e) {
      const at = p.entries.findIndex((x) => x.seq === e.seq);
      if (at >= 0) p.entries[at] = e;
      else p.entries.push(e);
    },
    progress() {},
    async beforeCall() {},
    async call(r) {
      p.calls.push(r);
    },
    async gate(r) {
      p.gates.push(r);
    },
    async nextRound() {
      return [];
    },
    async checks(r) {
      p.checked.push(r);
    },
    async proof(r) {
      p.proofs.push(r);
    },
    async prompt(r) {
      p.prompts.push(r);
    },
    async remember(stepId, memory) {
      p.memories.push({ stepId, memory });
      return 'ok';
    },
    async mcp() {
      return { ok: true };
    },
    async planIntegration(plan) {
      p.plans.push({ ...plan, settled: '' });
      return { effectId: p.plans.length };
    },
    async settleIntegration(id, result) {
      const plan = p.plans[id - 1];
      if (plan) plan.settled = result;
    },
    async landedIntegration() {
      return null;
    },
    now: () => new Date(),
    ...over,
  };
  return p;
}
