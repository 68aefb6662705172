'use client';
import { useDraggable } from '@dnd-kit/core';
import Link from 'next/link';
import { memo, useRef, useState } from 'react';
import { kindWords } from '#server/domain/answers.ts';
import type { EscalationItem, QueueView } from '#server/domain/views/queue.ts';
import { Button } from '../ui/button.tsx';
import { count, plural, span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Age, useNow } from '../ui/time.tsx';
import { type Filter, Filters } from './filters.tsx';
import { wordsFor } from './words.ts';

interface ListProps {
  queue: QueueView;
  selected: number | null;
  picked: ReadonlySet<number>;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onSelect: (id: number, shift: boolean) => void;
  onPick: (id: number) => void;
  onMore: (() => void) | null;
  /** On a phone: shows what was picked, in place of the list. */
  onTogether: () => void;
}

interface OpenProps {
  item: EscalationItem;
  on: boolean;
  picked: boolean;
  onSelect: (id: number, shift: boolean) => void;
  onPick: (id: number) => void;
}

const Open = memo(function Open({ item, on, picked, onSelect, onPick }: OpenProps) {
  const { setNodeRef, attributes, listeners, isDragging } = useDraggable({ id: item.id });
  const title = plain(item.title);
  return (
    <li
      className={`item-row${picked ? ' picked' : ''}`}
      data-id={item.id}
      data-dragging={isDragging || undefined}
    >
      <button
        type="button"
        role="checkbox"
        className="pick"
        aria-checked={picked}
        aria-label={`Pick ${item.taskId ? `#${item.taskId} ` : ''}${title}`}
        onClick={() => onPick(item.id)}
      >
        <span className="yours">
          <Mark shape={picked ? 'done' : 'yours'} />
        </span>
      </button>
      <button
        aria-describedby={attributes['aria-describedby']}
        {...listeners}
        ref={setNodeRef}
        type="button"
        className={`item${on ? ' on' : ''}`}
        aria-current={on ? 'true' : undefined}
        onClick={(e) => onSelect(item.id, e.shiftKey)}
      >
        <strong className="cut" dir="auto">
          {item.taskId ? <span className="n m">#{item.taskId} </span> : null}
          <bdi>{title}</bdi>
        </strong>
        <span className="n m">
          <Age since={item.askedAt} />
        </span>
        <span className="m cut">
          {kindWords[item.kind]}
          {item.blocks > 0 ? ` · blocks ${item.blocks}` : ' · holds no slot'}
          {item.askedTimes > 1 ? ` · asked ${item.askedTimes} times` : ''}
          {item.assigned ? ` · ${plain(item.assigned.name)}` : ''}
        </span>
        <span className="grip" aria-hidden="true" />
      </button>
    </li>
  );
});

function Answered({
  item,
  on,
  onSelect,
}: {
  item: EscalationItem;
  on: boolean;
  onSelect: (id: number, shift: boolean) => void;
}) {
  const now = useNow();
  const given = item.pending?.answer ?? item.decision?.answer;
  const look = given ? wordsFor(item.kind, given).look : 'cancelled';
  const left = item.pending ? item.pending.effectiveAt.getTime() - now : 0;
  const by = item.pending?.by ?? item.decision?.by;
  const note = item.pending?.note ?? item.decision?.note;
  return (
    <li className="item-row">
      <button
        type="button"
        className={`item old${on ? ' on' : ''}`}
        aria-current={on ? 'true' : undefined}
        onClick={() => onSelect(item.id, false)}
      >
        <span className={`${look} flex pt-1`}>
          <Mark shape={look} />
        </span>
        <strong className="cut" dir="auto">
          {item.taskId ? <span className="n m">#{item.taskId} </span> : null}
          <bdi>{plain(item.title)}</bdi>: {given ? wordsFor(item.kind, given).did : 'withdrawn'}
        </strong>
        <span className="n m">{item.decision ? <Age since={item.decision.at} /> : ''}</span>
        <span className="m cut">
          {item.pending
            ? left > 0
              ? `Takes effect in ${span(left + 999)} · undo with U`
              : 'Takes effect now'
            : [by, note ? `“${plain(note)}”` : ''].filter(Boolean).join(': ')}
        </span>
      </button>
    </li>
  );
}

/** Keeps the order that is being pointed at; new questions join at the foot until the pointer leaves. */
function useSteadyOrder(items: EscalationItem[], held: boolean): EscalationItem[] {
  const order = useRef<number[]>([]);
  const fresh = new Map(items.map((i) => [i.id, i]));
  if (!held) order.current = items.map((i) => i.id);
  else {
    const kept = order.current.filter((id) => fresh.has(id));
    const known = new Set(kept);
    order.current = [...kept, ...items.map((i) => i.id).filter((id) => !known.has(id))];
  }
  return order.current.flatMap((id) => fresh.get(id) ?? []);
}

/** What waits, by work blocked x age; below it what was answered today. */
export function List(p: ListProps) {
  const { queue, selected, picked } = p;
  const [held, setHeld] = useState(false);
  const open = useSteadyOrder(queue.open, held);
  return (
    <nav
      className="queue-list"
      aria-label="Human queue"
      onPointerEnter={(e) => setHeld(e.pointerType !== 'touch')}
      onPointerLeave={() => setHeld(false)}
    >
      <h2>
        Needs you <span className="n">{count(queue.total)}</span>
        <span className="m end">
          {picked.size > 0 ? `${count(picked.size)} picked` : 'most blocked first'}
        </span>
      </h2>
      {picked.size > 1 ? (
        <p className="px-4 pb-3 sm:hidden">
          <Button kind="primary" className="w-full h-12!" onClick={p.onTogether}>
            Answer {count(picked.size)} together
          </Button>
        </p>
      ) : null}
      <Filters filter={p.filter} total={queue.total} onFilter={p.onFilter} />
      {open.length > 0 ? (
        <ul>
          {open.map((item) => (
            <Open
              key={item.id}
              item={item}
              on={item.id === selected}
              picked={picked.has(item.id)}
              onSelect={p.onSelect}
              onPick={p.onPick}
            />
          ))}
        </ul>
      ) : (
        <p className="m px-4 pb-4">
          {p.filter.q || p.filter.of
            ? 'Nothing that waits is like this. Show all to see the others.'
            : 'Nothing needs you. A question shows here, and in the strip, as soon as there is one.'}
        </p>
      )}
      {open.length < queue.total ? (
        <p className="m flex items-center gap-2 px-4 py-3">
          <span className="grow">
            The most urgent {count(open.length)} of {count(queue.total)}.
          </span>
          {p.onMore ? (
            <Button small onClick={p.onMore}>
              Show more
            </Button>
          ) : (
            'Search for the others.'
          )}
        </p>
      ) : null}
      <h2 className="answered">
        Answered today <span className="n">{count(queue.answered.length)}</span>
        <Link className="m end inline-flex items-center underline max-sm:min-h-11" href="/decisions">
          All decisions
        </Link>
      </h2>
      <ul>
        {queue.answered.map((item) => (
          <Answered key={item.id} item={item} on={item.id === selected} onSelect={p.onSelect} />
        ))}
      </ul>
      <span className="sr-only" role="status">
        {plural(queue.total, 'decision')} waiting
        {picked.size > 0 ? `, ${count(picked.size)} picked` : ''}
      </span>
    </nav>
  );
}
