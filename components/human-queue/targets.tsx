'use client';
import { useDroppable } from '@dnd-kit/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import type { CaseView, Person } from '#server/domain/views/question.ts';
import { type Answer, answers } from '#server/domain/views/queue.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { plural } from '../ui/format.ts';
import { plain } from '../ui/plain.ts';
import { together } from './together.ts';
import { wordsFor } from './words.ts';

function Target({
  id,
  off,
  className,
  children,
}: {
  id: string;
  off?: boolean;
  className: string;
  children: ReactNode;
}) {
  const { setNodeRef, isOver } = useDroppable({ id, disabled: off });
  return (
    <div
      ref={setNodeRef}
      className={`target ${className}${isOver ? ' over' : ''}`}
      data-target={id}
      data-off={off || undefined}
    >
      {children}
    </div>
  );
}

interface TargetsProps {
  ids: number[];
  people: Person[];
  /** What was read of the dragged questions: an answer is bound to it. */
  onViews: (views: CaseView[]) => void;
}

/** Where a dragged question can be dropped; each target says what it will do. */
export function Targets({ ids, people, onViews }: TargetsProps) {
  const trpc = useTRPC();
  // Asked anew for every drag: a card of a minute ago may not be what one decides on.
  const query = useQuery(trpc.queue.getMany.queryOptions({ ids }, { staleTime: 0, gcTime: 0 }));
  const views = query.data;
  useEffect(() => {
    if (views) onViews(views);
  }, [views, onViews]);
  useEffect(() => {
    // While something is carried, letters answer nothing.
    const quiet = (e: KeyboardEvent) => {
      if (e.key.length === 1 && e.key !== ' ') e.preventDefault();
    };
    addEventListener('keydown', quiet, true);
    return () => removeEventListener('keydown', quiet, true);
  }, []);
  const all = views ? together(views) : null;
  const said = (answer: Answer) =>
    all
      ? (all.consequences[answer] ?? 'Not an answer to this question.')
      : query.error
        ? refusalOf(query.error).message
        : 'Reading what it does.';
  return (
    <section className="targets" aria-label="Drop on an answer">
      <p className="m">
        {ids.length > 1 ? `${plural(ids.length, 'question')}: drop` : 'Drop'} on an answer
        {people.length > 0 ? ' or a person' : ''}. Escape leaves it.
      </p>
      {answers.map((answer) => (
        <Target
          key={answer}
          id={`answer:${answer}`}
          off={!all || all.consequences[answer] === null}
          className={answer}
        >
          <strong>{wordsFor(views?.[0]?.kind, answer).name}</strong>
          <span>{plain(said(answer))}</span>
        </Target>
      ))}
      {people.length > 0 ? (
        <div className="target-people">
          {people.map((p) => (
            <Target key={p.id} id={`person:${p.id}`} className="person">
              <span className="cut">Give to {plain(p.name)}</span>
            </Target>
          ))}
        </div>
      ) : null}
    </section>
  );
}
