import { needsReason } from '#server/domain/answers.ts';
import type { ChannelRules, Severity } from '#server/domain/views/notifications.ts';
import type { Answer, EscalationKind } from '#server/domain/views/queue.ts';

/** Pure decisions of what is told, when, and how often it is tried. */

export interface LoggedEvent {
  id: string;
  type: string;
  entityId: string;
  taskId: number | null;
  pipelineId: number | null;
  actor: string;
  reason: string;
  data: Record<string, unknown>;
  /** What the event is about, as it stands now. */
  question: {
    kind: EscalationKind;
    question: string;
    why: string;
    assignedTo: string | null;
    times: number;
  } | null;
  title: string | null;
}

export interface NewNotice {
  key: string;
  kind: string;
  severity: Severity;
  title: string;
  body: string;
  path: string;
  escalationId: number | null;
  taskId: number | null;
  pipelineId: number | null;
  forUser: string | null;
}

/** Questions that hold money, rights or something already half done: worth a night's sleep. */
const urgentKinds: readonly EscalationKind[] = ['effect', 'budget', 'permission', 'consent'];

/** The notice an event is worth; null for most. The same thing has the same key, so it is told once. */
export function noticeOf(e: LoggedEvent): NewNotice | null {
  const about = { taskId: e.taskId, pipelineId: e.pipelineId, escalationId: null, forUser: null };
  const question = e.question;
  if (e.type.startsWith('escalation.') && question) {
    const id = Number(e.entityId);
    const asked = {
      ...about,
      kind: 'question',
      body: question.why,
      path: `/queue?decision=${id}`,
      escalationId: id,
    };
    if (e.type === 'escalation.open' && e.data.kind !== undefined)
      return {
        ...asked,
        key: `question:${id}`,
        severity: urgentKinds.includes(question.kind) ? 'urgent' : 'normal',
        title: question.question,
        forUser: question.assignedTo,
      };
    if (e.type === 'escalation.asked_again')
      return {
        ...asked,
        key: `question:${id}:${question.times}`,
        severity: 'urgent',
        title: `Asked again: ${question.question}`,
        forUser: question.assignedTo,
      };
    if (e.type === 'escalation.assigned' && question.assignedTo)
      return {
        ...asked,
        key: `question:${id}:for:${question.assignedTo}`,
        severity: 'normal',
        title: `Given to you: ${question.question}`,
        forUser: question.assignedTo,
      };
    return null;
  }
  const pipeline = { ...about, path: `/pipelines/${e.entityId}`, kind: 'pipeline' };
  switch (e.type) {
    case 'pipeline.failed':
      return {
        ...pipeline,
        key: `event:${e.id}`,
        severity: 'normal',
        title: `Failed: ${e.title}`,
        body: e.reason,
      };
    case 'pipeline.done':
      return { ...pipeline, key: `event:${e.id}`, severity: 'low', title: `Done: ${e.title}`, body: '' };
    case 'task.failed':
      return {
        ...about,
        key: `event:${e.id}`,
        kind: 'task',
        severity: 'normal',
        title: `#${e.taskId} failed: ${e.title}`,
        body: e.reason,
        path: `/tasks/${e.taskId}`,
      };
    case 'attempt.lost':
    case 'attempt.timed_out':
      return {
        ...about,
        key: `event:${e.id}`,
        kind: 'stuck',
        severity: e.type === 'attempt.lost' ? 'low' : 'normal',
        title: `#${e.taskId} was stuck: ${e.title}`,
        body: e.reason,
        path: `/tasks/${e.taskId}`,
      };
    case 'budget.warned':
      return {
        ...about,
        key: `event:${e.id}`,
        kind: 'budget',
        severity: 'normal',
        title: 'Most of a budget is spent',
        body: e.reason,
        path: '/spend',
      };
    case 'trouble.began':
      return {
        ...about,
        key: `event:${e.id}`,
        kind: 'trouble',
        severity: e.data.severity === 'urgent' ? 'urgent' : 'normal',
        title: e.reason,
        body: [e.data.why, e.data.hint].filter((x) => typeof x === 'string' && x !== '').join(' '),
        path: '/fleet',
      };
    case 'trouble.ended':
      return {
        ...about,
        key: `event:${e.id}`,
        kind: 'trouble',
        severity: 'normal',
        title: `Over: ${e.reason}`,
        body: '',
        path: '/fleet',
      };
    case 'factory.stopped':
      return {
        ...about,
        key: `event:${e.id}`,
        kind: 'factory',
        severity: 'urgent',
        title: `${e.actor} stopped the factory`,
        body: e.reason,
        path: '/status',
      };
    default:
      return null;
  }
}

