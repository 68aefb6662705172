/** The state machines of the engine, as data: the words, the legal moves and who may make them. */

export const stages = ['BUILD', 'REVIEW', 'SECURITY', 'OPS', 'DOCS'] as const;
export type Stage = (typeof stages)[number];

/** Who makes a move: engine, worker, reaper (sweep), human, policy (safety rails). */
export const actorKinds = ['engine', 'worker', 'reaper', 'human', 'policy'] as const;
export type ActorKind = (typeof actorKinds)[number];

export const taskStatuses = [
  'OPEN',
  'QUEUED',
  'RUNNING',
  'NEEDS_HUMAN',
  'DONE',
  'FAILED',
  'CANCELLED',
  'SKIPPED',
] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export const chainStates = ['ACTIVE', 'NEEDS_HUMAN', 'ACCEPTED', 'FINISHED', 'CANCELLED'] as const;
export type ChainState = (typeof chainStates)[number];

export const pipelineStates = ['OPEN', 'RUNNING', 'NEEDS_HUMAN', 'DONE', 'FAILED', 'CANCELLED'] as const;
export type PipelineState = (typeof pipelineStates)[number];

export const stepStates = ['PENDING', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'] as const;

export const attemptStates = [
  'LEASED',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'YIELDED',
  'LOST',
  'TIMED_OUT',
  'CANCELLED',
] as const;
export type AttemptState = (typeof attemptStates)[number];

export const escalationStates = ['OPEN', 'PENDING', 'ANSWERED', 'WITHDRAWN'] as const;
export type EscalationState = (typeof escalationStates)[number];

export const machines = {
  task: {
    OPEN: {
      QUEUED: ['engine'],
      NEEDS_HUMAN: ['policy'],
      DONE: ['human'],
      SKIPPED: ['human'],
      CANCELLED: ['human'],
    },
    QUEUED: {
      RUNNING: ['worker'],
      NEEDS_HUMAN: ['engine'],
      CANCELLED: ['human'],
      // A human lets it wait for something else, or leaves it out, before any agent has begun.
      OPEN: ['human'],
      SKIPPED: ['human'],
    },
    RUNNING: { QUEUED: ['engine'], NEEDS_HUMAN: ['engine'], DONE: ['engine'], CANCELLED: ['human'] },
    NEEDS_HUMAN: { OPEN: ['human'], DONE: ['human'], FAILED: ['human'], CANCELLED: ['human'] },
    DONE: { OPEN: ['human'] },
    FAILED: { OPEN: ['human'] },
    CANCELLED: { OPEN: ['human'] },
    SKIPPED: {},
  },
  chain: {
    ACTIVE: { ACCEPTED: ['engine'], NEEDS_HUMAN: ['engine'], CANCELLED: ['human'] },
    NEEDS_HUMAN: { ACTIVE: ['human'], CANCELLED: ['human'] },
    ACCEPTED: { FINISHED: ['engine'], CANCELLED: ['human'] },
    FINISHED: {},
    CANCELLED: {},
  },
  step: {
    PENDING: { RUNNING: ['worker'], FAILED: ['human'], CANCELLED: ['human'] },
    RUNNING: { DONE: ['worker'], PENDING: ['worker', 'reaper'], FAILED: ['human'], CANCELLED: ['human'] },
    DONE: {},
    FAILED: {},
    CANCELLED: {},
  },
  attempt: {
    LEASED: {
      RUNNING: ['worker'],
      FAILED: ['worker'],
      LOST: ['reaper'],
      TIMED_OUT: ['reaper'],
      CANCELLED: ['human'],
    },
    RUNNING: {
      SUCCEEDED: ['worker'],
      FAILED: ['worker'],
      YIELDED: ['worker'],
      LOST: ['reaper'],
      TIMED_OUT: ['reaper'],
      CANCELLED: ['human'],
    },
    SUCCEEDED: {},
    FAILED: {},
    YIELDED: {},
    LOST: {},
    TIMED_OUT: {},
    CANCELLED: {},
  },
  escalation: {
    OPEN: { PENDING: ['human'], WITHDRAWN: ['engine'] },
    PENDING: { ANSWERED: ['engine'], OPEN: ['human'] },
    ANSWERED: {},
    WITHDRAWN: {},
  },
} as const satisfies Record<string, Record<string, Record<string, readonly ActorKind[]>>>;

export type MachineName = keyof typeof machines;
type Moves = Record<string, Record<string, readonly ActorKind[]>>;

/** The states that `from` may move to, for refusals that name the allowed ones. */
export function allowedMoves(machine: MachineName, from: string): string[] {
  return Object.keys((machines[machine] as Moves)[from] ?? {});
}

/** Whether `actor` may move `machine` from `from` to `to`. */
export function mayMove(machine: MachineName, from: string, to: string, actor: ActorKind): boolean {
  return (machines[machine] as Moves)[from]?.[to]?.includes(actor) ?? false;
}

export const verdicts = ['pass', 'reject'] as const;
/** What a finished task says of the work it looked at. BUILD, OPS and DOCS finish with `pass`. */
export type Verdict = (typeof verdicts)[number];

export const severities = ['critical', 'major', 'minor', 'info'] as const;
export type Severity = (typeof severities)[number];

export const priorities = ['H', 'M', 'L'] as const;
export type Priority = (typeof priorities)[number];

export const origins = ['human', 'stage', 'finding', 'plan'] as const;
export type Origin = (typeof origins)[number];

/** Live tasks still need somebody: a worker, the engine or a human. */
export const liveTaskStatuses = ['OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN'] as const satisfies TaskStatus[];
export function isLiveTask(s: TaskStatus): boolean {
  return (liveTaskStatuses as readonly string[]).includes(s);
}
