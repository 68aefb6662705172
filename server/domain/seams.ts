import type {
  AttemptPorts,
  AttemptWork,
  CallRecord,
  Finding,
  GateRecord,
  IntegrationResult,
  Report,
} from './attempt.ts';
import type { GateSpec } from './blueprint.ts';

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

/** What the harness saw of one attempt; the proof of work is made of it. */
export interface ProofInput {
  work: AttemptWork;
  outcome: string;
  report: Report;
  findings: Finding[];
  calls: CallRecord[];
  gates: GateRecord[];
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
