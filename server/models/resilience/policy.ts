import type { Timing } from '#server/domain/timing.ts';

/** When a model is asked, and when it is left alone. Pure: rows in, decisions out. */

export type BreakerState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

/** Transient failures inside one window that open a breaker: as many as one call makes with its retries. */
export const FAILURES_TO_OPEN = 3;

export interface Breaker {
  state: BreakerState;
  ver: number;
  failures: number;
  windowFrom: Date | null;
  opens: number;
  openedAt: Date | null;
  probeAt: Date | null;
  probeBy: string | null;
  code: string;
  error: string;
  offline: boolean;
  /**
   * The only task whose calls failed when it began to count. It stays when the model answers somebody else: then it is the task's own calls
   * that are not answered.
   */
  suspect: number | null;
}

export const CLOSED: Breaker = {
  state: 'CLOSED',
  ver: 0,
  failures: 0,
  windowFrom: null,
  opens: 0,
  openedAt: null,
  probeAt: null,
  probeBy: null,
  code: '',
  error: '',
  offline: false,
  suspect: null,
};

type Times = Pick<Timing, 'breakerWindow' | 'breakerOpen' | 'breakerMost' | 'breakerDoubt' | 'breakerProbe'>;

/** May this call be made? `probe` carries the row it has to win first. */
export function mayAsk(
  b: Breaker,
  now: Date,
  by: string,
  t: Times,
): { kind: 'go' } | { kind: 'probe'; next: Breaker } | { kind: 'wait'; ms: number } {
  if (b.state === 'CLOSED') return { kind: 'go' };
  const ms = (b.probeAt?.getTime() ?? 0) - now.getTime();
  // Half open, and past its time: whoever probed is gone.
  if (ms > 0) return { kind: 'wait', ms };
  const probeAt = new Date(now.getTime() + t.breakerProbe);
  return { kind: 'probe', next: { ...b, state: 'HALF_OPEN', probeAt, probeBy: by } };
}

export interface Failed {
  code: string;
  error: string;
  offline: boolean;
  /**
   * It will be so for everybody until a person did something: a key that is not taken, an account that is empty;
   * or until a time that it named.
   */
  lasting?: boolean;
  /** How long it wants to be left alone, in milliseconds. */
  patience?: number | undefined;
  /** Whose call it was; nobody's where no task asked. */
  task?: number | null | undefined;
}

/**
 * It is not closed because of one task alone, whose requests may be what is wrong. Others wait for the model's answer to a small question,
 * which comes soon, instead of losing their attempt.
 */
export const inDoubt = (b: Breaker, task: number | null): boolean =>
  b.state !== 'CLOSED' && b.suspect !== null && b.suspect !== task;

/**
 * The first pause of a doubt is over, and nothing but work asks this service or agent anything: others go on, each at its own risk. An answer
 * closes the breaker, a failure ends the doubt.
 */
export const mayGoInDoubt = (b: Breaker, task: number | null, now: Date, t: Times): boolean =>
  task !== null && inDoubt(b, task) && now.getTime() - (b.openedAt?.getTime() ?? 0) >= t.breakerDoubt;

/** No wish of a service is granted for longer than so many times the longest wait of its breaker. */
const MOST_PATIENCE = 12;

/** The row after a call that failed in passing; a failed probe opens it for longer. */
export function afterFailure(b: Breaker, f: Failed, probed: boolean, now: Date, t: Times): Breaker {
  const said = { code: f.code, error: f.error.slice(0, 500), offline: f.offline };
  const task = f.task ?? null;
  const pause = f.lasting
    ? Math.max(t.breakerMost, Math.min(f.patience ?? 0, MOST_PATIENCE * t.breakerMost))
    : Math.min(t.breakerMost, t.breakerOpen * 2 ** Math.min(b.opens, 16));
  if (b.state !== 'CLOSED' && !probed) {
    // A call of another fails too: it is not that one task, so the model is left alone as always.
    if (!inDoubt(b, task)) return b;
    const probeAt = new Date(now.getTime() + pause);
    return { ...b, ...said, state: 'OPEN', suspect: null, opens: b.opens + 1, probeAt, probeBy: null };
  }
  const fresh = b.windowFrom !== null && now.getTime() - b.windowFrom.getTime() < t.breakerWindow;
  const first = !fresh || b.failures === 0;
  const failures = (fresh ? b.failures : 0) + 1;
  const windowFrom = fresh ? b.windowFrom : now;
  // The suspect's own first probe says no more than its calls did before: others may be waiting for their answer still.
  const own = probed && task !== null && b.suspect === task && b.opens === 0;
  const suspect = own || (!probed && (first || b.suspect === task)) ? task : null;
  const doubts = suspect !== null && !probed && !f.lasting;
  if (!probed && !f.lasting && failures < FAILURES_TO_OPEN)
    return { ...b, ...said, failures, windowFrom, suspect };
  const wait = doubts ? t.breakerDoubt : pause;
  return {
    ...b,
    ...said,
    state: 'OPEN',
    failures,
    windowFrom,
    suspect: f.lasting ? null : suspect,
    // Doubt is no pause yet: the first one follows when the model itself does not answer.
    opens: doubts ? b.opens : b.opens + 1,
    openedAt: b.state === 'CLOSED' ? now : b.openedAt,
    probeAt: new Date(now.getTime() + wait),
    probeBy: null,
  };
}

/** The row after an answer to a task or to nobody's question, whatever it said: the model can be reached. */
export const afterAnswer = (b: Breaker, task: number | null = null): Breaker => ({
  ...CLOSED,
  ver: b.ver,
  suspect: b.suspect === task ? null : b.suspect,
});

/** Who stands as the prober of a service that answered what costs nothing. */
export const LISTED = 'its list of models';

/**
 * The row after a service listed its models, which says that there is a way to it and that its key is taken, not that it answers: unless just
 * that had failed, the next call decides. How long it was left alone is not forgotten.
 */
export const afterListing = (b: Breaker, now: Date): Breaker =>
  b.offline || b.code === 'PROVIDER_KEY'
    ? afterAnswer(b)
    : { ...b, state: 'HALF_OPEN', probeAt: now, probeBy: LISTED };

/** Whoever probed was stopped before there was an answer: the next one may at once. */
export const afterAbort = (b: Breaker, now: Date): Breaker => ({
  ...b,
  state: 'OPEN',
  probeAt: now,
  probeBy: null,
});
