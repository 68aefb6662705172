'use client';
import { useEffect, useMemo, useState } from 'react';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import type { Placed } from './layout.ts';
import { type LayoutAnswer, layOut, requestOf } from './layout-message.ts';

/** Below this it is laid out at once: a message to the worker would take longer. */
const small = 300;
const storageKey = (pipeline: number) => `alai-rows-${pipeline}`;

function earlierRows(pipeline: number): [string, number][] {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey(pipeline)) ?? '[]') as [string, number][];
  } catch {
    return [];
  }
}

const cache = new Map<string, Placed>();

function keep(a: LayoutAnswer, pipeline: number, live: boolean): Placed {
  try {
    if (live) sessionStorage.setItem(storageKey(pipeline), JSON.stringify(a.rows));
  } catch {
    // Without storage the rows are only as stable as the page.
  }
  if (cache.size > 200) cache.clear();
  cache.set(a.key, a.placed);
  performance.measure?.('alai-layout', { start: Math.max(0, performance.now() - a.ms), duration: a.ms });
  return a.placed;
}

/**
 * The picture of a pipeline: worked out once per DAG, never because a status changed; drawn rows keep their place. A past
 * moment is drawn on the rows of the present, so that travelling moves nothing that stays; a folded picture has its own.
 * Large ones are laid out in a worker; until it answers there is the picture before, or none (null).
 */
export function useLayout(view: PipelineView, live: PipelineView, folded: boolean): Placed | null {
  const present = view.dagHash === live.dagHash;
  const key = `${live.id}:${live.dagHash}:${view.dagHash}`;
  const [answered, setAnswered] = useState<{ key: string; placed: Placed } | null>(null);
  const large = view.nodes.length > small;
  const at = useMemo(() => {
    const known = cache.get(key);
    if (known || large) return known ?? null;
    const r = requestOf(key, view, present || folded ? null : live, folded ? [] : earlierRows(live.id));
    return keep(layOut(r), live.id, present);
    // A view of the same key has the same shape: its layout is known by then.
  }, [key, large, view, live, present, folded]);

  useEffect(() => {
    if (at || !large) return;
    const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', (e: MessageEvent<LayoutAnswer>) => {
      setAnswered({ key, placed: keep(e.data, live.id, present) });
      worker.terminate();
    });
    worker.postMessage(
      requestOf(key, view, present || folded ? null : live, folded ? [] : earlierRows(live.id)),
    );
    return () => worker.terminate();
  }, [at, large, key, view, live, present, folded]);

  return at ?? cache.get(key) ?? answered?.placed ?? null;
}
