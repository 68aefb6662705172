import type { AgentRole, Blueprint } from './blueprint.ts';
import type { McpServerWork } from './mcp.ts';
import type { Resume } from './memory.ts';
import type { MergeMode } from './merge.ts';
import type { PipelineName } from './pipelines.ts';
import type { ModelProvider } from './providers.ts';
import type { Finding, Plan, Report } from './report.ts';
import type { CompanyRules } from './role-rules.ts';
import type { WorkRails } from './safety.ts';
import type { GivenSkill } from './skill.ts';
import type { Stage, Verdict } from './status.ts';

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
  /** What agents may do here without asking, and which files ask first. */
  rails: WorkRails;
  /** The step that waited and goes on now; null for a fresh start. */
  resume: Resume | null;
  /** Why the last attempt failed, fed back to this one; empty on a first attempt. */
  feedback: string;
}

/** What it takes to choose whom to ask: of an attempt's work, or of a question that belongs to no task. */
export interface Asking {
  task?: Pick<AttemptWork['task'], 'id'>;
  project: Pick<AttemptWork['project'], 'isSample'>;
  model: Pick<ModelChoice, 'provider' | 'account'>;
}
