'use client';
import type { EscalationItem } from '#server/domain/views.ts';
import { useKeys } from '../frame/keys.ts';
import { Button } from '../ui/button.tsx';
import { span } from '../ui/format.ts';
import { useNow } from '../ui/time.tsx';
import { answerWords } from './words.ts';

interface UndoProps {
  items: EscalationItem[];
  busy: boolean;
  onUndo: (id: number) => void;
}

/** The last answer can be taken back while its ten seconds run. */
export function Undo({ items, busy, onUndo }: UndoProps) {
  const now = useNow();
  const waiting = items
    .filter((i) => i.pending && i.pending.effectiveAt.getTime() > now - 500)
    .sort((a, b) => (b.pending?.effectiveAt.getTime() ?? 0) - (a.pending?.effectiveAt.getTime() ?? 0));
  const [last] = waiting;
  useKeys({ u: () => last && onUndo(last.id) });
  if (!last?.pending) return null;
  const left = Math.max(0, last.pending.effectiveAt.getTime() - now);
  return (
    <div className="undo float" role="status">
      <span className="cut">
        {last.taskId ? `#${last.taskId} ` : ''}
        {answerWords[last.pending.answer].did}.
      </span>
      <span className="m" aria-hidden="true">
        Takes effect in <span className="n">{span(left + 999)}</span>
      </span>
      <Button hint="U" disabled={busy} onClick={() => onUndo(last.id)}>
        Undo
      </Button>
      <i key={last.id} className="left" style={{ animationDuration: `${left}ms` }} />
    </div>
  );
}
