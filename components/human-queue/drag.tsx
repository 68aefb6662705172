'use client';
import {
  type Announcements,
  type CollisionDetection,
  DndContext,
  type DragEndEvent,
  DragOverlay,
  KeyboardSensor,
  MeasuringStrategy,
  MouseSensor,
  pointerWithin,
  rectIntersection,
  TouchSensor,
  type UniqueIdentifier,
  useSensor,
  useSensors,
} from '@dnd-kit/core';
import { type ReactNode, useState } from 'react';
import type { CaseView, Person } from '#server/domain/views/question.ts';
import { type Answer, answers, type EscalationItem } from '#server/domain/views/queue.ts';
import { plural } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { nextTarget } from './drag-keys.ts';
import { useReleased } from './released.ts';
import { Targets } from './targets.tsx';
import { wordsFor } from './words.ts';

export type Drop = { answer: Answer; views: CaseView[] } | { person: Person; ids: number[] };

interface DragRoomProps {
  items: EscalationItem[];
  /** Questions that go along when one of them is dragged. */
  picked: ReadonlySet<number>;
  people: Person[];
  onStart: (id: number) => void;
  onDrop: (drop: Drop) => void;
  children: ReactNode;
}

/** The pointer says where it is; a key has no pointer, so there the card itself does. */
const collide: CollisionDetection = (args) =>
  args.pointerCoordinates ? pointerWithin(args) : rectIntersection(args);

/** Drag a question onto an answer or a person: with the mouse, a long touch, or space and the arrows. */
export function DragRoom({ items, picked, people, onStart, onDrop, children }: DragRoomProps) {
  const [dragged, setDragged] = useState<number | null>(null);
  const [views, setViews] = useState<CaseView[]>([]);
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    // A short touch opens, a swipe scrolls; what is held for a moment is picked up.
    useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }),
    useSensor(KeyboardSensor, {
      coordinateGetter: nextTarget,
      keyboardCodes: { start: ['Space'], cancel: ['Escape'], end: ['Space', 'Enter'] },
    }),
  );
  const item = items.find((i) => i.id === dragged) ?? null;
  const released = useReleased(dragged !== null);
  const landed = (over: { id: UniqueIdentifier } | null) =>
    released.current === undefined ? (over?.id ?? null) : released.current;
  const ids = dragged === null ? [] : picked.has(dragged) ? [...picked] : [dragged];

  const nameOf = (id: UniqueIdentifier) => {
    const found = items.find((i) => i.id === Number(id));
    const n = picked.has(Number(id)) ? picked.size : 1;
    return n > 1 ? plural(n, 'question') : plain(found?.title ?? 'The question');
  };
  const targetOf = (id: UniqueIdentifier) => {
    const [what, which] = String(id).split(/:(.*)/);
    if (what === 'answer') {
      const said = views[0]?.consequences[which as Answer];
      return `${wordsFor(views[0]?.kind, which as Answer).name}${said ? `: ${plain(said).replace(/\.$/, '')}` : ''}`;
    }
    return `give to ${plain(people.find((p) => p.id === which)?.name ?? '')}`;
  };
  const announcements: Announcements = {
    onDragStart: ({ active }) =>
      `Picked up ${nameOf(active.id)}. The arrow keys go from answer to answer, space drops, escape leaves it.`,
    onDragOver: ({ over }) => (over ? `Over ${targetOf(over.id)}.` : 'Over nothing.'),
    onDragEnd: ({ active, over }) => {
      const on = landed(over);
      return on === null
        ? `${nameOf(active.id)} was left where it is.`
        : `Dropped ${nameOf(active.id)} on ${targetOf(on)}.`;
    },
    onDragCancel: ({ active }) => `${nameOf(active.id)} was left where it is.`,
  };

  const end = ({ over }: DragEndEvent) => {
    const [what, which] = String(landed(over) ?? '').split(/:(.*)/);
    const person = what === 'person' ? people.find((p) => p.id === which) : undefined;
    const answer = what === 'answer' ? answers.find((a) => a === which) : undefined;
    setDragged(null);
    if (person) onDrop({ person, ids });
    // Bound to what was read while it was dragged: what has not come yet cannot be answered.
    else if (answer && views.length === ids.length && views.every((v) => v.consequences[answer] !== null))
      onDrop({ answer, views });
  };

  return (
    <DndContext
      id="human-queue"
      sensors={sensors}
      collisionDetection={collide}
      measuring={{ droppable: { strategy: MeasuringStrategy.Always } }}
      autoScroll={false}
      accessibility={{
        announcements,
        screenReaderInstructions: {
          draggable:
            'Enter opens it. Space picks it up, the arrow keys go from answer to answer, space drops it there, escape leaves it.',
        },
      }}
      onDragStart={({ active }) => {
        setViews([]);
        setDragged(Number(active.id));
        onStart(Number(active.id));
      }}
      onDragCancel={() => setDragged(null)}
      onDragEnd={end}
    >
      {children}
      {dragged === null ? null : <Targets ids={ids} people={people} onViews={setViews} />}
      <DragOverlay dropAnimation={null}>
        {item ? (
          <div className="dragged float">
            <span className="yours flex pt-1">
              <Mark shape="yours" />
            </span>
            <strong className="cut">
              {ids.length > 1 ? plural(ids.length, 'question') : plain(item.title)}
            </strong>
          </div>
        ) : null}
      </DragOverlay>
    </DndContext>
  );
}
