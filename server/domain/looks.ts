import type { Stage, TaskStatus, Verdict } from './status.ts';
import type { EscalationKind } from './views/queue.ts';
import type { Look, StatusView } from './views/status.ts';

/** What a status is derived from, at the moment of asking: never remembered. */
export interface StatusFacts {
  status: TaskStatus;
  stage: Stage | null;
  verdict: Verdict | null;
  project_id: string | null;
  unmet: number;
  host: string | null;
  created_at: Date;
  /** When it became ready to be taken; another host or another message does not begin the wait anew. */
  waiting_since: Date | null;
  finished_at: Date | null;
  /** The live attempt, where there is one. */
  attempt: { started_at: Date; heard_at: Date; last_progress_at: Date } | null;
  /** The open question about it, where there is one. */
  asks: { kind: EscalationKind; state: string; asked_at: Date; answer: string | null } | null;
  /** It was merged, where that ends the reviewing. */
  accepted_at?: Date | null;
  /** What became of a build afterwards: its merge was taken back, or its chain ended without one. */
  fate?: 'reverted' | 'discarded' | null;
}

/** How long without progress is suspicious, and how long without a word of the worker nobody can say that it runs. */
export interface Patience {
  now: Date;
  suspicious: number;
  overdue: number;
}

/** What runs whose worker is not heard of: it may be dead, so it is not shown as running. */
export const NOT_HEARD = 'Not heard from';

/** So many losses within six hours are no accident any more: they are said as long as that, one alone for an hour. */
export const MANY_LOST = 5;

/** What it means that the conductor is silent, and what happens next. */
export const CONDUCTOR_SILENT =
  'Answers, retries, merges and all that is fetched or pushed wait for it; what runs goes on until it needs one of these. Where npm start runs, it is started again by itself after a minute.';

const running: Record<Stage | 'none', string> = {
  BUILD: 'Building',
  REVIEW: 'Reviewing',
  SECURITY: 'Auditing',
  OPS: 'Deploying',
  DOCS: 'Documenting',
  none: 'Working',
};
const done: Record<Stage | 'none', string> = {
  BUILD: 'Built',
  REVIEW: 'Passed',
  SECURITY: 'Passed',
  OPS: 'Deployed',
  DOCS: 'Documented',
  none: 'Done',
};
const asks: Record<EscalationKind, string> = {
  safety: 'Approve first',
  retries: 'What now',
  quality: 'Below the bar',
  rejects: 'Rejected again',
  merge: 'Cannot merge',
  question: 'Answer needed',
  consent: 'Consent needed',
  dependency: 'Blocked',
  effect: 'Outcome unknown',
  minion: 'Merge or discard',
  budget: 'Over budget',
  permission: 'Permission asked',
  plan: 'Approve the plan',
  key: 'Key not taken',
  quota: 'Account empty',
  stopped: 'What now',
};

/** The shape and word of a task, from its row, its lease and the questions about it. */
export function statusOf(t: StatusFacts, patience: Patience): StatusView {
  const view = (look: Look, word: string, since: Date | null, heardAt: Date | null = null): StatusView => ({
    look,
    word,
    since,
    heardAt,
  });
  const stage = t.stage ?? 'none';
  switch (t.status) {
    case 'OPEN':
      if (t.project_id === null) return view('none', 'Added', t.created_at);
      return view('queued', t.unmet > 0 ? 'Waits' : 'Open', t.created_at);
    case 'QUEUED':
      return view('queued', 'Queued', t.waiting_since ?? t.created_at);
    case 'RUNNING': {
      if (!t.attempt) return view('running', running[stage], t.waiting_since);
      const { started_at, heard_at, last_progress_at } = t.attempt;
      if (patience.now.getTime() - heard_at.getTime() > patience.overdue)
        return view('stale', NOT_HEARD, heard_at, heard_at);
      if (patience.now.getTime() - last_progress_at.getTime() > patience.suspicious)
        return view('stale', 'Silent', last_progress_at, heard_at);
      return view('running', running[stage], started_at, heard_at);
    }
    case 'NEEDS_HUMAN':
      if (t.asks?.state === 'PENDING') return view('yours', 'Answered, undo runs', t.asks.asked_at);
      return view('yours', t.asks ? asks[t.asks.kind] : 'Needs you', t.asks?.asked_at ?? null);
    case 'DONE':
      if (t.verdict === 'reject') return view('failed', 'Rejected', t.finished_at);
      if (t.fate) return view('cancelled', t.fate === 'reverted' ? 'Reverted' : 'Discarded', t.finished_at);
      return view('done', done[stage], t.finished_at);
    case 'FAILED':
      return view('failed', 'Failed', t.finished_at);
    case 'CANCELLED':
      return view('cancelled', 'Cancelled', t.finished_at);
    case 'SKIPPED':
      return view('cancelled', 'Skipped', t.finished_at);
  }
}

/** The word of a question about a whole chain. */
export function askWord(kind: EscalationKind, state: string): string {
  return state === 'PENDING' ? 'Answered, undo runs' : asks[kind];
}
