import type { BudgetUse } from './budget.ts';
import type { McpAnswer, McpSeen } from './mcp.ts';
import type { StepMemory } from './memory.ts';
import type { PromptRecord } from './prompt.ts';
import type {
  CallRecord,
  ChecksRecord,
  GateRecord,
  PlannedCall,
  ProofRecord,
  TranscriptEntry,
} from './records.ts';
import type { Finding, Report } from './report.ts';
import type { Verdict } from './status.ts';
import type { StepOutput, WorkStep } from './work.ts';

/** What a step stores when it is done; durable before the next step starts. */
export interface StepResult {
  stepId: number;
  commit: string | null;
  output: StepOutput;
}

export interface IntegrationPlan {
  oldSha: string;
  newSha: string;
  branch: string;
}

/** How an attempt reaches the engine. Each write carries the fence; `stale` means the lease is gone: stop at once. */
export interface AttemptPorts {
  checkpoint(done: StepResult): Promise<'ok' | 'stale'>;
  transcript(entry: TranscriptEntry): void;
  progress(): void;
  /** Keeps what a step knows while it waits; `stale` means the lease is gone. */
  remember(stepId: number, memory: StepMemory): Promise<'ok' | 'stale'>;
  /** Before a model is called: rejects with BUDGET_EXCEEDED when no budget allows the most that the call can cost. */
  beforeCall(call: PlannedCall): Promise<void>;
  call(record: CallRecord): Promise<void>;
  gate(record: GateRecord): Promise<void>;
  /** The steps of the next round of a workflow, or none when the lease is gone. */
  nextRound(): Promise<WorkStep[]>;
  checks(record: ChecksRecord): Promise<void>;
  proof(record: ProofRecord): Promise<void>;
  /** What the agent is told when a step begins; stored before it is sent. */
  prompt(record: PromptRecord): Promise<void>;
  /** Whether what an MCP server offers is what was accepted. */
  mcp(seen: McpSeen): Promise<McpAnswer>;
  /** Serial per project: waits for its turn, then logs the effect before the push. Rejects with LEASE_LOST when stale. */
  planIntegration(plan: IntegrationPlan): Promise<{ effectId: number }>;
  settleIntegration(effectId: number, result: 'done' | 'refused'): Promise<void>;
  /** Integration of this chain that already landed before a crash, if any. */
  landedIntegration(): Promise<IntegrationPlan | null>;
  now(): Date;
}

export type IntegrationResult =
  | {
      result: 'merged';
      oldSha: string;
      newSha: string;
      rebased: boolean;
      files: number;
      /** Where it waits for a pull request instead of being on the project's branch. */
      branch?: string;
    }
  | { result: 'unchanged' }
  | { result: 'moved'; detail: string; newHead: string }
  | { result: 'conflict'; files: string[]; detail: string };

/** A budget that did not allow a call. */
export interface ShortOf {
  use: BudgetUse;
  /** Euro that it would have had to promise. */
  needs: number;
  /** Waiting frees nothing: a person must say. */
  ask: boolean;
  /** It is the task's or its pipeline's own. */
  narrow: boolean;
}

/** How an attempt ended; the engine decides what follows. */
export type AttemptOutcome =
  | {
      kind: 'done';
      verdict: Verdict;
      /** Last pushed commit of this task; null when it wrote nothing. */
      commit: string | null;
      report: Report;
      findings: Finding[];
      integration: IntegrationResult | null;
    }
  | {
      kind: 'failed';
      cause: 'gate' | 'model' | 'limit' | 'agent';
      code: string;
      message: string;
      /** Whether it left anything changed in the files; absent where nobody looked. */
      changed?: boolean;
    }
  | { kind: 'infra'; code: string; message: string }
  | {
      kind: 'yielded';
      reason: 'drained' | 'stopped' | 'asked' | 'permission' | 'consent' | 'budget';
      question: string;
      /** Of reason budget: which one did not reach. */
      short?: ShortOf;
    }
  | { kind: 'aborted'; code: string };
