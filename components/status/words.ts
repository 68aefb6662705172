import { CONDUCTOR_SILENT, MANY_LOST } from '#server/domain/looks.ts';
import { count, left, money, plural, span } from '../ui/format.ts';
import type { Shape } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import type { ToldPhone } from './wire.ts';

export interface Sentence {
  shape: Shape;
  says: string;
  detail: string;
  href: string;
}

/** A clock of the reader; empty until the browser knows its zone, so that server and browser draw the same. */
export type Clock = (iso: string) => string;

const since = (now: number, iso: string) => span(now - Date.parse(iso));
const list = (parts: (string | null | false)[]) => parts.filter(Boolean).join(' ');

/** The server answers that it cannot: what is shown is how it was, so nobody is told that nothing is stuck. */
export const wrongSays = (wrong: string, v: ToldPhone, clock: Clock): Sentence => ({
  shape: 'failed',
  says: wrong,
  detail: `Nothing is lost: all goes on by itself when it answers again. The rest is how it was at ${clock(v.now)}.`,
  href: '/status',
});

/** Is anything stuck? */
export function stuckSays(v: ToldPhone, now: number, clock: Clock): Sentence {
  const on = v.running > 0 ? `${plural(v.running, 'is running', 'are running')}.` : 'Nothing runs.';
  if (v.stopped)
    return {
      shape: 'failed',
      says: 'The factory is stopped.',
      detail: list([`By ${plain(v.stopped.by)}, ${since(now, v.stopped.at)} ago.`, plain(v.stopped.reason)]),
      href: '/',
    };
  const conductor = v.runs?.find((r) => r.kind === 'conductor' && r.overdue);
  if (conductor)
    return {
      shape: 'stale',
      says: 'The conductor is not heard from.',
      detail: list([
        conductor.heardAt ? `For ${since(now, conductor.heardAt)}.` : 'It never was.',
        CONDUCTOR_SILENT,
      ]),
      href: '/fleet',
    };
  const [first] = v.stuck;
  if (first)
    return {
      shape: 'stale',
      says: `${count(v.stuck.length)} may be stuck.`,
      detail: `#${first.taskId} on ${plain(first.host)}, ${first.unheard ? 'not heard from' : 'silent'} for ${since(now, first.since)}. It is restarted by itself.`,
      href: `/tasks/${first.taskId}`,
    };
  const [trouble, ...more] = v.troubles ?? [];
  if (trouble)
    return {
      shape: trouble.urgent ? 'failed' : 'stale',
      says: `${plain(trouble.title)}.`,
      detail: list([plain(trouble.why), more.length > 0 && `${plural(more.length, 'more trouble')}.`, on]),
      href: '/fleet',
    };
  const [watched, ...others] = v.watched ?? [];
  if (watched)
    return {
      shape: 'stale',
      says: `${plain(watched.title)}.`,
      detail: list([
        `Watched for ${since(now, watched.since)}: you are told if it lasts another ${left(Date.parse(watched.tellAt) - now)}.`,
        others.length > 0 && `${plural(others.length, 'more is', 'more are')} watched.`,
        on,
      ]),
      href: '/fleet',
    };
  if (v.hosts.live === 0 && v.hosts.resting)
    return {
      shape: v.queued > 0 ? 'failed' : 'stale',
      says: v.queued > 0 ? `${plural(v.queued, 'waits', 'wait')} for a host.` : 'No host takes work.',
      detail: `${v.hosts.resting === v.hosts.all ? 'All hosts were' : `${plural(v.hosts.resting, 'host was', 'hosts were')}`} paused, drained or stopped by a person. Resume them on the fleet page.`,
      href: '/fleet',
    };
  if (v.hosts.live === 0)
    return {
      shape: v.queued > 0 ? 'failed' : 'stale',
      says: v.queued > 0 ? `${plural(v.queued, 'waits', 'wait')} for a host.` : 'No host answers.',
      detail: 'Start one with npm start, or npx alai worker.',
      href: '/',
    };
  const again = v.restarted?.times ?? 0;
  if (v.restarted && again >= MANY_LOST)
    return {
      shape: 'stale',
      says: 'Work falls silent again and again.',
      detail: `${again} times within six hours, #${v.restarted.taskId} at ${clock(v.restarted.at)}. Look at the logs of its host.`,
      href: `/tasks/${v.restarted.taskId}`,
    };
  return {
    shape: 'done',
    says: 'Nothing is stuck.',
    detail: list([
      on,
      v.queued > 0 && `${count(v.queued)} queued.`,
      v.restarted && `#${v.restarted.taskId} was silent, restarted ${clock(v.restarted.at)}.`,
    ]),
    href: v.restarted ? `/tasks/${v.restarted.taskId}` : '/',
  };
}

