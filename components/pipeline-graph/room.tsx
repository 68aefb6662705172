'use client';
import { useRouter, useSearchParams } from 'next/navigation';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { useKeys } from '../frame/keys.ts';
import { clock, money, plural, span, when } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { Empty, Skeleton } from '../ui/states.tsx';
import { ShownMoment, useNow } from '../ui/time.tsx';
import { momentOf, remember, type Sight, sightOf, sightText } from './address.ts';
import { collapse, type Fold, flip, foldedChains, foldOf, foldText, groupId } from './collapse.ts';
import { Eta, PathBar, useEstimate } from './estimate.tsx';
import { Time } from './gantt.tsx';
import { Graph } from './graph.tsx';
import { Inspector } from './inspector.tsx';
import { walkOrder } from './layout.ts';
import { NodeList } from './node-list.tsx';
import { TimeTravel } from './time-travel.tsx';
import { Tools } from './toolbar.tsx';
import { useLayout } from './use-layout.ts';
import { useTravel } from './use-travel.ts';

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

/** A pipeline as graph or list, with its clock below and one node beside it; all that is chosen stands in the address. */
export function Room({ live }: { live: PipelineView }) {
  const router = useRouter();
  const params = useSearchParams();
  // Ages tick by themselves; what is drawn over the whole pipeline follows in larger steps.
  const now = useNow(5_000);
  const travel = useTravel(live, now, momentOf(params.get('t')));
  const { past } = travel;
  const whole = travel.view;
  const [fold, setFold] = useState<Fold>(() => foldOf(params.get('fold')));
  const folded = useMemo(() => foldedChains(whole, fold), [whole, fold]);
  const view = useMemo(() => collapse(whole, folded), [whole, folded]);
  const placed = useLayout(view, live, folded.size > 0);
  const estimate = useEstimate(whole, now, past);
  const [path, setPath] = useState(params.get('path') === '1');
  const [list, setList] = useState(params.get('view') === 'list');
  const [sight] = useState(() => sightOf(params.get('at')));
  const [follow, setFollow] = useState(false);
  const [fit, setFit] = useState(0);
  const [find, setFind] = useState(0);
  const selected = params.get('node');
  const node = view.nodes.find((n) => n.id === selected) ?? null;
  const wholePath = useMemo(() => (path && estimate ? new Set(estimate.path) : null), [path, estimate]);
  const shownPath = useMemo(() => {
    if (!path || !estimate) return null;
    const stands = new Map(whole.nodes.map((n) => [n.id, n.chainId]));
    return new Set(
      estimate.path.map((id) => {
        const chain = stands.get(id);
        return chain != null && folded.has(chain) ? groupId(chain) : id;
      }),
    );
  }, [path, estimate, whole.nodes, folded]);

  const keepSight = useCallback((s: Sight) => remember({ at: sightText(s) }), []);
  const select = useCallback((id: string | null) => remember({ node: id }), []);
  useEffect(() => {
    remember({ path: path ? '1' : null, view: list ? 'list' : null, fold: foldText(fold) });
  }, [path, list, fold]);
  // While it plays the address rests: browsers refuse one that changes too often.
  useEffect(() => {
    if (travel.playing) return;
    const later = setTimeout(() => remember({ t: travel.at === null ? null : String(travel.at) }), 200);
    return () => clearTimeout(later);
  }, [travel.at, travel.playing]);

  const order = useMemo(() => (placed ? walkOrder(view, placed) : []), [view, placed]);
  const step = (by: number) => {
    const at = node ? order.indexOf(node.id) : by > 0 ? -1 : 0;
    select(order[(at + by + order.length) % order.length] ?? null);
  };
  const jump = (id: string) => {
    const chain = whole.nodes.find((n) => n.id === id)?.chainId ?? null;
    if (chain !== null && folded.has(chain)) setFold(flip(fold, chain));
    select(id);
  };
  const flipChosen = () => {
    const chain = node?.chainId ?? null;
    if (chain === null) return;
    setFold(flip(fold, chain));
    const first = whole.nodes.find((n) => n.chainId === chain);
    select(folded.has(chain) ? (first?.id ?? null) : groupId(chain));
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    x: flipChosen,
    ',': () => travel.step(-1),
    '.': () => travel.step(1),
    p: () => setPath((on) => !on),
    v: () => setList((on) => !on),
    f: () => setFollow((on) => !on),
    '0': () => setFit((n) => n + 1),
    escape: () => (node ? select(null) : travel.go(null)),
    enter: (e) => {
      if (node?.taskId && !(e.target instanceof HTMLButtonElement || e.target instanceof HTMLAnchorElement))
        router.push(`/tasks/${node.taskId}`);
    },
  });
  // On this page the search key finds in the pipeline; Cmd-K still searches everywhere.
  useKeys({ '/': () => setFind((n) => n + 1) }, true, true);

  const shownAt = new Date((past ? travel.at : null) ?? now);
  return (
    <ShownMoment value={past ? travel.at : null}>
      <div className={`pipeline-view ${past ? 'past' : ''}`}>
        <div className="pipeline-stage">
          <div className="bar">
            <h2 className="cut">
              #{view.id} {view.title}
            </h2>
            <span className="m cut">
              {sentence(whole)} · <span className="n">{money(view.costEur)}</span>
            </span>
            <span className="m end tablet">
              {view.finishedAt ? (
                `Took ${span(view.finishedAt.getTime() - view.createdAt.getTime())}`
              ) : (
                <Eta estimate={estimate} since={view.createdAt} />
              )}
            </span>
          </div>
          <Tools
            view={view}
            whole={whole}
            placed={placed}
            says={`${when(shownAt, new Date(now))}${past ? `:${clock(shownAt, true).slice(-2)}, not live` : ', live'}`}
            fold={fold}
            onFold={setFold}
            find={find}
            onJump={jump}
            toggles={[
              { name: 'Critical path', hint: 'p', on: path, act: () => setPath(!path) },
              { name: 'List', hint: 'v', on: list, act: () => setList(!list) },
              { name: follow ? 'Following' : 'Follow', hint: 'f', on: follow, act: () => setFollow(!follow) },
            ]}
            onFit={() => setFit((n) => n + 1)}
          />
          <div>
            {view.scripted ? (
              <p className="banner" role="note">
                <Mark shape="none" />
                <span>
                  <b>Scripted, no model was called.</b> The rehearsal answers; commits, gates and tests are
                  real.
                </span>
              </p>
            ) : null}
            {past && travel.partial ? (
              <p className="banner" role="note">
                <Mark shape="none" />
                <span>
                  <b>This past is incomplete.</b> Parts of it began before the log held chains and
                  dependencies.
                </span>
              </p>
            ) : null}
            {path && estimate ? <PathBar view={whole} estimate={estimate} onSelect={jump} /> : null}
          </div>
          {view.nodes.length === 0 ? (
            <Empty title={past ? 'Nothing was here yet.' : 'Nothing is here yet.'}>
              {past
                ? 'Go on to the next event, or back to the present.'
                : 'Its tasks appear as soon as they are written.'}
            </Empty>
          ) : list ? (
            <NodeList view={view} order={order} selected={selected} onSelect={select} />
          ) : placed ? (
            <Graph
              view={view}
              placed={placed}
              selected={node?.id ?? null}
              onSelect={select}
              onSight={keepSight}
              sight={sight}
              follow={follow}
              fit={fit}
              path={shownPath}
            />
          ) : (
            <div className="p-6" aria-busy="true">
              <p className="m">Laying out {plural(view.nodes.length, 'node')}</p>
              <Skeleton className="mt-3 h-12" />
            </div>
          )}
          <TimeTravel travel={travel} now={now} />
          {placed ? (
            <Time
              view={whole}
              placed={placed}
              selected={node?.id ?? null}
              onSelect={jump}
              now={past ? (travel.at ?? now) : now}
              past={past}
              estimate={estimate}
              path={wholePath}
            />
          ) : (
            <span />
          )}
        </div>
        <Inspector view={view} node={node} travel={travel} onClose={() => select(null)} onFold={flipChosen} />
      </div>
    </ShownMoment>
  );
}
