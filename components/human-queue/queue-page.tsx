'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'next/navigation';
import { useCallback, useDeferredValue, useEffect, useRef, useState } from 'react';
import { toast } from 'sonner';
import { needsReason } from '#server/domain/answers.ts';
import type { CaseView, Person } from '#server/domain/views/question.ts';
import { type Answer, escalationKinds, type QueueView } from '#server/domain/views/queue.ts';
import { useCommands } from '../frame/commands.ts';
import { useTitle } from '../frame/frame.tsx';
import { useKeys } from '../frame/keys.ts';
import { useMe } from '../live/me.ts';
import { refusalOf, type ShownRefusal } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Acts } from './acts.tsx';
import { Batch } from './batch.tsx';
import { Case } from './case.tsx';
import { whatChanged } from './changed.ts';
import { DragRoom, type Drop } from './drag.tsx';
import { type Filter, noFilter } from './filters.tsx';
import { List } from './list.tsx';
import { rememberReason } from './reason.tsx';
import { ReasonDialog } from './reason-dialog.tsx';
import { pickRange, togglePick } from './together.ts';
import { Undo } from './undo.tsx';
import { useDecide } from './use-decide.ts';

/** So many are drawn at first and with each "more"; the server shows a thousand at most. */
const STEP = 100;
const MOST_SHOWN = 1_000;
/** As many as one can look at before answering all the same; the server takes no more. */
const MOST_AT_ONCE = 50;

function choose(id: number | null): void {
  const url = new URL(location.href);
  if (id === null) url.searchParams.delete('decision');
  else url.searchParams.set('decision', String(id));
  history.replaceState(null, '', url);
}

interface DecisionProps {
  id: number;
  busy: boolean;
  refusal: ShownRefusal | null;
  people: Person[];
  onAnswer: (views: CaseView[], answer: Answer, note: string) => void;
  onGive: (ids: number[], to: Person | null) => void;
}

/** What was opened stays shown, also when the server changes it: an answer is bound to what was seen. */
function Decision({ id, busy, refusal, people, onAnswer, onGive }: DecisionProps) {
  const trpc = useTRPC();
  const query = useQuery(trpc.queue.get.queryOptions({ id }));
  const [seen, setSeen] = useState<CaseView | null>(null);
  const fresh = query.data;
  const shown =
    seen && fresh && seen.digest !== fresh.digest && fresh.state === 'OPEN' ? seen : (fresh ?? null);
  useEffect(() => {
    if (fresh && seen === null) setSeen(fresh);
  }, [fresh, seen]);
  if (query.error && !shown)
    return <Failure error={refusalOf(query.error)} retry={() => void query.refetch()} />;
  if (!shown)
    return (
      <div className="case" aria-busy="true">
        <div className="case-head">
          <Skeleton className="h-7 w-80" />
          <Skeleton className="mt-4 h-24" />
        </div>
      </div>
    );
  return (
    <>
      <Case view={shown} refusal={refusal} onBack={() => choose(null)} />
      <Acts
        view={shown}
        changed={fresh && shown !== fresh ? whatChanged(shown, fresh) : []}
        onShowNew={() => setSeen(fresh ?? null)}
        busy={busy}
        refusal={refusal}
        people={people}
        onAnswer={(answer, note) => onAnswer([shown], answer, note)}
        onGive={(to) => onGive([id], to)}
      />
    </>
  );
}

interface RoomProps {
  queue: QueueView;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onMore: (() => void) | null;
}

