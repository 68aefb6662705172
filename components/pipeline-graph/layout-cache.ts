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

/**
 * The picture of a pipeline: worked out once per DAG, never because a status changed; drawn rows keep their place. A past
 * moment is drawn on the rows of the present, so that travelling moves nothing that stays.
 */
export function layoutOf(view: PipelineView, live: PipelineView = view): Placed {
  const key = `${live.id}:${live.dagHash}:${view.dagHash}`;
  const known = cache.get(key);
  if (known) return known;
  const rows = assignRows(live.nodes, earlierRows(live.id));
  const past = view.dagHash !== live.dagHash;
  try {
    if (!past) sessionStorage.setItem(storageKey(live.id), JSON.stringify([...rows]));
  } catch {
    // Without storage the rows are only as stable as the page.
  }
  const placed = place(view, past ? assignRows(view.nodes, rows) : rows);
  if (cache.size > 200) cache.clear();
  cache.set(key, placed);
  return placed;
}
