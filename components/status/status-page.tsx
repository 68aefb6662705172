'use client';
import { type CSSProperties, type ReactNode, useEffect, useState } from 'react';
import { answerName } from '#server/domain/answers.ts';
import type { EscalationView } from '#server/domain/views/queue.ts';
import { count } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { DecisionCard, type ToldCard } from './card.tsx';
import { keepAtHand } from './keep-at-hand.ts';
import { type Given, useAnswer } from './use-answer.ts';
import { useStatus } from './use-status.ts';
import { Refused, read, type Told, type ToldPhone } from './wire.ts';
import {
  finishedSays,
  heardSays,
  needSays,
  runsSays,
  type Sentence,
  slowSays,
  spendSays,
  stuckSays,
  wrongSays,
} from './words.ts';

const Row = ({ s, mark }: { s: Omit<Sentence, 'shape'>; mark: ReactNode }) => (
  <a href={s.href}>
    {mark}
    <strong>{s.says}</strong>
    <span className="m">{s.detail}</span>
  </a>
);

const rooms = [
  { href: '/status', name: 'Status', icon: '--i-status' },
  { href: '/queue', name: 'Queue', icon: '--i-queue' },
  { href: '/', name: 'Board', icon: '--i-board' },
  { href: '/?new=1', name: 'New task', icon: '--i-plus' },
];

/** What became of a question that is not in the list any more, in one sentence. */
async function whatBecame(id: number): Promise<string> {
  try {
    const { data } = await read<Told<EscalationView>>('queue.get', { id });
    const by = data.decision ?? data.pending;
    if (by) return `${plain(by.by)} has answered this already: ${answerName(data.kind, by.answer).did}.`;
    return 'This was withdrawn: nobody has to answer it any more.';
  } catch (e) {
    if (e instanceof Refused && e.refusal.code === 'NOT_FOUND')
      return 'This question does not exist any more.';
    return 'This question is not open any more.';
  }
}

/** Keeps what the reader looks at in front of him: the server's list changes beside it, never under his thumb. */
function useShown(cards: ToldCard[], own: number | null) {
  const [shown, setShown] = useState<ToldCard | null>(cards[0] ?? null);
  const [became, setBecame] = useState<{ id: number; text: string } | null>(null);
  const fresh = shown ? cards.find((c) => c.id === shown.id) : undefined;
  const gone = shown !== null && !fresh;
  const id = shown?.id ?? null;
  useEffect(() => {
    if (gone && id !== null && id !== own) void whatBecame(id).then((text) => setBecame({ id, text }));
  }, [gone, id, own]);
  // Answered here, or nothing was shown yet: the next one may come.
  const next = cards.find((c) => c.id !== id) ?? null;
  if (shown === null || (gone && shown.id === own)) {
    if ((shown?.id ?? null) !== (cards[0]?.id ?? null)) setShown(cards[0] ?? null);
  }
  return {
    card: fresh && shown && fresh.digest === shown.digest ? fresh : shown,
    changed: fresh !== undefined && fresh.digest !== shown?.digest,
    gone:
      gone && shown.id !== own
        ? became?.id === id
          ? became.text
          : 'This question is not open any more.'
        : null,
    next,
    show: (c: ToldCard | null) => setShown(c),
    fresh: fresh ?? null,
  };
}

function Undo({
  given,
  now,
  busy,
  onUndo,
}: {
  given: Given;
  now: number;
  busy: boolean;
  onUndo: () => void;
}) {
  const left = given.until === null ? 10 : Math.min(10, Math.ceil((given.until - now) / 1_000));
  if (left <= 0) return null;
  return (
    <div className="undo-bar" role="status">
      <span className="cut">
        {given.taskId === null ? '' : `#${given.taskId} `}
        {answerName(given.kind, given.answer).did}. <span className="m">Takes effect in {left}s.</span>
      </span>
      <button type="button" className="btn" disabled={busy || given.until === null} onClick={onUndo}>
        Undo
      </button>
    </div>
  );
}

