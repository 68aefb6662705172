'use client';
import type { EscalationItem } from '#server/domain/views/queue.ts';
import { useCommands } from '../frame/commands.ts';
import { useKeys } from '../frame/keys.ts';
import { Button } from '../ui/button.tsx';
import { count, span } from '../ui/format.ts';
import { useNow } from '../ui/time.tsx';
import { wordsFor } from './words.ts';

interface UndoProps {
  items: EscalationItem[];
  busy: boolean;
  onUndo: (ids: number[]) => void;
}

const ends = (i: EscalationItem) => i.pending?.effectiveAt.getTime() ?? 0;
/** Answers given in one go end within this of each other. */
const TOGETHER = 2_000;

/** The last answer, or the last several given together, can be taken back while their ten seconds run. */
export function Undo({ items, busy, onUndo }: UndoProps) {
  const now = useNow();
  const waiting = items.filter((i) => i.pending && ends(i) > now - 500).sort((a, b) => ends(b) - ends(a));
  const [last] = waiting;
  const given = last?.pending;
  const together = waiting.filter(
    (i) =>
      given !== null &&
      i.pending?.answer === given?.answer &&
      i.pending?.note === given?.note &&
      last !== undefined &&
      ends(last) - ends(i) < TOGETHER,
  );
  const ids = together.map((i) => i.id);
  useKeys({ u: () => ids.length > 0 && onUndo(ids) });
  useCommands(ids.length > 0 ? [{ name: 'Undo the last answer', key: 'u', act: () => onUndo(ids) }] : []);
  if (!last || !given) return null;
  // The first of them to take effect ends the time for all.
  const left = Math.max(0, Math.min(...together.map(ends)) - now);
  return (
    <div className="undo float" role="status">
      <span className="cut">
        {together.length > 1 ? `${count(together.length)} ` : last.taskId ? `#${last.taskId} ` : ''}
        {wordsFor(last.kind, given.answer).did}.
      </span>
      <span className="m" aria-hidden="true">
        Takes effect in <span className="n">{span(left + 999)}</span>
      </span>
      <Button hint="U" disabled={busy} onClick={() => onUndo(ids)}>
        Undo
      </Button>
      <i key={last.id} className="left" style={{ animationDuration: `${left}ms` }} />
    </div>
  );
}
