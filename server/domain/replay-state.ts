import type {
  AttemptState,
  ChainState,
  EscalationState,
  Origin,
  PipelineState,
  Stage,
  TaskStatus,
  Verdict,
} from './status.ts';

export interface ReplayTask {
  id: number;
  title: string;
  status: TaskStatus;
  stage: Stage | null;
  cycle: number;
  chainId: number | null;
  parentId: number | null;
  origin: Origin;
  projectId: string | null;
  generation: number;
  company: string | null;
  tier: number | null;
  host: string | null;
  verdict: Verdict | null;
  createdAt: Date;
  waitingSince: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
}
export interface ReplayChain {
  id: number;
  rootTaskId: number;
  generation: number;
  state: ChainState;
  cycle: number;
  rejects: number;
  mergeReturns: number;
  accepted: boolean;
  acceptedAt: Date | null;
  /** What it merged was taken back. */
  reverted: boolean;
  stages: { stage: Stage; company: string; tier: number }[];
}
export interface ReplayAttempt {
  id: number;
  taskId: number;
  n: number;
  state: AttemptState;
  host: string;
  slot: number;
  model: string;
  tier: number;
  startedAt: Date;
  endedAt: Date | null;
}
export interface ReplayEscalation {
  id: number;
  kind: string;
  question: string;
  taskId: number | null;
  chainId: number | null;
  state: EscalationState;
  answer: string | null;
  askedAt: Date;
}
/** A pipeline at one moment, as its log tells it. */
export interface ReplayState {
  pipeline: { state: PipelineState; title: string; finishedAt: Date | null };
  tasks: Map<number, ReplayTask>;
  chains: Map<number, ReplayChain>;
  /** By "task>on". */
  deps: Map<string, { taskId: number; onTaskId: number; kind: string; satisfied: boolean }>;
  attempts: Map<number, ReplayAttempt>;
  /** The same attempts by task, in order. */
  byTask: Map<number, ReplayAttempt[]>;
  escalations: Map<number, ReplayEscalation>;
  findings: Map<number, { taskId: number; mendTaskId: number | null }>;
  /** Chains that tasks name and the log does not tell of: they began before it held everything. */
  untold: Set<number>;
}

export function emptyState(): ReplayState {
  return {
    pipeline: { state: 'OPEN', title: '', finishedAt: null },
    tasks: new Map(),
    chains: new Map(),
    deps: new Map(),
    attempts: new Map(),
    byTask: new Map(),
    escalations: new Map(),
    findings: new Map(),
    untold: new Set(),
  };
}