/** What runs: one line while all is well, and each process with since when it is heard and which version it is. */
function Runs({ runs, now }: { runs: NonNullable<ToldPhone['runs']>; now: number }) {
  const all = runsSays(runs);
  const silent = all.shape === 'stale';
  return (
    <details className="runs" open={silent || undefined}>
      <summary>
        <Mark shape={all.shape} />
        <span className="cut">{all.says}</span>
      </summary>
      <ul aria-label="What runs">
        {runs.map((r) => (
          <li key={r.name}>
            <Mark shape={r.overdue ? 'stale' : 'done'} />
            <b className="cut">{plain(r.name)}</b>
            <span className="m">{heardSays(r, now)}</span>
            <span className="m n">{plain(r.version)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** One screen for a thumb: stuck, needs me, spent, finished, slow, and the first decision. */
export function StatusPage({ initial }: { initial: ToldPhone }) {
  const { view, live, silent, wrong, now, clock, refresh } = useStatus(initial);
  const answer = useAnswer(refresh);
  useEffect(keepAtHand, []);
  const cards = view.cards.filter((c) => c.id !== answer.hidden);
  const own = answer.given?.id ?? null;
  const { card, changed, gone, next, show, fresh } = useShown(cards, own);
  const at = cards.findIndex((c) => c.id === card?.id);
  const spend = spendSays(view);
  const early = view.pending.find((p) => Date.parse(p.effectiveAt) > now);
  const given: Given | null =
    answer.given ?? (early && live ? { ...early, until: Date.parse(early.effectiveAt) } : null);
  const locked = !live
    ? silent
      ? `${wrong ?? 'Offline.'} Answers open again when Mission Control is heard.`
      : 'Asking whether this still stands.'
    : (card?.whyNot ?? null);

  return (
    <div className={`status ${card ? 'with-card' : ''}`}>
      <header className="top">
        <h1 className="cut">{plain(view.title)}</h1>
        {live ? (
          <span className="chip">
            Live <span className="n">{clock(view.now)}</span>
          </span>
        ) : (
          <span className={`chip ${silent ? 'pill stale hatched' : ''}`} role="status">
            {silent ? <Mark shape="stale" /> : null}
            <b>
              {silent && !wrong ? 'Offline. ' : ''}Data from{' '}
              <span className="n">{clock(view.now, true)}</span>
            </b>
          </span>
        )}
      </header>
      <main className="say">
        <Row {...big(wrong ? wrongSays(wrong, view, clock) : stuckSays(view, now, clock))} />
        <Row {...big(needSays(view, now))} />
        <Row
          s={spend}
          mark={
            <i
              className="s money"
              aria-hidden="true"
              style={{ '--v': shareOf(view.spentTodayEur, view.dayBudgetEur) } as CSSProperties}
            />
          }
        />
        {[finishedSays(view, clock), slowSays(view)].map((s) => (
          <a key={s.says} className="small" href={s.href}>
            <Mark shape={s.shape} />
            <span className="cut">{s.says}</span>
          </a>
        ))}
        {view.runs ? <Runs runs={view.runs} now={now} /> : null}
      </main>
      {card ? (
        <DecisionCard
          key={`${card.id} ${card.digest}`}
          card={card}
          place={at < 0 ? 'Was open' : `${at + 1} of ${count(view.needYou)}`}
          now={now}
          locked={locked}
          notice={
            gone
              ? { text: gone, button: next ? 'Show the next' : 'Close', act: () => show(next) }
              : changed
                ? {
                    text: 'What is asked has changed since it was shown. Nothing was decided.',
                    button: 'Look again',
                    act: () => show(fresh),
                  }
                : null
          }
          refusal={answer.refused?.id === card.id ? answer.refused.refusal : null}
          onAnswer={(a, note) => void answer.give(card, a, note)}
          onNext={
            cards.length > 1 && !gone
              ? () => {
                  answer.clear();
                  show(cards[(at + 1) % cards.length] ?? null);
                }
              : null
          }
        />
      ) : answer.refused ? (
        <p className="note" role="alert">
          {answer.refused.refusal.message} <span className="m">{answer.refused.refusal.hint}</span>
        </p>
      ) : null}
      <div>
        {given ? (
          <Undo
            key={given.id}
            given={given}
            now={now}
            busy={answer.undoing || !live}
            onUndo={() => void answer.undo(given.id)}
          />
        ) : null}
        <nav className="phone-nav" aria-label="Main">
          {rooms.map((r) => (
            <a key={r.href} href={r.href} aria-current={r.href === '/status' ? 'page' : undefined}>
              <i className="ic" aria-hidden="true" style={{ '--i': `var(${r.icon})` } as CSSProperties} />
              {r.name}
              {r.href === '/queue' && view.needYou > 0 ? ` ${view.needYou > 99 ? '99+' : view.needYou}` : ''}
            </a>
          ))}
        </nav>
      </div>
    </div>
  );
}

const shareOf = (spent: number, limit: number): string =>
  limit > 0 ? `${Math.min(100, (spent / limit) * 100)}%` : '100%';

const big = (s: Sentence) => ({ s, mark: <Mark shape={s.shape} /> });
