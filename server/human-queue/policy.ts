import { type BudgetScope, budgetName, isNarrow, periodOf } from '#server/domain/budget.ts';
import { money } from '#server/domain/money.ts';
import { type ChainPlan, stageAfter, stageOf } from '#server/domain/plan.ts';
import type { Stage } from '#server/domain/status.ts';
import type { Answer, EscalationKind, EscalationView } from '#server/domain/views/queue.ts';

export interface OfferFacts {
  scope: string;
  key: string;
  name?: string | undefined;
  raise: number;
  more?: number | undefined;
  needs?: number | undefined;
  limit: number;
  waiting: number;
  /** What is left today and this month; a raise of a smaller budget still comes out of both. */
  left: { day: number; month: number };
}

export interface ConsequenceFacts {
  kind: EscalationKind;
  taskId: number | null;
  /** Chains that wait for this one. */
  blocked: number[];
  files: number;
  project: string | null;
  offered: readonly Answer[];
  /** The stage that approving starts; null when it starts none. */
  next: Stage | null;
  /** The stage that asks, or whose end made it ask. */
  stage: Stage | null;
  /** Of a question about money: what is offered, and how many tasks wait for it. */
  budget?: OfferFacts | null;
  /** Of a question about a key or an account: whose, and which tier can take the work instead. */
  service?: string | null;
  elsewhere?: { tier: number; host: string; model: string } | null;
}

const list = (ids: number[]) => ids.map((id) => `#${id}`).join(' and ');

/**
 * The stage that runs when this is approved: what the engine opens (engine/consequence), so that its cost can be said before.
 * Null when no agent would run: a merge by the harness, an outside effect.
 */
export function stageOnApproval(
  kind: EscalationKind,
  plan: ChainPlan | null,
  stage: Stage | null,
): Stage | null {
  if (kind === 'minion' || kind === 'effect') return null;
  if (kind === 'merge') return plan && stageOf(plan, 'REVIEW') ? 'REVIEW' : 'BUILD';
  if (kind !== 'rejects') return stage;
  const by = stage ?? 'REVIEW';
  const after = plan ? (stageAfter(plan, by)?.stage ?? null) : null;
  return after && after !== 'OPS' && after !== 'DOCS' ? after : by;
}

/** A budget of one piece of work holds that work; the others hold all that is paid from them. */
function budgetWords(f: ConsequenceFacts, it: string, fails: string): Record<Answer, string> {
  const b = f.budget;
  if (!b) return { approve: `Lets ${it} go on over its budget.`, send_back: '', reject: fails };
  const scope = b.scope as BudgetScope;
  const gives = (eur: number) =>
    `Gives ${b.name ?? budgetName(scope, b.key)} ${money(eur)} more, once: ${money(b.limit + eur)} in all`;
  const enough =
    b.needs === undefined ? '' : `, enough for what needs it now (${money(b.needs)} by the forecast)`;
  const rest = leftWords(scope, b);
  const least = `${gives(b.raise)}${enough}.`;
  const larger = b.more ? `${gives(b.more)}, so that it need not ask again soon.` : '';
  if (isNarrow(scope))
    return {
      approve: `${least} ${it} goes on from where it stands.${rest}`,
      send_back: larger && `${larger}${rest}`,
      reject: fails,
    };
  const waits = `${b.waiting} ${b.waiting === 1 ? 'task' : 'tasks'}`;
  const until = periodOf[scope] === 'day' ? 'until tomorrow' : 'until the month is over';
  return {
    approve: `${least} ${waits} that ${b.waiting === 1 ? 'waits goes' : 'wait go'} on.${rest}`,
    send_back: larger && `${larger}${rest}`,
    reject: `Spends nothing more. ${waits} ${b.waiting === 1 ? 'waits' : 'wait'} ${until}, or until you raise the budget.`,
  };
}

