'use client';
import { useQuery } from '@tanstack/react-query';
import { useRouter, useSearchParams } from 'next/navigation';
import { useCallback, useState } from 'react';
import type { PipelineView } from '#server/domain/views.ts';
import { useTitle } from '../frame/frame.tsx';
import { useKeys } from '../frame/keys.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { money, plural, span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { Graph } from './graph.tsx';
import { Inspector } from './inspector.tsx';
import { walkOrder } from './layout.ts';
import { layoutOf } from './layout-cache.ts';
import { Time } from './time-track.tsx';

/** "6 chains: 2 running, 1 silent, 2 wait for you". */
function sentence(view: PipelineView): string {
  const has = (look: string) => view.nodes.filter((n) => !n.planned && n.status.look === look).length;
  const merged = view.chains.filter((c) => c.acceptedAt).length;
  const parts = [
    [has('running'), 'running'],
    [has('stale'), 'silent'],
    [has('yours'), has('yours') === 1 ? 'waits for you' : 'wait for you'],
    [has('queued'), 'queued'],
    [has('done'), 'done'],
  ] as const;
  const tasks = parts.filter(([n]) => n > 0).map(([n, w]) => `${n} ${w}`);
  return `${plural(view.chains.length, 'chain')}, ${merged} merged: ${tasks.join(', ') || 'nothing started'}`;
}

function Room({ view }: { view: PipelineView }) {
  const router = useRouter();
  const params = useSearchParams();
  const placed = layoutOf(view);
  const selected = params.get('node');
  const [follow, setFollow] = useState(false);
  const [fit, setFit] = useState(0);
  const node = view.nodes.find((n) => n.id === selected) ?? null;

  const select = useCallback((id: string | null) => {
    const url = new URL(location.href);
    if (id) url.searchParams.set('node', id);
    else url.searchParams.delete('node');
    // The address follows the choice without a round trip, so that it can be shared and survives a reload.
    history.replaceState(null, '', url);
  }, []);
  const step = (by: number) => {
    const order = walkOrder(view, placed);
    const at = node ? order.indexOf(node.id) : by > 0 ? -1 : 0;
    select(order[(at + by + order.length) % order.length] ?? null);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    f: () => setFollow((on) => !on),
    '0': () => setFit((n) => n + 1),
    escape: () => select(null),
    enter: (e) => {
      if (node?.taskId && !(e.target instanceof HTMLButtonElement || e.target instanceof HTMLAnchorElement))
        router.push(`/tasks/${node.taskId}`);
    },
  });

  return (
    <div className="pipeline-view">
      <div className="pipeline-stage">
        <div className="bar">
          <h2 className="cut">
            #{view.id} {view.title}
          </h2>
          <span className="m cut">
            {sentence(view)} · <span className="n">{money(view.costUsd)}</span>
          </span>
          <span className="m end tablet">
            {view.finishedAt ? (
              `Took ${span(view.finishedAt.getTime() - view.createdAt.getTime())}`
            ) : (
              <>
                Started <Age since={view.createdAt} /> ago
              </>
            )}
          </span>
          <Button
            small
            hint="f"
            aria-pressed={follow}
            className={follow ? 'held' : ''}
            onClick={() => setFollow(!follow)}
          >
            {follow ? 'Following' : 'Follow'}
          </Button>
          <Button small hint="0" onClick={() => setFit((n) => n + 1)}>
            Fit
          </Button>
        </div>
        {view.scripted ? (
          <p className="banner" role="note">
            <Mark shape="none" />
            <span>
              <b>Scripted, no model was called.</b> The rehearsal answers; commits, gates and tests are real.
            </span>
          </p>
        ) : (
          <span />
        )}
        <Graph
          view={view}
          placed={placed}
          selected={node?.id ?? null}
          onSelect={select}
          follow={follow}
          fit={fit}
        />
        <Time view={view} placed={placed} onSelect={select} />
      </div>
      <Inspector view={view} node={node} onClose={() => select(null)} />
    </div>
  );
}

/** The live DAG of one request, with an inspector. */
export function PipelinePage({ id }: { id: number }) {
  const trpc = useTRPC();
  const pipeline = useQuery(trpc.pipelines.get.queryOptions({ id }));
  useTitle('Pipelines', pipeline.data?.projectName ?? `#${id}`);
  if (pipeline.data) return <Room view={pipeline.data} />;
  if (pipeline.error)
    return <Failure error={refusalOf(pipeline.error)} retry={() => void pipeline.refetch()} />;
  return (
    <div className="pipeline-view" aria-busy="true">
      <div className="pipeline-stage">
        <div className="bar">
          <Skeleton className="h-5 w-64" />
        </div>
        <span />
        <div className="grid grid-cols-5 content-start gap-4 p-6">
          {Array.from({ length: 15 }, (_, i) => (
            <Skeleton key={String(i)} className="h-12" />
          ))}
        </div>
      </div>
      <aside className="inspector max-[1100px]:hidden" />
    </div>
  );
}
