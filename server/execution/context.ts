import type { AttemptPorts } from '#server/domain/attempt.ts';
import type { CheckResult } from '#server/domain/checks.ts';
import type { CallRecord, GateRecord } from '#server/domain/records.ts';
import type { Finding, Plan, Report } from '#server/domain/report.ts';
import type { InspectedFacts, ProofInput } from '#server/domain/seams.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import type { RunnerConfig } from './ports.ts';
import type { Mask } from './prompt/mask.ts';
import type { Transcript } from './transcript.ts';
import type { Workspace } from './workspace.ts';

/** What one attempt gathers over its steps; the proof of work is made of it. */
export interface Gathered {
  calls: CallRecord[];
  gates: GateRecord[];
  commands: ProofInput['commands'];
  findings: Finding[];
  report: Report | null;
  /** Files that the reports of done steps name. */
  reported: string[];
  /** The nineteen checks as they came out last; empty until they ran. */
  checks: CheckResult[];
  inspected: InspectedFacts | null;
  /** The last plan of this task. */
  plan: Plan | null;
  /** Notes of the harness that are said once. */
  said: Set<string>;
  notes: { key: string; text: string }[];
}

/** What every part of an attempt works with. */
export interface StepContext {
  work: AttemptWork;
  /** Round of a workflow, 0 for the first and for everything else. */
  iteration: number;
  ports: AttemptPorts;
  config: RunnerConfig;
  workspace: Workspace;
  transcript: Transcript;
  gathered: Gathered;
  mask: Mask;
  signal: AbortSignal;
}