/** What of the wider budgets is left: a raise does not widen those. */
function leftWords(scope: BudgetScope, b: OfferFacts): string {
  if (scope === 'month') return '';
  const month = `${money(Math.max(0, b.left.month))} this month`;
  if (scope === 'day') return ` ${month} is left.`;
  const least = Math.min(b.left.day, b.left.month);
  // Its own raise alone would let it go on to the next refusal.
  const next = b.needs !== undefined && least < b.needs ? ' That is too little: it asks for more next.' : '';
  return ` ${money(Math.max(0, b.left.day))} is left today, ${month}.${next}`;
}

/** A key or an account: a person mends it, and says when; where another tier can take the work, it need not wait. */
function accountWords(f: ConsequenceFacts, it: string, done: string, fails: string): Record<Answer, string> {
  const e = f.elsewhere;
  return {
    approve: `Tries ${it} again with ${f.service ?? 'its service'}. First ${done}.`,
    send_back: e
      ? `Gives ${it} to tier ${e.tier} instead (${e.model} on ${e.host.toUpperCase()}), which needs nothing of ${f.service ?? 'it'}.`
      : '',
    reject: fails,
  };
}

/** What each answer will do, as its button says it. Null where the question does not take that answer. */
export function consequencesOf(f: ConsequenceFacts): EscalationView['consequences'] {
  const it = f.taskId === null ? 'it' : `#${f.taskId}`;
  const after =
    f.blocked.length > 0
      ? ` ${list(f.blocked)} ${f.blocked.length === 1 ? 'keeps' : 'keep'} waiting and ask${f.blocked.length === 1 ? 's' : ''} you.`
      : '';
  const fails = `Fails ${it} and ends its chain.${after}`;
  const words: Record<EscalationKind, Record<Answer, string>> = {
    safety: {
      approve: `Lets agents start on ${it}. They see exactly this text; an edit asks you again.`,
      send_back: '',
      reject: `Cancels ${it}. No agent has seen it.${after}`,
    },
    retries: {
      approve: `Tries ${it} again with three fresh attempts, from where it stands.`,
      send_back: `Tries ${it} again, and the agent reads your note first.`,
      reject: fails,
    },
    quality: {
      approve: `Tries ${it} again with three fresh attempts. The bar stays where it is.`,
      send_back: `Tries ${it} again, and the agent reads your note first. The bar stays where it is.`,
      reject: fails,
    },
    rejects: {
      approve:
        f.next !== null && f.next !== f.stage
          ? `Overrules the ${f.stage ?? 'REVIEW'}: ${it} goes on to ${f.next} with its findings open.`
          : `Overrules the findings: ${f.stage ?? 'REVIEW'} of ${it} runs once more with your word, and merges when it passes.`,
      send_back: `Back to BUILD with your note and the findings; the count of rejects starts anew.`,
      reject: `Cancels the chain of ${it}. Its branches are kept.${after}`,
    },
    merge: {
      approve:
        f.next === 'REVIEW'
          ? `Reviews ${it} again on the moved base and tries to merge.`
          : `Builds ${it} again on the moved base and tries to merge.`,
      send_back: `Back to BUILD with your note, to settle the conflict.`,
      reject: `Cancels the chain of ${it}. Nothing is merged, its branches are kept.${after}`,
    },
    question: {
      approve: '',
      send_back: `The agent of ${it} goes on with your answer.`,
      reject: fails,
    },
    consent: {
      approve: `Agents may run commands in ${f.project ?? 'this project'} with your rights, without a sandbox, from now on.`,
      send_back: '',
      reject: `Fails ${it} and ends its chain. No command is run.${after}`,
    },
    dependency: {
      approve: `Starts ${it} without what it waits for.`,
      send_back: '',
      reject: `Cancels ${it}.${after}`,
    },
    effect: {
      approve: 'Writes down that the outside effect happened, and goes on without doing it again.',
      send_back: '',
      reject: `Writes down that it did not happen. ${fails}`,
    },
    minion: {
      approve: `Merges the branch of ${it}, ${f.files} file${f.files === 1 ? '' : 's'}, as it is. Nobody reviewed it.`,
      send_back: `Back to BUILD with your note, from where it stands.`,
      reject: `Discards ${it}. Its branch lies in the recovery bin for 14 days.${after}`,
    },
    budget: budgetWords(f, it, fails),
    permission: {
      approve: `The agent of ${it} may do exactly what is asked here, once, and goes on.`,
      send_back: `The agent of ${it} goes on without it and reads your note first.`,
      reject: `Nothing of it is done. ${fails}`,
    },
    plan: {
      approve: `Agents start on ${it} by this plan; a changed plan asks you again.`,
      send_back: `The lead of ${it} plans again and reads your note first.`,
      reject: `No agent starts. ${fails}`,
    },
    key: accountWords(f, it, 'set its key right, as the reason says, and start again what runs there', fails),
    quota: accountWords(f, it, 'top up the account', fails),
    stopped: {
      approve: `Lets an agent go on with ${it}, from where it stands.`,
      send_back: `Lets an agent go on with ${it}, which reads your note first.`,
      reject: fails,
    },
  };
  const offer = (a: Answer) => (f.offered.includes(a) ? words[f.kind][a] || null : null);
  return { approve: offer('approve'), send_back: offer('send_back'), reject: offer('reject') };
}

