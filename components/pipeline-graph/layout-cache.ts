import type { PipelineView } from '#server/domain/views.ts';
import { assignRows, type Placed, place } from './layout.ts';

const storageKey = (pipeline: number) => `alai-rows-${pipeline}`;

function earlierRows(pipeline: number): Map<string, number> {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(storageKey(pipeline)) ?? '[]') as [string, number][]);
  } catch {
    return new Map();
  }
}

const cache = new Map<string, Placed>();

/** The picture of a pipeline: worked out once per DAG, never because a status changed; drawn rows keep their place. */
export function layoutOf(view: PipelineView): Placed {
  const key = `${view.id}:${view.dagHash}`;
  const known = cache.get(key);
  if (known) return known;
  const rows = assignRows(view.nodes, earlierRows(view.id));
  try {
    sessionStorage.setItem(storageKey(view.id), JSON.stringify([...rows]));
  } catch {
    // Without storage the rows are only as stable as the page.
  }
  const placed = place(view, rows);
  cache.set(key, placed);
  return placed;
}
