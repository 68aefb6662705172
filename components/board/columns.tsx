'use client';
import Link from 'next/link';
import { type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Board } from '#server/domain/views/board.ts';
import { useStrip } from '../frame/strip.tsx';
import { count, plural } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { Skeleton } from '../ui/states.tsx';
import { type Arrangement, arrange, type Column, columns } from './arrange.ts';
import { Card } from './card.tsx';

const faces: Record<
  Column,
  { name: string; look: 'none' | 'queued' | 'running' | 'yours' | 'done'; style: string; empty: string }
> = {
  inbox: { name: 'Inbox', look: 'none', style: '', empty: 'New tasks land here until they have a project.' },
  queued: { name: 'Queued', look: 'queued', style: '', empty: 'Nothing waits for a host.' },
  working: { name: 'Working', look: 'running', style: '', empty: 'No agent is working.' },
  'needs-you': { name: 'Needs you', look: 'yours', style: 'you', empty: 'Nothing needs you.' },
  done: { name: 'Done', look: 'done', style: 'over', empty: 'Merged work shows here.' },
};

/** A pointer that has not moved for this long is not about to click, and must not freeze the board. */
const idleMs = 8_000;

/** Which columns are under the pointer or hold the focus. */
function useHeld() {
  const [pointer, setPointer] = useState<Column | null>(null);
  const [focus, setFocus] = useState<Column | null>(null);
  const idle = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(idle.current), []);

  const bind = useCallback(
    (column: Column) => ({
      onPointerMove: (e: PointerEvent) => {
        if (e.pointerType === 'touch') return;
        setPointer(column);
        clearTimeout(idle.current);
        idle.current = setTimeout(() => setPointer(null), idleMs);
      },
      onPointerLeave: () => setPointer(null),
      onFocus: () => setFocus(column),
      onBlur: () => setFocus(null),
    }),
    [],
  );
  const release = useCallback(() => {
    setPointer(null);
    setFocus(null);
  }, []);
  const held = useMemo(() => new Set([pointer, focus].filter((c) => c !== null)), [pointer, focus]);
  return { held, bind, release };
}

/** Five columns that never move a card under the pointer or the focus. */
export function Columns({ board }: { board: Board }) {
  const { held, bind, release } = useHeld();
  /** What is asked about the whole factory, such as a budget, stands on no card. */
  const asked = useStrip().data?.needYou ?? 0;
  const last = useRef<Arrangement | null>(null);
  const { shown, heldBack } = useMemo(() => arrange(last.current, board.cards, held), [board.cards, held]);
  useEffect(() => {
    last.current = shown;
  }, [shown]);

  return (
    <div className={`board${board.cards.length === 0 ? ' bare' : ''}`}>
      {columns.map((column) => {
        const face = faces[column];
        const waiting = heldBack[column];
        const all = board.counts[column === 'needs-you' ? 'needsYou' : column];
        // The server sends the first of a long column, and how many there are.
        const unseen = Math.max(0, all - board.cards.filter((c) => c.column === column).length);
        return (
          <section
            key={column}
            className={`col ${face.style}${shown[column].length > 0 ? ' some' : ''}`}
            aria-label={face.name}
            data-column={column}
          >
            <header>
              {face.look === 'none' ? null : (
                <span className={`${face.look} flex`}>
                  <Mark shape={face.look} />
                </span>
              )}
              <h2>{face.name}</h2>
              <span className="n">{count(shown[column].length + unseen)}</span>
              {waiting > 0 ? (
                <button
                  type="button"
                  className="btn small held end"
                  title="Held back while the pointer or the focus is here"
                  onClick={release}
                >
                  {plural(waiting, 'change')} ↑
                </button>
              ) : null}
            </header>
            <div className="cards" {...bind(column)}>
              {shown[column].map((card) => (
                <Card key={card.key} card={card} />
              ))}
              {unseen > 0 ? <p className="m nothing">and {count(unseen)} more: search with /</p> : null}
              {shown[column].length === 0 && board.cards.length > 0 ? (
                <p className="m nothing">
                  {column === 'needs-you' && asked > 0 ? (
                    <Link className="underline" href="/queue">
                      {plural(asked, 'question')} about no single task
                    </Link>
                  ) : (
                    face.empty
                  )}
                </p>
              ) : null}
            </div>
          </section>
        );
      })}
    </div>
  );
}

/** The board at its final size, before the first answer. */
export function ColumnsSkeleton() {
  return (
    <div className="board" aria-busy="true">
      {columns.map((column) => (
        <section key={column} className={`col ${faces[column].style}`} aria-label={faces[column].name}>
          <header>
            <h2>{faces[column].name}</h2>
          </header>
          <div className="cards">
            <Skeleton className="h-[76px] flex-none" />
            <Skeleton className="h-[76px] flex-none" />
          </div>
        </section>
      ))}
    </div>
  );
}
