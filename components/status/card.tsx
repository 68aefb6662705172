'use client';
import { useEffect, useRef, useState } from 'react';
import { askedOf } from '#components/human-queue/words.ts';
import { answerName, answersOf, needsReason } from '#server/domain/answers.ts';
import type { Answer } from '#server/domain/views/queue.ts';
import { EvidenceBadge } from '../ui/evidence.tsx';
import { count, plural, span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { useSwipe } from './use-swipe.ts';
import type { ToldPhone, WireRefusal } from './wire.ts';

export type ToldCard = ToldPhone['cards'][number];

/** What the server takes; said before it is sent, so that nobody types a page for nothing. */
const REASON_MOST = 4_000;

interface Props {
  card: ToldCard;
  place: string;
  now: number;
  /** Why no answer can be given now; null when one can. */
  locked: string | null;
  /** What stands here is not what the server has. */
  notice: { text: string; button: string; act: () => void } | null;
  refusal: WireRefusal | null;
  onAnswer: (answer: Answer, note: string) => void;
  onNext: (() => void) | null;
}

/** One decision under the thumb: why, what proves it, and what each answer will do. */
export function DecisionCard({ card, place, now, locked, notice, refusal, onAnswer, onNext }: Props) {
  const nameOf = (a: Answer) => answerName(card.kind, a).name;
  const [wants, setWants] = useState<Answer | null>(null);
  const [note, setNote] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const asked = askedOf(card.question);
  const offered = answersOf[card.kind].filter((a) => card.consequences[a] !== null);
  const free = locked === null && notice === null;
  const begin = (answer: Answer) => {
    if (!free || !offered.includes(answer)) return;
    // What a small button does is said before it is done, with the reason where one is needed.
    if (answer !== 'approve') setWants(answer);
    else onAnswer(answer, '');
  };
  const back = offered.includes('send_back') ? 'send_back' : 'reject';
  const swipe = useSwipe(free && wants === null, { right: () => begin('approve'), left: () => begin(back) });
  useEffect(() => {
    if (wants) field.current?.focus();
  }, [wants]);
  const toward = swipe.dx > 0 ? 'approve' : swipe.dx < 0 ? back : null;
  const tooLong = note.length > REASON_MOST;
  const ready = free && wants !== null && !tooLong && (note.trim() !== '' || !needsReason(card.kind, wants));

  return (
    <section
      className={`ask ${locked === null ? '' : 'locked'}`}
      aria-label="Decision"
      style={swipe.dx ? { transform: `translateX(${swipe.dx}px)`, transition: 'none' } : undefined}
      {...swipe.handlers}
    >
      <div className="ask-top">
        <span className="chip yours">
          <Mark shape="yours" />
          <b>{place}</b>
          <span className="cut">
            {card.taskId === null ? '' : `· #${card.taskId} `}· waits {span(now - Date.parse(card.askedAt))}
            {card.blocks > 0 ? ` · blocks ${count(card.blocks)}` : ''}
          </span>
        </span>
        {onNext ? (
          <button type="button" className="btn quiet" onClick={onNext}>
            Next
          </button>
        ) : null}
      </div>
      <div className="ask-body">
        <h2>{plain(asked.first)}</h2>
        {asked.rest ? <p className="text">{plain(asked.rest)}</p> : null}
        <p className="m why">{plain(card.why)}</p>
        {card.text ? <p className="m text">{plain(card.text)}</p> : null}
        {card.evidence.length > 0 || card.findings.length > 0 ? (
          <ul>
            {card.evidence.map((e) => (
              <li key={`${e.observed}${e.text}`}>
                <EvidenceBadge source={e.observed} />
                {e.ok === false ? <Mark shape="failed" label="failed" /> : null}
                <span className="cut">{plain(e.text)}</span>
              </li>
            ))}
            {card.findings.slice(0, 2).map((f) => (
              <li key={f.title}>
                <span className="tag">{f.severity}</span>
                <span className="cut">{plain(f.title)}</span>
              </li>
            ))}
          </ul>
        ) : null}
        <a className="more" href={`/queue?decision=${card.id}`}>
          {card.files > 0 ? `All of it, ${plural(card.files, 'file')} changed` : 'All of it'}
        </a>
      </div>
      {refusal ? (
        <p className="note" role="alert">
          {refusal.message} <span className="m">{refusal.hint}</span>
        </p>
      ) : null}
      {notice ? (
        <div className="note" role="alert">
          <p>{notice.text}</p>
          <button type="button" className="btn big" onClick={notice.act}>
            {notice.button}
          </button>
        </div>
      ) : wants ? (
        <form
          className="reason"
          onSubmit={(e) => {
            e.preventDefault();
            if (ready) onAnswer(wants, note.trim());
          }}
        >
          {needsReason(card.kind, wants) ? (
            <>
              <label htmlFor="phone-reason" className="m">
                {wants === 'send_back' && card.kind === 'question'
                  ? 'Your answer. The agent reads it.'
                  : 'Why? The next agent reads it.'}
              </label>
              <div className="reasons">
                {card.suggestedReasons.map((r) => (
                  <button key={r} type="button" className="tag" onClick={() => setNote(r)}>
                    {plain(r)}
                  </button>
                ))}
              </div>
              <textarea
                id="phone-reason"
                ref={field}
                className="field"
                rows={2}
                value={note}
                aria-invalid={tooLong}
                onChange={(e) => setNote(e.target.value)}
              />
            </>
          ) : null}
          {tooLong ? (
            <p className="m" role="alert">
              {count(note.length)} characters; {count(REASON_MOST)} are the most. Shorten it.
            </p>
          ) : null}
          <button type="submit" className="btn primary big" disabled={!ready}>
            <span>
              {nameOf(wants)}: {plain(card.consequences[wants] ?? '')}
            </span>
          </button>
          <button type="button" className="btn big" onClick={() => setWants(null)}>
            Cancel
          </button>
        </form>
      ) : (
        <>
          {offered.includes('approve') ? (
            <button
              type="button"
              className="btn primary big"
              disabled={locked !== null}
              onClick={() => begin('approve')}
            >
              <span>
                {nameOf('approve')}: {plain(card.consequences.approve ?? '')}
              </span>
            </button>
          ) : null}
          <div className="pair">
            {offered
              .filter((a) => a !== 'approve')
              .map((a) => (
                <button
                  key={a}
                  type="button"
                  className={`btn big ${a === 'send_back' && !offered.includes('approve') ? 'primary' : ''}`}
                  title={card.consequences[a] ?? ''}
                  disabled={locked !== null}
                  onClick={() => begin(a)}
                >
                  {nameOf(a)}
                </button>
              ))}
          </div>
        </>
      )}
      {locked === null ? null : <p className="m lock">{locked}</p>}
      {toward ? (
        <span
          className={`swipe ${toward === 'approve' ? 'right' : 'left'}`}
          data-far={swipe.far}
          aria-hidden="true"
        >
          {nameOf(toward)}
        </span>
      ) : null}
    </section>
  );
}
