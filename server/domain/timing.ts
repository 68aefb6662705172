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
  /** What a draining host still runs is handed back after this, unless the human said otherwise. */
  drain: number;
  /** How long discarded and unfinished work lies in the recovery bin. */
  binKept: number;
  binSweep: number;
  /** The first wait before a notice is tried again; doubled each time. */
  noticeRetry: number;
}

/** @param scale 1 is real time; 0.1 makes everything ten times quicker. Must be above 0. */
export function timing(scale = 1): Timing {
  const ms = (v: number) => Math.max(20, Math.round(v * scale));
  return {
    lease: ms(30_000),
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
