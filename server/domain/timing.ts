import { DRAIN_MINUTES } from './host.ts';

/**
 * All durations of the factory in milliseconds, from one scale, so that tests run the same rules faster.
 * The unscaled numbers are DESIGN.md's.
 */
export interface Timing {
  lease: number;
  heartbeat: number;
  /** No database for this long: the agent's process group is killed, because nobody can extend its lease. */
  databaseSilence: number;
  suspicious: number;
  critical: number;
  undo: number;
  sweep: number;
  /** A worker with a free slot looks for work this often, also when no message came: it may be lost. */
  look: number;
  /** What scheduling counts in: see domain/schedule.ts. */
  ageing: number;
  transcriptFlush: number;
  /** Worker counted live when seen within this. */
  workerSeen: number;
  attemptDeadline: number;
  /** A model server that does not say what it has within this counts as unreachable. */
  probe: number;
  /** So many transient failures of one model inside this open its breaker. */
  breakerWindow: number;
  /** How long an open breaker waits before one probe; doubled each time the probe fails, up to `breakerMost`. */
  breakerOpen: number;
  breakerMost: number;
  /** The same where only one task met the failures: the model itself is asked almost at once. */
  breakerDoubt: number;
  /** Who probes and is not heard of for this long counts as lost: longer than a large model takes to its first token. */
  breakerProbe: number;
  /** The longest a call waits for its turn at a service, or because the service asked for patience. */
  turnWait: number;
  /** A task whose model cannot be asked goes to its next choice after this. */
  queueWait: number;
  /** The first token may take this long: a large model is loaded first. */
  firstToken: number;
  /** One call of a model, from its first byte to its last. */
  wholeCall: number;
  /** What a draining host still runs is handed back after this, unless the human said otherwise. */
  drain: number;
  /** How long discarded and unfinished work lies in the recovery bin. */
  binKept: number;
  binSweep: number;
  /** The first wait before a notice is tried again; doubled each time. */
  noticeRetry: number;
}

/**
 * How long nothing may be heard of a lease, a worker or the conductor before it is said: the next word is late by more than one heartbeat.
 * A pause of a busy machine is no silence, however quick the scale; and it is never said later than the lease ends.
 */
export const overdueAfter = (t: Pick<Timing, 'lease' | 'heartbeat'>): number =>
  Math.min(t.lease, Math.max(2 * t.heartbeat, 5_000));

/** @param scale 1 is real time; 0.1 makes everything ten times quicker. Must be above 0. */
export function timing(scale = 1): Timing {
  const ms = (v: number) => Math.max(20, Math.round(v * scale));
  return {
    lease: ms(30_000),
    breakerWindow: ms(60_000),
    breakerOpen: ms(15_000),
    breakerMost: ms(5 * 60_000),
    breakerDoubt: ms(1_500),
    breakerProbe: ms(6 * 60_000),
    turnWait: ms(60_000),
    queueWait: ms(2 * 60_000),
    firstToken: ms(5 * 60_000),
    wholeCall: ms(30 * 60_000),
    heartbeat: ms(5_000),
    databaseSilence: ms(20_000),
    suspicious: ms(5 * 60_000),
    critical: ms(15 * 60_000),
    undo: ms(10_000),
    sweep: ms(2_000),
    look: ms(2_000),
    ageing: ms(20 * 60_000),
    transcriptFlush: 250,
    workerSeen: ms(30_000),
    attemptDeadline: ms(60 * 60_000),
    probe: Math.max(1_000, ms(5_000)),
    drain: ms(DRAIN_MINUTES * 60_000),
    binKept: ms(14 * 24 * 60 * 60_000),
    binSweep: ms(10_000),
    noticeRetry: ms(15_000),
  };
}
