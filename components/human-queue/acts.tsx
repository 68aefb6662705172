'use client';
import { useRef, useState } from 'react';
import { type Answer, answers, type EscalationView } from '#server/domain/views.ts';
import { useKeys } from '../frame/keys.ts';
import type { ShownRefusal } from '../live/refusal.ts';
import { Button, Key } from '../ui/button.tsx';
import { plain } from '../ui/plain.ts';
import { answerWords, needsReason } from './words.ts';

interface ActsProps {
  view: EscalationView;
  /** The question was changed on the server since it was shown. */
  changed: boolean;
  onShowNew: () => void;
  busy: boolean;
  refusal: ShownRefusal | null;
  onAnswer: (answer: Answer, note: string) => void;
}

/** Three answers that say what they will do. Sending back and rejecting need a reason. */
export function Acts({ view, changed, onShowNew, busy, refusal, onAnswer }: ActsProps) {
  const [note, setNote] = useState('');
  const [wanted, setWanted] = useState<Answer | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const locked = busy || changed || view.state !== 'OPEN';
  const offered = answers.filter((a) => view.consequences[a] !== null);

  const give = (answer: Answer) => {
    if (locked || view.consequences[answer] === null) return;
    if (needsReason(answer) && !note.trim()) {
      setWanted(answer);
      field.current?.focus();
      return;
    }
    onAnswer(answer, note.trim());
  };
  useKeys({ a: () => give('approve'), s: () => give('send_back'), r: () => give('reject') });

  if (view.state !== 'OPEN') return null;
  return (
    <aside className="inspector acts" aria-label="Decide">
      {changed ? (
        <div className="notice" role="alert">
          <p>What is asked has changed since you opened it. Nothing was decided.</p>
          <Button small onClick={onShowNew}>
            Show the new version
          </Button>
        </div>
      ) : null}
      {refusal ? (
        <p className="notice" role="alert">
          {refusal.message} <span className="text-muted">{refusal.hint}</span>
        </p>
      ) : null}
      <div className="act-row">
        {offered.map((answer) => (
          <button
            key={answer}
            type="button"
            className={`act ${answer === 'approve' ? 'primary' : ''}`}
            disabled={locked}
            onClick={() => give(answer)}
          >
            <strong>{answerWords[answer].name}</strong>
            <Key>{answerWords[answer].key}</Key>
            <span>{plain(view.consequences[answer] ?? '')}</span>
          </button>
        ))}
      </div>
      <div className="why-no">
        <label htmlFor="reason" className="label">
          Reason, needed to{' '}
          {offered
            .filter(needsReason)
            .map((a) => answerWords[a].name.toLowerCase())
            .join(' or ')}
        </label>
        {view.suggestedReasons.length > 0 ? (
          <div className="reasons">
            {view.suggestedReasons.map((r) => (
              <button
                key={r}
                type="button"
                className="tag"
                aria-pressed={note === r}
                onClick={() => setNote(r)}
              >
                {plain(r)}
              </button>
            ))}
          </div>
        ) : null}
        <textarea
          id="reason"
          ref={field}
          className="field"
          rows={2}
          placeholder="In your words"
          value={note}
          aria-invalid={wanted !== null && !note.trim()}
          aria-describedby="reason-need"
          onChange={(e) => setNote(e.target.value)}
          onKeyDown={(e) => {
            if (e.key === 'Escape') e.currentTarget.blur();
            if (e.key === 'Enter' && !e.shiftKey && wanted && note.trim()) {
              e.preventDefault();
              onAnswer(wanted, note.trim());
            }
          }}
        />
        <p id="reason-need" className="m" role="status">
          {wanted && !note.trim()
            ? `Say why, then Enter: ${answerWords[wanted].name.toLowerCase()} needs a reason that the next agent can act on.`
            : wanted
              ? `Enter: ${answerWords[wanted].name.toLowerCase()}.`
              : ''}
        </p>
      </div>
      <p className="m bound">
        Bound to <span className="n">{view.digest.slice(0, 7)}</span>. If anything shown here changes, it asks
        again. An answer takes effect after ten seconds.
      </p>
    </aside>
  );
}
