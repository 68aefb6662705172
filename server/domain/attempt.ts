import { z } from 'zod';
import type { AgentRole, Blueprint } from './blueprint.ts';
import type { BudgetUse } from './budget.ts';
import type { CheckResult } from './checks.ts';
import type { McpAnswer, McpSeen, McpServerWork } from './mcp.ts';
import type { Resume, StepMemory } from './memory.ts';
import type { MergeMode } from './merge.ts';
import type { PipelineName } from './pipelines.ts';
import type { PromptRecord } from './prompt.ts';
import type { ModelProvider } from './providers.ts';
import type { CompanyRules } from './role-rules.ts';
import type { WorkRails } from './safety.ts';
import type { GivenSkill } from './skill.ts';
import { type Stage, severities, type Verdict, verdicts } from './status.ts';

/** A problem found by a reviewer. `file` is relative to the repository; text is data, never instructions. */
export const findingSchema = z.object({
  severity: z.enum(severities),
  title: z.string().min(1).max(300),
  detail: z.string().max(4_000).default(''),
  file: z.string().max(500).nullable().default(null),
  line: z.number().int().positive().nullable().default(null),
  evidence: z.string().max(4_000).default(''),
});
export type Finding = z.infer<typeof findingSchema>;

/** What a lead hands to the builder: typed, so that each item can be answered for. */
export const planSchema = z.object({
  items: z
    .array(
      z.object({
        title: z.string().min(1).max(200),
        files: z.array(z.string().max(300)).max(30).default([]),
        detail: z.string().max(2_000).default(''),
        acceptance: z.string().max(1_000).default(''),
      }),
    )
    .min(1)
    .max(20),
  risks: z.array(z.string().max(500)).max(20).default([]),
  notTouching: z.array(z.string().max(500)).max(20).default([]),
});
export type Plan = z.infer<typeof planSchema>;

/** What became of one item of the plan, by its number from 1. */
export const planAnswerSchema = z.object({
  item: z.number().int().positive(),
  state: z.enum(['done', 'skipped']),
  why: z.string().max(1_000).default(''),
});
export type PlanAnswer = z.infer<typeof planAnswerSchema>;
/** A reviewer's answer to one acceptance criterion. */
export const criterionAnswerSchema = z.object({
  number: z.number().int().positive(),
  met: z.boolean(),
  evidence: z.string().min(1).max(1_000),
});

/** What an agent says it did, by the session log's schema. Given to later agents of the pipeline. */
export const reportSchema = z.object({
  agentType: z.string().max(40),
  company: z.string().max(60),
  taskSummary: z.string().min(1).max(4_000),
  filesWritten: z.array(z.string().max(500)).max(500).default([]),
  keyDecisions: z.array(z.string().max(1_000)).max(50).default([]),
  blockers: z.array(z.string().max(1_000)).max(50).default([]),
  verification: z.string().max(4_000).default(''),
  verdict: z.enum(verdicts).nullable().default(null),
  /** The plan it was given, item by item. */
  planItems: z.array(planAnswerSchema).max(30).default([]),
  /** A reviewer's answer to each acceptance criterion, by its number. */
  criteria: z.array(criterionAnswerSchema).max(50).default([]),
  /** Earlier work or knowledge this one rests on, e.g. `#4001`. */
  consulted: z.array(z.string().max(200)).max(50).default([]),
});
export type Report = z.infer<typeof reportSchema>;

export interface ModelChoice {
  provider: ModelProvider;
  /** The entry of providers.yaml that is called; null for the host's own model server and for CLI agents. */
  account?: string | null;
  name: string;
  tier: number;
  host: string;
  /** How it is asked, in order; all ways of its provider when absent. */
  pipelines?: PipelineName[];
}

/** One finished or unfinished step of the task, as the engine knows it when an attempt starts. */
export interface WorkStep {
  id: number;
  key: string;
  iteration: number;
  ord: number;
  done: boolean;
  /** Commit pushed when the step finished; null when it changed nothing or is not done. */
  commit: string | null;
  output: StepOutput | null;
}

export interface StepOutput {
  text: string;
  report: Report | null;
  findings: Finding[];
  tree: string | null;
  /** Of a lead's step; absent where it made none. */
  plan?: Plan | null;
}

export interface EarlierWork {
  taskId: number;
  title: string;
  /** 0 in the same chain, 1 in a chain this one waited for, and so on. */
  hops: number;
  stage: Stage | null;
  cycle: number;
  company: string | null;
  verdict: Verdict | null;
  report: Report | null;
}

/** A command that the harness ran on this very tree under review, and that passed. */
export interface Evidence {
  command: string[];
  tree: string;
  taskId: number;
  stage: Stage | null;
}

/** What the pinned version of a company teaches its agents. */
export interface CompanyBrief {
  /** CLAUDE.md */
  identity: string;
  /** Instructions of each role. */
  roles: Partial<Record<AgentRole, string>>;
  skills: GivenSkill[];
}

/** A change as it was merged: the branch before and after it. */
export interface RevertedChange {
  oldSha: string;
  newSha: string;
}

