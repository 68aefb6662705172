import type { CheckResult } from './checks.ts';

const transcriptKinds = [
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
