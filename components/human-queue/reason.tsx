'use client';
import { type Ref, useState, useSyncExternalStore } from 'react';
import { count } from '../ui/format.ts';
import { plain } from '../ui/plain.ts';

/** As long as a reason may be; the server refuses a longer one, so the field says it before. */
export const LONGEST_REASON = 4_000;
/** What is longer is not taken into the field at all: the browser would stand still over it. */
const LONGEST_PASTE = 40_000;

const keyOf = (kind: string) => `alai-reason-${kind}`;
const listeners = new Set<() => void>();
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function lastReason(kind: string): string | null {
  try {
    return localStorage.getItem(keyOf(kind));
  } catch {
    return null;
  }
}

/** Keeps the last reason given to this kind of question, to be offered next time. */
export function rememberReason(kind: string, note: string): void {
  try {
    if (note) localStorage.setItem(keyOf(kind), note.slice(0, 200));
  } catch {
    // Not remembered, and given all the same.
  }
  for (const listener of listeners) listener();
}

interface ReasonProps {
  id: string;
  kind: string;
  label: string;
  note: string;
  onNote: (note: string) => void;
  suggested: string[];
  /** What is wrong with it or to be done, said politely. */
  status: string;
  invalid: boolean;
  onEnter?: () => void;
  ref?: Ref<HTMLTextAreaElement>;
}

/** Why: templates to choose from (the findings, the usual ones, the last one given), and the words themselves. */
export function Reason(p: ReasonProps) {
  const last = useSyncExternalStore(
    subscribe,
    () => lastReason(p.kind),
    () => null,
  );
  const offers = [...new Set([...(last ? [last] : []), ...p.suggested])];
  const [kept, setKept] = useState<number | null>(null);
  const left = LONGEST_REASON - p.note.length;
  return (
    <div className="why-no">
      <label htmlFor={p.id} className="label">
        {p.label}
      </label>
      {offers.length > 0 ? (
        <div className="reasons">
          {offers.map((r) => (
            <button
              key={r}
              type="button"
              className="tag"
              aria-pressed={p.note === r}
              title={r === last ? 'The last reason you gave' : undefined}
              onClick={() => p.onNote(r)}
            >
              <span className="cut">{plain(r)}</span>
            </button>
          ))}
        </div>
      ) : null}
      <textarea
        id={p.id}
        ref={p.ref}
        className="field"
        rows={2}
        dir="auto"
        placeholder="In your words"
        value={p.note}
        aria-invalid={p.invalid || left < 0}
        aria-describedby={`${p.id}-need`}
        onPaste={(e) => {
          const { length } = e.clipboardData.getData('text');
          setKept(length > LONGEST_PASTE ? length : null);
          if (length > LONGEST_PASTE) e.preventDefault();
        }}
        onChange={(e) => {
          setKept(null);
          p.onNote(e.target.value);
        }}
        onKeyDown={(e) => {
          if (e.key === 'Escape') e.currentTarget.blur();
          if (e.key === 'Enter' && !e.shiftKey && p.onEnter && p.note.trim() && left >= 0) {
            e.preventDefault();
            p.onEnter();
          }
        }}
      />
      <p id={`${p.id}-need`} className="m flex gap-2" role="status">
        <span className="grow">
          {kept !== null
            ? `${count(kept)} characters were not pasted: a reason may have ${count(LONGEST_REASON)}. What stood here is unchanged.`
            : left < 0
              ? `This is ${count(-left)} characters too long. Nothing is lost: shorten it here.`
              : p.status}
        </span>
        {p.note.length > 0 ? (
          <span className={`n ${left < 0 ? 'text-failed' : ''}`}>
            {count(p.note.length)} / {count(LONGEST_REASON)}
          </span>
        ) : null}
      </p>
    </div>
  );
}