const usual: Record<EscalationKind, string[]> = {
  safety: ['Not now', 'Needs legal advice first', 'Out of scope'],
  retries: ['Split it into smaller tasks', 'The task is unclear', 'Not worth another try'],
  quality: ['Mend what the gate says, nothing else', 'Smaller change, please', 'Not worth another try'],
  rejects: ['Mend the findings first', 'Smaller change, please', 'Not worth another cycle'],
  merge: ['Rebase by hand', 'The other change wins'],
  question: ['Take the simplest way', 'Leave it as it is'],
  consent: ['Install bubblewrap first', 'Not on this machine'],
  dependency: ['Not needed any more'],
  effect: ['Checked by hand'],
  minion: ['Not what I meant', 'Not needed any more'],
  budget: ['Too much for what it brings', 'Next month'],
  permission: ['Find a way without it', 'Not by an agent'],
  plan: ['Smaller steps', 'Leave out what was not asked for'],
  key: ['Not worth a key', 'Another service, please'],
  quota: ['Not worth the money', 'Next month'],
  stopped: ['Do only what the task says', 'Take a simpler way', 'Not needed any more'],
};

/** The answers that an agent offered with its question: the numbered lines at its end. */
function choicesOf(question: string): string[] {
  const last = question.split('\n\n').at(-1) ?? '';
  const lines = last.split('\n').map((l) => /^\d+\. (.+)$/.exec(l)?.[1] ?? null);
  return lines.includes(null) ? [] : lines.filter((l) => l !== null);
}

/** Reasons to choose from: what the agent offered, then the findings, because they are what is wrong, then the usual ones. */
export function suggestedReasons(kind: EscalationKind, findings: string[], question: string): string[] {
  const choices = kind === 'question' ? choicesOf(question) : [];
  return [...choices, ...findings.slice(0, 3), ...usual[kind]].slice(0, Math.max(5, choices.length));
}

/** Who asks, in words that one can picture. */
export function askerOf(a: {
  kind: EscalationKind;
  company: string | null;
  stage: Stage | null;
  pattern: string | null;
}): string {
  const role = a.stage === 'REVIEW' || a.stage === 'SECURITY' ? 'reviewer' : 'builder';
  const of = a.company ? ` of ${a.company}` : '';
  switch (a.kind) {
    case 'safety':
      return a.pattern ? `The safety rule ${a.pattern}` : 'A safety rule';
    case 'rejects':
      return `The reviewer${of}`;
    case 'plan':
      return `The lead${of}`;
    case 'question':
    case 'permission':
    case 'minion':
      return `The ${role}${of}`;
    case 'quality':
      return `The gates, of the work of the ${role}${of}`;
    case 'consent':
      return `The harness, for the ${role}${of}`;
    case 'merge':
      return 'The merge';
    default:
      return 'The engine';
  }
}
