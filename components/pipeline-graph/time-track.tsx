'use client';
import { type CSSProperties, useMemo } from 'react';
import type { PipelineNode, PipelineView } from '#server/domain/views.ts';
import { clock, span } from '../ui/format.ts';
import { useNow } from '../ui/time.tsx';
import { withoutProject } from '../ui/words.ts';
import type { Placed } from './layout.ts';

const short: Record<string, string> = {
  BUILD: 'Build',
  REVIEW: 'R',
  SECURITY: 'S',
  OPS: 'Ops',
  DOCS: 'Docs',
};
/** Steps between the marks of the time axis. */
const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400].map(
  (s) => s * 1000,
);

interface Track {
  key: string;
  label: string;
  bars: (PipelineNode & { startedAt: Date })[];
}

function tracksOf(view: PipelineView, placed: Placed): Track[] {
  const tracks = new Map<string, Track & { y: number }>();
  for (const n of view.nodes) {
    const key = n.chainId === null ? n.id : String(n.chainId);
    const chain = view.chains.find((c) => c.id === n.chainId);
    const y = placed.nodes.get(n.id)?.y ?? 0;
    const track = tracks.get(key) ?? {
      key,
      label: chain
        ? `#${chain.rootTaskId} ${withoutProject(chain.title, view.projectName)}`
        : `#${n.taskId} ${n.title}`,
      bars: [],
      y,
    };
    track.y = Math.min(track.y, y);
    if (n.startedAt) track.bars.push({ ...n, startedAt: n.startedAt });
    tracks.set(key, track);
  }
  return [...tracks.values()].sort((a, b) => a.y - b.y);
}

interface TimeProps {
  view: PipelineView;
  placed: Placed;
  onSelect: (id: string) => void;
  /** Left out when the present is shown. */
  at?: number | null;
}

/** When each stage of each chain ran: one line per chain, on the clock of the reader. */
export function Time({ view, placed, onSelect, at: moment = null }: TimeProps) {
  const now = useNow();
  const tracks = useMemo(() => tracksOf(view, placed), [view, placed]);
  const begun = tracks.flatMap((t) => t.bars.map((b) => b.startedAt.getTime()));
  if (begun.length === 0) return null;
  const from = Math.min(...begun);
  const running = view.nodes.some((n) => n.startedAt && !n.finishedAt);
  const last = running
    ? now
    : Math.max(...tracks.flatMap((t) => t.bars.map((b) => b.finishedAt?.getTime() ?? now)));
  const length = Math.max(10_000, (last - from) * 1.04);
  const at = (t: number) => `${((t - from) / length) * 100}%`;
  const step = steps.find((s) => length / s <= 8) ?? 86_400_000;
  const marks: number[] = [];
  for (let t = Math.ceil(from / step) * step; t < from + length * 0.96; t += step) marks.push(t);
  const style = (b: Track['bars'][number]) => {
    const end = b.finishedAt?.getTime() ?? now;
    return {
      left: at(b.startedAt.getTime()),
      width: `max(3px, ${((end - b.startedAt.getTime()) / length) * 100}%)`,
    } as CSSProperties;
  };

  return (
    <section className="time" aria-label="Time">
      <header>
        <h2>Time</h2>
        <span className="m">
          {span(last - from)} {running ? 'so far' : 'in all'}
        </span>
        <span className="m end">
          {clock(new Date(from))} to {clock(new Date(last))}
        </span>
      </header>
      <div className="time-scroll">
        <div className="time-plot">
          {marks.map((t) => (
            <span key={t} className="time-tick" style={{ left: at(t) }}>
              {clock(new Date(t), step < 60_000)}
            </span>
          ))}
          {running || moment !== null ? <span className="time-tick now" style={{ left: at(now) }} /> : null}
          {tracks.map((track) => (
            <div key={track.key} className="time-track">
              <span className="cut" title={track.label}>
                {track.label}
              </span>
              {track.bars.map((b) => (
                <button
                  key={b.id}
                  type="button"
                  tabIndex={-1}
                  className={`time-bar ${b.status.look}${b.status.look === 'stale' ? ' hatched' : ''}`}
                  style={style(b)}
                  title={`#${b.taskId} ${b.stage ?? 'Task'}: ${b.status.word}, ${span((b.finishedAt?.getTime() ?? now) - b.startedAt.getTime())}`}
                  aria-label={`#${b.taskId} ${b.stage ?? 'Task'}: ${b.status.word}`}
                  onClick={() => onSelect(b.id)}
                >
                  {b.stage ? short[b.stage] : 'Task'}
                </button>
              ))}
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}
