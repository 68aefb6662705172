import type { AttemptPorts, IntegrationResult } from './attempt.ts';
import type { AgentRole, GateSpec } from './blueprint.ts';
import type { CheckResult } from './checks.ts';
import type { CallRecord, GateRecord } from './records.ts';
import type { Finding, Report } from './report.ts';
import type { Stage } from './status.ts';
import type { AttemptWork } from './work.ts';

/** The seams between execution, quality and integration: rooms that do not import each other, put together by workers/. */

export interface CommandResult {
  exitCode: number | null;
  timedOut: boolean;
  /** The limit that stopped it, when it was not its time. */
  stopped?: string;
  output: string;
  cut: boolean;
  ms: number;
  sandboxed: boolean;
}

export type RunCommand = (argv: string[], seconds: number) => Promise<CommandResult>;

/** What a gate may look at. */
export interface GateContext {
  root: string;
  run: RunCommand;
  /** Files this step changed, relative to the root; deleted ones are not among them. */
  changed: string[];
  /** Lines this step added, by file. */
  addedLines: { file: string; line: number; text: string }[];
  /** What the agent said at the end of the step. */
  output: string;
}

export interface GateResult {
  ok: boolean;
  /** Why it does not apply here; counts as passed and is shown. */
  skipped?: string;
  detail: string;
  command: string[] | null;
  exitCode: number | null;
  output: string;
}

export type RunGate = (gate: GateSpec, context: GateContext) => Promise<GateResult>;

/** A tree laid out in a folder of its own, with nothing in it that is not in the tree. */
export interface Checkout {
  root: string;
  run: RunCommand;
}

/** What the nineteen checks may look at: the work as it would be committed, never what somebody says of it. */
export interface CheckInput {
  stage: Stage | null;
  /** Role of the step after which the checks run. */
  role: AgentRole;
  company: string;
  /** Who built what is judged here; null outside of REVIEW and SECURITY. */
  builtBy: string | null;
  /** The task changes the shape or the tests and not what the program does. */
  keepsBehaviour?: boolean;
  /** A human takes back what was merged: test commands and lockfiles become what they were. */
  reverts?: boolean;
  /** The operator's own registry of packages, beside the public one. */
  registry?: string | undefined;
  /** Whether this task may change files at all. */
  writes: boolean;
  root: string;
  base: string;
  tree: string;
  /** All that this task changed, not only its last step. */
  changes: { path: string; status: 'A' | 'M' | 'D' | 'T'; added: number; removed: number }[];
  addedLines: { file: string; line: number; text: string }[];
  /** Every run of a gate in this attempt, oldest first. */
  gates: GateRecord[];
  report: Report | null;
  /** Whether the step has the tool to report with. */
  mayReport: boolean;
  /** Paths that earlier steps of this task reported. */
  reported: string[];
  findings: Finding[];
  criteria: string[];
  /** Ids of the tasks whose reports the agent was given. */
  earlier: number[];
  /** A DOCS stage follows, so that docs need not be in this change. */
  docsFollow: boolean;
  /** Why a path is outside of what may change, or null. */
  outside: (path: string) => string | null;
  /** A file as it was before the change; null when it was not there. */
  before: (path: string) => Promise<string | null>;
  run: RunCommand;
  /** The finished tree alone. */
  clean: () => Promise<Checkout>;
  /** The tree before the change, with only these paths as they are after it. */
  beforeWith: (paths: string[]) => Promise<Checkout>;
  /** Conflicting files of a merge into the default branch as it is now; empty when it merges cleanly. */
  conflicts: () => Promise<string[]>;
  signal: AbortSignal;
}

/** What the checks were told, kept in the proof so that anybody can run them again. */
export type InspectedFacts = Pick<
  CheckInput,
  | 'stage'
  | 'role'
  | 'company'
  | 'builtBy'
  | 'writes'
  | 'keepsBehaviour'
  | 'base'
  | 'tree'
  | 'mayReport'
  | 'reported'
  | 'criteria'
  | 'earlier'
  | 'docsFollow'
  | 'report'
> & { outside: Record<string, string> };

export type RunChecks = (input: CheckInput) => Promise<CheckResult[]>;

/** What the harness saw of one attempt; the proof of work is made of it. */
export interface ProofInput {
  work: AttemptWork;
  outcome: string;
  report: Report;
  findings: Finding[];
  calls: CallRecord[];
  gates: GateRecord[];
  checks: CheckResult[];
  inspected: InspectedFacts | null;
  commands: {
    stepKey: string;
    argv: string[];
    exitCode: number | null;
    ms: number;
    output: string;
    sandboxed: boolean;
  }[];
  integration: IntegrationResult | null;
  base: string | null;
  commit: string | null;
  tree: string | null;
  files: { path: string; added: number; removed: number }[];
  patch: { text: string; cut: boolean };
  sandbox: string;
  startedAt: Date;
  endedAt: Date;
}

/** One merge: exactly this commit, onto the project's branch, by compare-and-set. */
export interface IntegrateInput {
  work: AttemptWork;
  gitDir: string;
  /** Where a throwaway worktree may be made. */
  tmpDir: string;
  token: string | undefined;
  /** Commit to merge. */
  commit: string;
  ports: Pick<AttemptPorts, 'planIntegration' | 'settleIntegration' | 'landedIntegration' | 'now'>;
  /** Reruns the command gates on a rebased tree; null when all hold, else what failed. */
  recheck: (root: string, tree: string) => Promise<string | null>;
  note: (text: string) => void;
  signal: AbortSignal;
}
