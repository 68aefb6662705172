'use client';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';
import type { Answer, EscalationView, QueueView } from '#server/domain/views.ts';
import { useTitle } from '../frame/frame.tsx';
import { useKeys } from '../frame/keys.ts';
import { refusalOf, type ShownRefusal } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Acts } from './acts.tsx';
import { Case } from './case.tsx';
import { List } from './list.tsx';
import { Undo } from './undo.tsx';
import { useDecide } from './use-decide.ts';

function choose(id: number | null): void {
  const url = new URL(location.href);
  if (id === null) url.searchParams.delete('decision');
  else url.searchParams.set('decision', String(id));
  history.replaceState(null, '', url);
}

interface DecisionProps {
  id: number;
  decide: ReturnType<typeof useDecide>;
  refusal: ShownRefusal | null;
  onAnswer: (view: EscalationView, answer: Answer, note: string) => void;
}

/** What was opened stays shown, also when the server changes it: an answer is bound to what was seen. */
function Decision({ id, decide, refusal, onAnswer }: DecisionProps) {
  const trpc = useTRPC();
  const query = useQuery(trpc.queue.get.queryOptions({ id }));
  const [seen, setSeen] = useState<EscalationView | null>(null);
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
        <Skeleton className="h-7 w-80" />
        <Skeleton className="mt-4 h-24" />
      </div>
    );
  return (
    <>
      <Case view={shown} onBack={() => choose(null)} />
      <Acts
        view={shown}
        changed={shown !== fresh}
        onShowNew={() => setSeen(fresh ?? null)}
        busy={decide.busy}
        refusal={refusal}
        onAnswer={(answer, note) => onAnswer(shown, answer, note)}
      />
    </>
  );
}

function Room({ queue }: { queue: QueueView }) {
  const params = useSearchParams();
  const decide = useDecide();
  const [refused, setRefused] = useState<{ id: number; refusal: ShownRefusal } | null>(null);
  const asked = Number(params.get('decision')) || null;
  const selected = asked ?? queue.open[0]?.id ?? null;

  const step = (by: number) => {
    const all = [...queue.open, ...queue.answered];
    const at = all.findIndex((i) => i.id === selected);
    const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
    if (next) choose(next.id);
  };
  useKeys({ j: () => step(1), k: () => step(-1) });

  const onAnswer = (view: EscalationView, answer: Answer, note: string) => {
    setRefused(null);
    const at = queue.open.findIndex((i) => i.id === view.id);
    const next =
      queue.open.filter((i) => i.id !== view.id)[Math.max(0, at)] ?? queue.open.find((i) => i.id !== view.id);
    decide.give(
      { id: view.id, answer, note, digest: view.digest },
      {
        taken: () => choose(next?.id ?? view.id),
        refused: (e) => {
          choose(view.id);
          setRefused({ id: view.id, refusal: refusalOf(e) });
        },
      },
    );
  };

  return (
    <div className="queue-view" data-open={asked !== null}>
      <List queue={queue} selected={selected} onSelect={choose} />
      {selected === null ? (
        <div className="case">
          <h2>Nothing needs you.</h2>
          <p className="text-muted">
            Agents ask here when a safety rule holds a task, when retries are used up, or when a third review
            rejects. You can close this page: the strip counts what waits.
          </p>
        </div>
      ) : (
        <Decision
          key={selected}
          id={selected}
          decide={decide}
          refusal={refused?.id === selected ? refused.refusal : null}
          onAnswer={onAnswer}
        />
      )}
      <Undo items={queue.answered} busy={decide.undoing} onUndo={(id) => void decide.takeBack(id)} />
    </div>
  );
}

/** Everything that needs a human: list left, one decision right. */
export function QueuePage() {
  useTitle('Human queue', 'All projects');
  const trpc = useTRPC();
  const queue = useQuery(trpc.queue.list.queryOptions());
  if (queue.data) return <Room queue={queue.data} />;
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
