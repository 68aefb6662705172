'use client';
import { useRef, useState } from 'react';
import type { EscalationItem, QueueView } from '#server/domain/views.ts';
import { count, plural, span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Age, useNow } from '../ui/time.tsx';
import { answerWords, kindWords } from './words.ts';

interface ListProps {
  queue: QueueView;
  selected: number | null;
  onSelect: (id: number) => void;
}

function Open({ item, on, onSelect }: { item: EscalationItem; on: boolean; onSelect: (id: number) => void }) {
  return (
    <button
      type="button"
      className={`item${on ? ' on' : ''}`}
      aria-current={on ? 'true' : undefined}
      onClick={() => onSelect(item.id)}
    >
      <span className="yours flex pt-1">
        <Mark shape="yours" />
      </span>
      <strong className="cut">
        {item.taskId ? <span className="n m">#{item.taskId} </span> : null}
        {plain(item.title)}
      </strong>
      <span className="n m">
        <Age since={item.askedAt} />
      </span>
      <span className="m cut">
        {kindWords[item.kind]}
        {item.blocks > 0 ? ` · blocks ${item.blocks}` : ' · holds no slot'}
        {item.askedTimes > 1 ? ` · asked ${item.askedTimes} times` : ''}
      </span>
    </button>
  );
}

function Answered({
  item,
  on,
  onSelect,
}: {
  item: EscalationItem;
  on: boolean;
  onSelect: (id: number) => void;
}) {
  const now = useNow();
  const given = item.pending?.answer ?? item.decision?.answer;
  const look = given ? answerWords[given].look : 'cancelled';
  const left = item.pending ? item.pending.effectiveAt.getTime() - now : 0;
  const by = item.pending?.by ?? item.decision?.by;
  const note = item.pending?.note ?? item.decision?.note;
  return (
    <button
      type="button"
      className={`item old${on ? ' on' : ''}`}
      aria-current={on ? 'true' : undefined}
      onClick={() => onSelect(item.id)}
    >
      <span className={`${look} flex pt-1`}>
        <Mark shape={look} />
      </span>
      <strong className="cut">
        {item.taskId ? <span className="n m">#{item.taskId} </span> : null}
        {plain(item.title)}: {given ? answerWords[given].did : 'withdrawn'}
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
  );
}

/** Keeps the order that is being pointed at; new questions join at the foot until the pointer leaves. */
function useSteadyOrder(items: EscalationItem[], held: boolean): EscalationItem[] {
  const order = useRef<number[]>([]);
  const fresh = new Map(items.map((i) => [i.id, i]));
  if (!held) order.current = items.map((i) => i.id);
  else {
    const kept = order.current.filter((id) => fresh.has(id));
    order.current = [...kept, ...items.map((i) => i.id).filter((id) => !kept.includes(id))];
  }
  return order.current.flatMap((id) => fresh.get(id) ?? []);
}

/** What waits, by work blocked x age; below it what was answered today. */
export function List({ queue, selected, onSelect }: ListProps) {
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
        Needs you <span className="n">{count(open.length)}</span>
        <span className="m end">work blocked × age</span>
      </h2>
      {open.map((item) => (
        <Open key={item.id} item={item} on={item.id === selected} onSelect={onSelect} />
      ))}
      {open.length === 0 ? (
        <p className="m px-4 pb-4">
          Nothing needs you. A question shows here, and in the strip, as soon as there is one.
        </p>
      ) : null}
      {queue.answered.length > 0 ? (
        <>
          <h2 className="answered">
            Answered today <span className="n">{count(queue.answered.length)}</span>
          </h2>
          {queue.answered.map((item) => (
            <Answered key={item.id} item={item} on={item.id === selected} onSelect={onSelect} />
          ))}
        </>
      ) : null}
      <span className="sr-only" role="status">
        {plural(open.length, 'decision')} waiting
      </span>
    </nav>
  );
}
