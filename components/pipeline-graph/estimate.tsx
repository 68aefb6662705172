'use client';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type Forecast, forecast } from '#server/domain/forecast.ts';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { useTRPC } from '../live/trpc.ts';
import { clock, plural, span } from '../ui/format.ts';
import { Age } from '../ui/time.tsx';

/** An estimate need not follow every second. */
const everyMs = 5_000;

/** When it will be over and which way through it decides that; null until the history is there. A past has no estimate. */
export function useEstimate(view: PipelineView, now: number, past: boolean): Forecast | null {
  const trpc = useTRPC();
  const history = useQuery(
    trpc.pipelines.history.queryOptions(undefined, { staleTime: 60_000, refetchInterval: 60_000 }),
  );
  const tick = Math.floor(now / everyMs) * everyMs;
  return useMemo(() => {
    if (!history.data) return null;
    const made = forecast(view, history.data, tick);
    return past ? { ...made, eta: null } : made;
  }, [view, history.data, tick, past]);
}

/** "Done 15:08 to 15:20 if nothing is rejected": a range, with what it stands on. */
export function Eta({ estimate, since }: { estimate: Forecast | null; since: Date }) {
  if (!estimate || (estimate.eta === null && estimate.unknown.length === 0))
    return (
      <>
        Started <Age since={since} /> ago
      </>
    );
  if (!estimate.eta)
    return (
      <span title="An estimate needs three finished tasks of each stage that is ahead.">
        No estimate: no history of {estimate.unknown[0]}
        {estimate.unknown.length > 1 ? ` and ${estimate.unknown.length - 1} more` : ''}
      </span>
    );
  const seconds = estimate.eta.high - estimate.eta.low < 120_000;
  const low = clock(new Date(estimate.eta.low), seconds);
  const high = clock(new Date(estimate.eta.high), seconds);
  const yours = estimate.waitsForYou > 0 ? 'you answer now and ' : '';
  return (
    <span title="From how long each stage took lately: the middle half of it.">
      Done {low === high ? `~${low}` : `${low} to ${high}`} if {yours}nothing is rejected
    </span>
  );
}

interface PathProps {
  view: PipelineView;
  estimate: Forecast;
  onSelect: (id: string) => void;
}

/** The critical path by name: what would have to be quicker for the whole to be. */
export function PathBar({ view, estimate, onSelect }: PathProps) {
  const byId = new Map(view.nodes.map((n) => [n.id, n]));
  return (
    <div className="banner path-bar" role="note">
      <b className="flex-none">
        Critical path, {span(estimate.pathMs)} in {plural(estimate.path.length, 'step')}
      </b>
      <ol>
        {estimate.path.map((id) => {
          const n = byId.get(id);
          const ms = estimate.nodes.get(id);
          return (
            <li key={id}>
              <button type="button" className="link n" onClick={() => onSelect(id)}>
                {n?.taskId ? `#${n.taskId} ` : ''}
                {n?.stage ?? 'Task'}
              </button>{' '}
              <span className="m">
                {ms?.expected ? '~' : ''}
                {span(ms?.durationMs ?? 0)}
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