function Room({ queue, filter, onFilter, onMore }: RoomProps) {
  const trpc = useTRPC();
  const params = useSearchParams();
  const decide = useDecide();
  const people = useQuery(trpc.queue.people.queryOptions(undefined, { staleTime: 60_000 })).data ?? [];
  const [refused, setRefused] = useState<ReadonlyMap<number, ShownRefusal>>(new Map());
  const [picks, setPicks] = useState<ReadonlySet<number>>(new Set());
  // On a phone the list gives way only when one says that all are picked.
  const [together, setTogether] = useState(false);
  const [dropped, setDropped] = useState<{ views: CaseView[]; answer: Answer } | null>(null);
  const anchor = useRef<number | null>(null);
  const asked = Number(params.get('decision')) || null;
  const selected = asked ?? queue.open[0]?.id ?? null;
  // What is answered, by whomever, is not picked any more.
  const picked = new Set(queue.open.filter((i) => picks.has(i.id)).map((i) => i.id));

  const step = (by: number) => {
    const all = [...queue.open, ...queue.answered];
    const at = all.findIndex((i) => i.id === selected);
    const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
    if (!next) return;
    choose(next.id);
    document.querySelector(`.queue-list [data-id="${next.id}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  const latest = useRef({ open: queue.open, picked, selected });
  useEffect(() => {
    latest.current = { open: queue.open, picked, selected };
  });
  const pick = useCallback((id: number) => {
    const { open, picked: now } = latest.current;
    const item = open.find((i) => i.id === id);
    if (!item) return;
    const next = togglePick(now, item, open, MOST_AT_ONCE);
    if (next.refused) toast(next.refused);
    anchor.current = id;
    setPicks(next.picked);
  }, []);
  const select = useCallback((id: number, shift: boolean) => {
    const { open, picked: now, selected: at } = latest.current;
    if (shift) {
      setPicks(pickRange(now, anchor.current ?? at ?? id, id, open, MOST_AT_ONCE));
      return;
    }
    anchor.current = id;
    setPicks(new Set());
    choose(id);
  }, []);
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    x: () => selected !== null && pick(selected),
    escape: () => setPicks(new Set()),
  });
  useCommands([
    { name: 'Next question', key: 'j', view: true, act: () => step(1) },
    { name: 'Question before', key: 'k', view: true, act: () => step(-1) },
    ...(queue.open.some((i) => i.id === selected)
      ? [
          {
            name: picked.has(selected ?? 0) ? 'Unpick this question' : 'Pick it, to answer several together',
            key: 'x',
            view: true,
            act: () => selected !== null && pick(selected),
          },
        ]
      : []),
  ]);

  const onAnswer = (views: CaseView[], answer: Answer, note: string) => {
    const ids = views.map((v) => v.id);
    const [first] = views;
    setRefused(new Map());
    setPicks(new Set());
    setTogether(false);
    setDropped(null);
    if (first && needsReason(first.kind, answer)) rememberReason(first.kind, note);
    const at = queue.open.findIndex((i) => i.id === ids[0]);
    const rest = queue.open.filter((i) => !ids.includes(i.id));
    const next = rest[Math.max(0, at)] ?? rest[0];
    void decide.give(
      views.map((v) => ({ id: v.id, digest: v.digest })),
      answer,
      note,
      (no) => {
        setRefused(new Map(no.map((r) => [r.id, r.refusal])));
        // What is looked at stays, unless it is this that was answered; a list that was dragged from stays a list.
        if (no[0]) choose(no[0].id);
        else if (asked !== null && ids.includes(asked)) choose(next?.id ?? asked);
      },
    );
  };
  const onGive = (ids: number[], to: Person | null) => decide.assign(ids, to);
  const onDrop = (drop: Drop) => {
    if ('person' in drop) onGive(drop.ids, drop.person);
    else if (needsReason(drop.views[0]?.kind, drop.answer)) setDropped(drop);
    else onAnswer(drop.views, drop.answer, '');
  };

  return (
    <div className="queue-view" data-open={picked.size > 1 ? together : asked !== null}>
      <DragRoom items={queue.open} picked={picked} people={people} onStart={() => {}} onDrop={onDrop}>
        <List
          queue={queue}
          selected={selected}
          picked={picked}
          filter={filter}
          onFilter={onFilter}
          onSelect={select}
          onPick={pick}
          onMore={onMore}
          onTogether={() => setTogether(true)}
        />
      </DragRoom>
      {picked.size > 1 ? (
        <Batch
          ids={[...picked]}
          busy={decide.busy}
          people={people}
          onAnswer={onAnswer}
          onGive={onGive}
          onLeaveOut={pick}
          onClear={() => {
            setTogether(false);
            setPicks(new Set());
          }}
          onBack={() => setTogether(false)}
        />
      ) : selected === null ? (
        <div className="case">
          <div className="case-head">
            <h2>Nothing needs you.</h2>
            <p className="text-muted">
              Agents ask here when a safety rule holds a task, when retries are used up, or when a third
              review rejects. You can close this page: the strip counts what waits.
            </p>
          </div>
        </div>
      ) : (
        <Decision
          key={selected}
          id={selected}
          busy={decide.busy}
          refusal={refused.get(selected) ?? null}
          people={people}
          onAnswer={onAnswer}
          onGive={onGive}
        />
      )}
      {dropped ? (
        <ReasonDialog
          views={dropped.views}
          answer={dropped.answer}
          onGive={(note) => onAnswer(dropped.views, dropped.answer, note)}
          onClose={() => setDropped(null)}
        />
      ) : null}
      <Undo items={queue.answered} busy={decide.undoing} onUndo={(ids) => void decide.takeBack(ids)} />
    </div>
  );
}

/** Everything that needs a human: list left, one decision right. */
export function QueuePage() {
  useTitle('Human queue', 'All projects');
  const trpc = useTRPC();
  const [filter, setFilter] = useState<Filter>(noFilter);
  const [limit, setLimit] = useState(STEP);
  const me = useMe();
  const q = useDeferredValue(filter.q);
  const queue = useQuery(
    trpc.queue.list.queryOptions(
      {
        limit,
        q,
        kind: escalationKinds.find((k) => k === filter.of) ?? null,
        assignedTo: filter.of === 'mine' ? (me?.id ?? null) : null,
      },
      { placeholderData: keepPreviousData },
    ),
  );
  if (queue.data)
    return (
      <Room
        queue={queue.data}
        filter={filter}
        onFilter={setFilter}
        onMore={limit < MOST_SHOWN ? () => setLimit(limit + STEP) : null}
      />
    );
  if (queue.error) return <Failure error={refusalOf(queue.error)} retry={() => void queue.refetch()} />;
  return (
    <div className="queue-view" aria-busy="true">
      <div className="queue-list flex flex-col gap-3 p-4">
        <Skeleton className="h-10" />
        <Skeleton className="h-10" />
      </div>
      <div className="case" />
    </div>
  );
}
