/** When a process that lives but does nothing any more is ended, to be started anew. Pure: looks in, a decision out. */

export interface Limits {
  /** Between two looks, in milliseconds. */
  everyMs: number;
  /** Looks in a row without a sign of life, before it is ended. */
  looks: number;
  /** The same before its first sign of life: a start waits for other servers, and reads much from a cold disk. */
  looksAtStart: number;
  /** How long it may take to end by itself: one whose loop still turns gives back what it was doing. */
  graceMs: number;
}

/** A minute, and three for a start. A quicker timing scale shortens neither: the pauses of a slow machine do not get shorter with it. */
export const LIMITS: Limits = { everyMs: 5_000, looks: 12, looksAtStart: 36, graceMs: 5_000 };

/** For a factory whose signs of life come more slowly, too: at twelve times the usual pauses, a heartbeat is a minute by itself. */
export const limitsAt = (scale: number): Limits => ({
  ...LIMITS,
  looks: Math.ceil(LIMITS.looks * Math.max(1, scale)),
  looksAtStart: Math.ceil(LIMITS.looksAtStart * Math.max(1, scale)),
});

export interface Silence {
  /** It gave a sign of life since it was started. */
  started: boolean;
  /** Looks in a row that found none. */
  missed: number;
}

export const JUST_STARTED: Silence = { started: false, missed: 0 };

export interface Look {
  /** It gave a sign of life since the look before. */
  heard: boolean;
  /** The looker itself was awake all the time since then. */
  awake: boolean;
  /** The database answers. */
  database: boolean;
}

/**
 * What one more look says. Looks are counted instead of taking the difference of two times, which is large after each sleep of the machine;
 * and none counts while nobody could have worked: who is back from that has all of his time again.
 */
export function afterLook(s: Silence, look: Look): Silence {
  if (look.heard) return { started: true, missed: 0 };
  if (!look.awake || !look.database) return { ...s, missed: 0 };
  return { ...s, missed: s.missed + 1 };
}

const most = (s: Silence, l: Limits) => (s.started ? l.looks : l.looksAtStart);

export const isHung = (s: Silence, l: Limits): boolean => s.missed >= most(s, l);

/** How long a hung process was silent, in seconds, for the log and people. */
export const silentSeconds = (s: Silence, l: Limits): number => Math.round((s.missed * l.everyMs) / 1_000);

/** A look that comes so late found the looker asleep: a laptop that was closed, a machine with far too much to do. */
export const wasAwake = (sinceLastMs: number, l: Limits): boolean => sinceLastMs < 2 * l.everyMs;
