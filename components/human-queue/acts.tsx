'use client';
import { useEffect, useRef, useState } from 'react';
import { needsReason } from '#server/domain/answers.ts';
import type { CaseView, Person } from '#server/domain/views/question.ts';
import { type Answer, answers } from '#server/domain/views/queue.ts';
import { whyNotAnswer } from '#server/domain/who-answers.ts';
import { useCommands } from '../frame/commands.ts';
import { useKeys } from '../frame/keys.ts';
import { useMe } from '../live/me.ts';
import type { ShownRefusal } from '../live/refusal.ts';
import { Button, Key } from '../ui/button.tsx';
import { plain } from '../ui/plain.ts';
import { Alike } from './facts.tsx';
import { LONGEST_REASON, Reason } from './reason.tsx';
import { wordsFor } from './words.ts';

interface AnswersProps {
  /** What each answer does; null where it is not offered. */
  consequences: CaseView['consequences'];
  locked: boolean;
  kind: CaseView['kind'] | undefined;
  suggested: string[];
  onAnswer: (answer: Answer, note: string) => void;
}

/** Three answers that say what they will do. Sending back and rejecting need a reason. */
export function Answers({ consequences, locked, kind, suggested, onAnswer }: AnswersProps) {
  const [note, setNote] = useState('');
  const [wanted, setWanted] = useState<Answer | null>(null);
  const [writing, setWriting] = useState(kind === 'question');
  const field = useRef<HTMLTextAreaElement>(null);
  const offered = answers.filter((a) => consequences[a] !== null);
  const why = offered.filter((a) => needsReason(kind, a)).map((a) => wordsFor(kind, a).name.toLowerCase());

  const give = (answer: Answer) => {
    if (locked || consequences[answer] === null || note.length > LONGEST_REASON) return;
    if (needsReason(kind, answer) && !note.trim()) {
      setWanted(answer);
      setWriting(true);
      field.current?.focus();
      return;
    }
    onAnswer(answer, note.trim());
  };
  // On a phone the field was not there a moment ago (queue.css), and what is not shown takes no focus.
  useEffect(() => {
    if (wanted) field.current?.focus();
  }, [wanted]);
  useKeys({ a: () => give('approve'), s: () => give('send_back'), r: () => give('reject') });
  useCommands(
    locked
      ? []
      : offered.map((answer) => ({
          name: wordsFor(kind, answer).name,
          key: wordsFor(kind, answer).key.toLowerCase(),
          act: () => give(answer),
        })),
  );

  return (
    <>
      <div className="act-row">
        {offered.map((answer) => (
          <button
            key={answer}
            type="button"
            className={`act ${answer === 'approve' ? 'primary' : ''}`}
            disabled={locked}
            onClick={() => give(answer)}
          >
            <strong>{wordsFor(kind, answer).name}</strong>
            <Key>{wordsFor(kind, answer).key}</Key>
            <span>{plain(consequences[answer] ?? '')}</span>
          </button>
        ))}
      </div>
      {writing ? null : (
        <Button small className="add-note" onClick={() => setWriting(true)}>
          Add a note
        </Button>
      )}
      <div className="note" data-open={writing}>
        <Reason
          id="reason"
          ref={field}
          kind={kind ?? 'batch'}
          label={
            kind === 'question' ? 'Your answer, or why you reject' : `Reason, needed to ${why.join(' or ')}`
          }
          note={note}
          onNote={setNote}
          suggested={suggested}
          invalid={wanted !== null && !note.trim()}
          onEnter={wanted ? () => onAnswer(wanted, note.trim()) : undefined}
          status={
            wanted && !note.trim()
              ? `Say why, then Enter: ${wordsFor(kind, wanted).name.toLowerCase()} needs a reason that the next agent can act on.`
              : wanted
                ? `Enter: ${wordsFor(kind, wanted).name.toLowerCase()}.`
                : ''
          }
        />
      </div>
    </>
  );
}

/** Whose question it is: a choice of people, nobody in particular at first. */
export function GiveTo({
  people,
  to,
  onGive,
}: {
  people: Person[];
  to: string | null;
  onGive: (to: Person | null) => void;
}) {
  if (people.length < 2 && to === null) return null;
  return (
    <label className="give-to m">
      Give to
      <select
        className="field small"
        value={to ?? ''}
        onChange={(e) => onGive(people.find((p) => p.id === e.target.value) ?? null)}
      >
        <option value="">Nobody in particular</option>
        {people.map((p) => (
          <option key={p.id} value={p.id}>
            {plain(p.name)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ActsProps {
  view: CaseView;
  /** What is not as it was when this was shown; empty while it is. */
  changed: string[];
  onShowNew: () => void;
  busy: boolean;
  refusal: ShownRefusal | null;
  people: Person[];
  onAnswer: (answer: Answer, note: string) => void;
  onGive: (to: Person | null) => void;
}

/** The side where one decides: the answers, the reason, whose it is, and how such answers turned out. */
export function Acts(p: ActsProps) {
  const { view, changed } = p;
  const me = useMe();
  if (view.state !== 'OPEN') return null;
  const whyNot = me ? whyNotAnswer({ role: me.role, scopes: null }, view.kind) : null;
  return (
    <aside className="inspector acts" aria-label="Decide">
      {changed.length > 0 ? (
        <div className="notice" role="alert">
          <p>This changed, look again: {changed.join(', ')}. Nothing was decided.</p>
          <Button small onClick={p.onShowNew}>
            Show the new version
          </Button>
        </div>
      ) : whyNot ? (
        <p className="notice" role="note">
          {whyNot}
        </p>
      ) : p.refusal ? (
        <p className="notice" role="alert">
          {p.refusal.message} <span className="text-muted">{p.refusal.hint}</span>
        </p>
      ) : null}
      {whyNot ? null : (
        <Answers
          consequences={view.consequences}
          locked={p.busy || changed.length > 0}
          kind={view.kind}
          suggested={view.suggestedReasons}
          onAnswer={p.onAnswer}
        />
      )}
      <GiveTo people={p.people} to={view.assigned?.id ?? null} onGive={p.onGive} />
      <Alike items={view.similar} />
      {whyNot ? null : (
        <p className="m bound">
          Bound to <span className="n">{view.digest.slice(0, 7)}</span>. If anything shown here changes, it
          asks again. Drag the row onto an answer, or press its key; it takes effect after ten seconds.
        </p>
      )}
    </aside>
  );
}