/** All that one attempt needs to know; built by the claim, read once, never a live handle. */
export interface AttemptWork {
  attemptId: number;
  fence: number;
  /** 1, 2, 3 … over all claims of this task and generation; names branch and worktree `minion/<task>-<n>`. */
  n: number;
  host: string;
  slot: number;
  model: ModelChoice;
  task: {
    id: number;
    title: string;
    description: string;
    stage: Stage | null;
    cycle: number;
    generation: number;
    priority: string;
    tags: string[];
    company: string;
    tier: number;
    pipelineId: number;
    chainId: number | null;
    rootTaskId: number | null;
    /** What the deliverable is called; its stages say what they do to it. */
    rootTitle: string | null;
  };
  project: {
    id: string;
    name: string;
    repositoryUrl: string;
    defaultBranch: string;
    /** How accepted work meets the branch. */
    merge: MergeMode;
    /** The shipped sample may run commands where the machine has no OS sandbox. */
    isSample: boolean;
    /** The human allowed commands without an OS sandbox for this project. */
    unsandboxedAllowed: boolean;
  };
  /** Where work starts: the last done step's commit, else the chain's head, else null = the default branch's head. */
  baseCommit: string | null;
  blueprint: Blueprint;
  /** `integrate` is last among them when this task merges what it reviewed. */
  steps: WorkStep[];
  integrates: boolean;
  /** The merged change that this task takes back; null for every other task. */
  reverts: RevertedChange | null;
  /** The commit that was reviewed: what `integrate` merges. Null for OPS and DOCS, which merge their own commit. */
  reviewedCommit: string | null;
  company: CompanyBrief;
  /** The MCP servers of the company; a step's blueprint says which it may use. */
  mcp: McpServerWork[];
  /** Of a workflow: who does a step, by its key. */
  agents: Record<
    string,
    { name: string; company: CompanyBrief; mcp: McpServerWork[]; policy: CompanyRules; tiers: number[] }
  >;
  /** Models of this host that the route allows, lowest tier first. */
  models: { tier: number; name: string; provider?: ModelProvider; pipelines?: PipelineName[] }[];
  /** What the roles of the company may do, as pinned with its version. */
  companyPolicy: CompanyRules;
  /** What reviewers of this chain saw pass; evidence is bound to the tree, so a later stage need not run it again on the same one. */
  evidence: Evidence[];
  /** Reports of earlier tasks of the pipeline that this one stands on, nearest and newest first. */
  earlier: EarlierWork[];
  /** Findings this task has to mend (a rejected review, or the finding a follow-up was made of). */
  findings: Finding[];
  /** Why the last attempt failed, fed back to this one; empty on a first attempt. */
  /** What agents may do here without asking, and which files ask first. */
  rails: WorkRails;
  /** The step that waited and goes on now; null for a fresh start. */
  resume: Resume | null;
  feedback: string;
}

export const transcriptKinds = [
  'harness',
  'assistant',
  'tool_call',
  'tool_result',
  'gate',
  'error',
  'stream',
] as const;
export type TranscriptKind = (typeof transcriptKinds)[number];

export interface TranscriptEntry {
  /** Grows by one inside an attempt; an entry written again under the same number replaces it (streaming text). */
  seq: number;
  at: Date;
  stepKey: string;
  kind: TranscriptKind;
  /** assistant/harness: {text}; tool_call: {id, name, arguments}; tool_result: {id, name, ok, output, ms, exitCode?,
   *  added?, removed?}; gate: {gate, ok, detail, try}; error: {code, message, hint}. */
  data: Record<string, unknown>;
}

export interface CallRecord {
  stepKey: string;
  provider: string;
  model: string;
  /** Input that was not in the provider's cache. */
  tokensIn: number;
  /** All output, thinking included. */
  tokensOut: number;
  tokensCacheRead: number;
  tokensCacheWrite: number;
  tokensThinking: number;
  ms: number;
  ok: boolean;
  errorCode: string | null;
  /** The server said that its answers are scripted. */
  scripted: boolean;
}

/** A call that is about to be made, at its largest. */
export interface PlannedCall {
  provider: string;
  model: string;
  /** Estimated from the text that is sent. */
  tokensIn: number;
  maxTokens: number;
  totalMs: number;
  /** What the same run used before and nobody was told of yet: an agent's process is counted when it ends. */
  used?: Pick<CallRecord, 'tokensIn' | 'tokensOut' | 'tokensCacheRead' | 'tokensCacheWrite'> | undefined;
}

export interface GateRecord {
  stepKey: string;
  gate: string;
  /** 1 for the first run, 2 and 3 for the retries with the failure fed back. */
  tryNumber: number;
  ok: boolean;
  verdict: 'pass' | 'retry' | 'reject' | 'escalate';
  detail: string;
  command: string[] | null;
  exitCode: number | null;
  ms: number;
  /** Evidence is bound to the tree it was gathered on. */
  tree: string | null;
  output: string;
}

/** The nineteen checks as they came out after one try of a step, on one tree. */
export interface ChecksRecord {
  stepKey: string;
  tryNumber: number;
  tree: string;
  results: CheckResult[];
}

export interface ProofRecord {
  /** GOTCHA.md text. */
  gotcha: string;
  manifest: Record<string, unknown>;
  /** Unified diff of what this task changed (capped; the manifest says when). */
  patch: string;
}

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
