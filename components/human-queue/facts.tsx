'use client';
import Link from 'next/link';
import type { CaseView, DecisionItem } from '#server/domain/views/question.ts';
import { count, money, plural, when } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Age, useNow } from '../ui/time.tsx';
import { hostName } from '../ui/words.ts';
import { outcomeWords, wordsFor } from './words.ts';

const spent = (s: { eur: number; tokens: number }, scripted: boolean) =>
  scripted && s.eur === 0
    ? `${plural(s.tokens, 'token')}, scripted`
    : `${money(s.eur)}, ${plural(s.tokens, 'token')}`;

function nextWords(next: NonNullable<CaseView['next']>): string {
  if (next.eur === null || next.from === 0)
    return `${next.stage}. No history: no such stage was done by a model yet.`;
  const whose = next.sameCompany ? 'of this company' : 'of all companies';
  return `${next.stage}, about ${money(next.eur)} and ${plural(next.tokens ?? 0, 'token')}: the median of ${next.from} such ${whose}.`;
}

/** What one weighs before answering: who asks, what it cost, what comes next, how long it waits and what it holds up. */
export function Facts({ view }: { view: CaseView }) {
  const now = useNow();
  const from = [
    view.askedBy.stage,
    view.askedBy.attempt ? `attempt ${view.askedBy.attempt}` : null,
    view.askedBy.host ? `on ${hostName(view.askedBy.host)}` : null,
  ].filter(Boolean);
  return (
    <dl className="facts">
      <dt>Asked by</dt>
      <dd>
        {plain(view.askedBy.who)}
        {from.length > 0 ? <span className="m"> {from.join(', ')}</span> : null}
      </dd>
      {view.size ? (
        <>
          <dt>Size</dt>
          <dd>
            {plural(view.size.files, 'file')} <span className="n plus">+{count(view.size.added)}</span>{' '}
            <span className="n minus">−{count(view.size.removed)}</span>
          </dd>
        </>
      ) : null}
      {view.spent ? (
        <>
          <dt>Spent</dt>
          <dd>
            {spent(view.spent.chain, view.spent.scripted)}
            {view.spent.chain.tokens !== view.spent.task.tokens ? (
              <span className="m"> of it {spent(view.spent.task, view.spent.scripted)} by this task</span>
            ) : null}
          </dd>
        </>
      ) : null}
      {view.state === 'OPEN' && view.next ? (
        <>
          <dt>Next</dt>
          <dd>{nextWords(view.next)}</dd>
        </>
      ) : null}
      {view.state === 'OPEN' ? (
        <>
          <dt>Waits</dt>
          <dd>
            <Age since={view.askedAt} />
            {view.askedTimes > 1 ? `, asked ${view.askedTimes} times` : ''}.{' '}
            <span className="m">
              Asks again {when(view.expiresAt, new Date(now || view.expiresAt))}, louder. Time never answers
              it.
            </span>
          </dd>
        </>
      ) : null}
      {view.assigned ? (
        <>
          <dt>Given to</dt>
          <dd>
            {plain(view.assigned.name)} <span className="m">by {plain(view.assigned.by)}</span>
          </dd>
        </>
      ) : null}
    </dl>
  );
}

/** Answers to questions much like this one, and what became of them. */
export function Alike({ items }: { items: DecisionItem[] }) {
  if (items.length === 0) return null;
  return (
    <div className="alike">
      <h3>Alike, decided before</h3>
      <ul>
        {items.map((d) => {
          const outcome = outcomeWords[d.outcome];
          return (
            <li key={d.id}>
              <span className={`${wordsFor(d.kind, d.answer).look} flex pt-1`}>
                <Mark shape={wordsFor(d.kind, d.answer).look} />
              </span>
              <Link className="cut" href={`/queue?decision=${d.id}`} title={plain(d.title)}>
                {d.taskId ? <span className="n m">#{d.taskId} </span> : null}
                <bdi>{plain(d.title)}</bdi>
              </Link>
              <span className="m">
                <Age since={d.at} />
              </span>
              <span className="m cut">
                {wordsFor(d.kind, d.answer).did} by {plain(d.by)}
                {d.note ? `: “${plain(d.note)}”` : ''}
              </span>
              <span className={d.regretted ? 'm text-failed' : 'm'}>{outcome.word}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
