'use client';
import { useQuery } from '@tanstack/react-query';
import { useRouter, useSearchParams } from 'next/navigation';
import { useCallback, useEffect, useState } from 'react';
import type { PipelineView } from '#server/domain/views.ts';
import { useTitle } from '../frame/frame.tsx';
import { useKeys } from '../frame/keys.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { money, plural, span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age, ShownMoment, useNow } from '../ui/time.tsx';
import { Graph } from './graph.tsx';
import { Inspector } from './inspector.tsx';
import { walkOrder } from './layout.ts';
import { layoutOf } from './layout-cache.ts';
import { Time } from './time-track.tsx';
import { TimeTravel } from './time-travel.tsx';
import { useTravel } from './use-travel.ts';

/** The address follows the view without a round trip, so that it can be shared and survives a reload. */
function remember(key: string, value: string | null): void {
  const url = new URL(location.href);
  if (value === null) url.searchParams.delete(key);
  else url.searchParams.set(key, value);
  if (url.href !== location.href) history.replaceState(null, '', url);
}

const momentOf = (t: string | null): number | null => (t && /^\d{1,15}$/.test(t) ? Number(t) : null);

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

function Room({ live }: { live: PipelineView }) {
  const router = useRouter();
  const params = useSearchParams();
  const now = useNow();
  const travel = useTravel(live, now, momentOf(params.get('t')));
  const { view } = travel;
  const placed = layoutOf(view, live);
  const selected = params.get('node');
  const [follow, setFollow] = useState(false);
  const [fit, setFit] = useState(0);
  const node = view.nodes.find((n) => n.id === selected) ?? null;

  const select = useCallback((id: string | null) => remember('node', id), []);
  // While it plays the address rests: browsers refuse one that changes too often.
  useEffect(() => {
    if (travel.playing) return;
    const later = setTimeout(() => remember('t', travel.at === null ? null : String(travel.at)), 200);
    return () => clearTimeout(later);
  }, [travel.at, travel.playing]);
  const step = (by: number) => {
    const order = walkOrder(view, placed);
    const at = node ? order.indexOf(node.id) : by > 0 ? -1 : 0;
    select(order[(at + by + order.length) % order.length] ?? null);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ',': () => travel.step(-1),
    '.': () => travel.step(1),
    f: () => setFollow((on) => !on),
    '0': () => setFit((n) => n + 1),
    escape: () => (node ? select(null) : travel.go(null)),
    enter: (e) => {
      if (node?.taskId && !(e.target instanceof HTMLButtonElement || e.target instanceof HTMLAnchorElement))
        router.push(`/tasks/${node.taskId}`);
    },
  });

  return (
    <ShownMoment value={travel.at}>
      <div className={`pipeline-view ${travel.at === null ? '' : 'past'}`}>
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
          {travel.at !== null && travel.partial ? (
            <p className="banner" role="note">
              <Mark shape="none" />
              <span>
                <b>This past is incomplete.</b> Parts of it began before the log held chains and dependencies.
              </span>
            </p>
          ) : view.scripted ? (
            <p className="banner" role="note">
              <Mark shape="none" />
              <span>
                <b>Scripted, no model was called.</b> The rehearsal answers; commits, gates and tests are
                real.
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
          <TimeTravel travel={travel} now={now} />
          <Time view={view} placed={placed} onSelect={select} at={travel.at} />
        </div>
        <Inspector view={view} node={node} travel={travel} onClose={() => select(null)} />
      </div>
    </ShownMoment>
  );
}

/** The live DAG of one request, with an inspector. */
export function PipelinePage({ id }: { id: number }) {
  const trpc = useTRPC();
  const pipeline = useQuery(trpc.pipelines.get.queryOptions({ id }));
  useTitle('Pipelines', pipeline.data?.projectName ?? `#${id}`);
  if (pipeline.data) return <Room live={pipeline.data} />;
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