/** As much of a question as stands in a notice. */
export const MOST_TITLE = 300;

/** Whether a notice shows all that an approval would be of; where it does not, it is given where the whole is shown. */
const showsAll = (e: { kind: EscalationKind; question: string; text: string }): boolean =>
  e.question.length <= MOST_TITLE &&
  !e.question.includes('\n') &&
  !(e.kind === 'safety' && e.text.trim() !== '');

/** What each answer does, for its button under a notice; an answer that takes one touch only where the notice shows all. */
export const consequencesHere = (
  e: Parameters<typeof showsAll>[0] & { consequences: Record<Answer, string | null> },
): Record<Answer, string | null> => {
  const shown = (a: Answer) => (needsReason(e.kind, a) || showsAll(e) ? e.consequences[a] : null);
  return { approve: shown('approve'), send_back: shown('send_back'), reject: shown('reject') };
};

/** Answered or withdrawn: what was not sent about it yet is not sent. */
export const endsQuestion = (type: string) =>
  type === 'escalation.answered' || type === 'escalation.withdrawn';

const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

function minuteOfDay(at: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
  return minutes(parts);
}

/** The end of the quiet hours it lies in; null outside of them. Asked minute by minute, so that a clock change cannot be missed. */
export function quietUntil(rules: ChannelRules, at: Date): Date | null {
  if (!rules.quiet || rules.quiet.from === rules.quiet.to) return null;
  const [from, to] = [minutes(rules.quiet.from), minutes(rules.quiet.to)];
  const quiet = (when: Date) => {
    const m = minuteOfDay(when, rules.timeZone);
    return from < to ? m >= from && m < to : m >= from || m < to;
  };
  if (!quiet(at)) return null;
  let end = new Date(Math.floor(at.getTime() / 60_000) * 60_000);
  for (let i = 0; i < 26 * 60 && quiet(end); i++) end = new Date(end.getTime() + 60_000);
  return end;
}

/** More than this at once is not read one by one: the rest comes as one message a minute later, whatever its weight. */
export const FLOOD = { most: 20, withinMs: 10 * 60_000, gatherMs: 60_000 } as const;

/** The same plan for a channel that was told so much in the last minutes that one more message would help nobody. */
export const flooded = (plan: Plan, now: Date): Plan =>
  plan.digest
    ? plan
    : {
        digest: true,
        at: new Date(Math.max(plan.at.getTime(), now.getTime() + FLOOD.gatherMs)),
        because: 'Many at once: gathered',
      };

export interface Plan {
  digest: boolean;
  at: Date;
  /** Why it waits; empty when it does not. */
  because: string;
}

/** When a channel is told a notice of this severity; null when it is not told at all. */
export function planTelling(rules: ChannelRules, severity: Severity, now: Date): Plan | null {
  const telling = rules[severity];
  if (telling === 'off') return null;
  const step = rules.digestMinutes * 60_000;
  const at = telling === 'digest' ? new Date(Math.ceil((now.getTime() + 1) / step) * step) : now;
  const quiet = severity === 'urgent' && rules.urgentWakes ? null : quietUntil(rules, at);
  return {
    digest: telling === 'digest',
    at: quiet ?? at,
    because: quiet
      ? `Quiet hours until ${rules.quiet?.to} (${rules.timeZone})`
      : telling === 'digest'
        ? 'Gathered for the next digest'
        : '',
  };
}

export const MOST_TRIES = 8;
const LONGEST = 6 * 60 * 60_000;

/** How long to wait after the try numbered `n` (from 1): doubled each time, with jitter, and never sooner than the receiver asked. */
export function backoff(
  n: number,
  o: { base: number; retryAfterMs?: number | null; random: number },
): number {
  const wait = Math.min(LONGEST, o.base * 2 ** (n - 1));
  const jittered = wait * (0.75 + o.random * 0.5);
  return Math.round(Math.min(LONGEST, Math.max(jittered, o.retryAfterMs ?? 0)));
}

/** What `Retry-After` asks for: seconds or a date. */
export function retryAfter(header: string | undefined, now: Date): number | null {
  if (!header) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