/** "web, conductor and 2 workers are heard." or which are not. */
export function runsSays(runs: NonNullable<ToldPhone['runs']>): Omit<Sentence, 'detail' | 'href'> {
  const silent = runs.filter((r) => r.overdue);
  if (silent.length > 0)
    return {
      shape: 'stale',
      says: `Not heard from: ${silent.map((r) => plain(r.name)).join(', ')}.`,
    };
  return { shape: 'done', says: `All ${count(runs.length)} processes are heard.` };
}

/** Since when one of them is heard, or is not. */
export const heardSays = (r: NonNullable<ToldPhone['runs']>[number], now: number): string =>
  r.heardAt === null
    ? 'never heard from'
    : r.overdue
      ? `not heard from for ${since(now, r.heardAt)}`
      : `heard ${since(now, r.heardAt)} ago`;

/** Does it need me? */
export function needSays(v: ToldPhone, now: number): Sentence {
  if (v.needYou === 0)
    return {
      shape: 'done',
      says: 'Nothing needs you.',
      detail: 'Agents ask here when they must.',
      href: '/queue',
    };
  return {
    shape: 'yours',
    says: v.needYou === 1 ? '1 needs you.' : `${count(v.needYou)} need you.`,
    detail: list([
      v.oldestAskedAt && `Oldest ${since(now, v.oldestAskedAt)}.`,
      v.blocked > 0 && `${v.needYou === 1 ? 'It blocks' : 'They block'} ${count(v.blocked)} more.`,
    ]),
    href: '/queue',
  };
}

/** What did today cost? */
export function spendSays(v: ToldPhone): Omit<Sentence, 'shape'> {
  const full = v.spentTodayEur >= v.dayBudgetEur;
  return {
    says: `${money(v.spentTodayEur)} of ${money(v.dayBudgetEur)} today.`,
    detail: list([
      full && 'The budget is used up: what costs something waits.',
      v.scripted
        ? 'Scripted, no model was called.'
        : list([
            `${count(v.tokensToday)} tokens.`,
            v.spentYesterdayEur > 0 && `${money(v.spentYesterdayEur)} by this time yesterday.`,
          ]),
    ]),
    href: '/spend',
  };
}

/** What finished? */
export function finishedSays(v: ToldPhone, clock: Clock): Omit<Sentence, 'detail'> {
  const last = v.lastFinished;
  if (v.finishedToday === 0)
    return {
      shape: 'none',
      says: last ? `None finished today. Last was #${last.taskId}.` : 'None finished yet.',
      href: last ? `/tasks/${last.taskId}` : '/',
    };
  return {
    shape: 'done',
    says: `${count(v.finishedToday)} finished today.${last ? ` Last #${last.taskId} ${clock(last.at)}` : ''}`,
    href: last ? `/tasks/${last.taskId}` : '/',
  };
}

const place = (stage: string | null) => (stage ? ` in ${stage}` : '');

/** What is slow? */
export function slowSays(v: ToldPhone): Omit<Sentence, 'detail'> {
  const [first, ...more] = v.slow;
  if (!first) return { shape: 'done', says: 'Nothing is slow.', href: '/' };
  return {
    shape: 'running',
    says: `#${first.taskId} is slow: ${span(first.runningMs)}${place(first.stage)}, usually under ${span(first.usualMs)}.${
      more.length > 0 ? ` ${count(more.length)} more.` : ''
    }`,
    href: `/tasks/${first.taskId}`,
  };
}
