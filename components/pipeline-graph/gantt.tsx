'use client';
import { type CSSProperties, memo, useEffect, useMemo, useRef, useState } from 'react';
import type { Forecast } from '#server/domain/forecast.ts';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { Button } from '../ui/button.tsx';
import { clock, span } from '../ui/format.ts';
import { Scroll } from '../ui/scroll.tsx';
import { type Axis, axisOf, type Bar, type Track, tracksOf } from './gantt.ts';
import type { Placed } from './layout.ts';

const short: Record<string, string> = {
  BUILD: 'Build',
  REVIEW: 'R',
  SECURITY: 'S',
  OPS: 'Ops',
  DOCS: 'Docs',
};
const rowH = 24;
const headH = 20;
/** Rows drawn beyond what is seen, so that a quick scroll shows no gap. */
const spare = 8;
/** The part of the plot that a time needs to be written; nearer to its end it would be cut. */
const labelRoom = 0.075;

const isChosen = (t: Track, selected: string | null): boolean =>
  selected !== null && (selected === `c${t.key}` || t.bars.some((b) => b.node.id === selected));

interface RowProps {
  track: Track;
  top: number;
  axis: Axis;
  selected: string | null;
  path: ReadonlySet<string> | null;
  onSelect: (id: string) => void;
}

const Row = memo(function Row({ track, top, axis, selected, path, onSelect }: RowProps) {
  const style = (b: Bar): CSSProperties => ({
    left: `${((b.from - axis.from) / axis.length) * 100}%`,
    width: `max(${b.kind === 'wait' ? 0 : 3}px, ${((b.to - b.from) / axis.length) * 100}%)`,
  });
  const chosen = isChosen(track, selected);
  return (
    <div className={`time-track ${chosen ? 'chosen' : ''}`} style={{ top }}>
      <span className="cut" title={track.label}>
        {track.label}
      </span>
      <div>
        {track.bars.map((b) =>
          b.kind === 'wait' ? (
            <i
              key={b.key}
              className="time-wait"
              style={style(b)}
              title={`${b.words}, ${span(b.to - b.from)}`}
            />
          ) : (
            <button
              key={b.key}
              type="button"
              tabIndex={-1}
              className={`time-bar ${b.look}${b.look === 'stale' ? ' hatched' : ''}${b.kind === 'plan' ? ' plan' : ''}${b.node.id === selected ? ' chosen' : ''}${path?.has(b.node.id) ? ' on-path' : ''}`}
              style={style(b)}
              title={`${b.node.taskId === null ? '' : `#${b.node.taskId} `}${b.words}, ${span(b.to - b.from)}`}
              aria-label={`${b.node.taskId === null ? '' : `#${b.node.taskId} `}${b.words}`}
              onClick={() => onSelect(b.node.id)}
            >
              {b.named && b.node.stage ? short[b.node.stage] : ''}
            </button>
          ),
        )}
      </div>
    </div>
  );
});

interface TimeProps {
  view: PipelineView;
  placed: Placed;
  selected: string | null;
  onSelect: (id: string) => void;
  /** The moment that is shown: now, or one of the past. */
  now: number;
  past: boolean;
  estimate: Forecast | null;
  path: ReadonlySet<string> | null;
}

/** When each stage of each chain ran, in the order of the graph: attempts as bars, waits hatched, estimates dashed. */
export function Time({ view, placed, selected, onSelect, now, past, estimate, path }: TimeProps) {
  const [zoom, setZoom] = useState(1);
  const [seen, setSeen] = useState({ top: 0, height: 240 });
  const box = useRef<HTMLDivElement>(null);
  const running = view.nodes.some((n) => n.startedAt && !n.finishedAt);
  // What is over does not move: only live work needs the clock.
  const at = running || past || estimate?.eta ? now : 0;
  const tracks = useMemo(() => tracksOf(view, placed, at, estimate), [view, placed, at, estimate]);
  const axis = useMemo(() => axisOf(tracks, now, running || past, zoom), [tracks, now, running, past, zoom]);
  const chosen = useMemo(() => tracks.findIndex((t) => isChosen(t, selected)), [tracks, selected]);
  useEffect(() => {
    const el = box.current;
    if (!el || chosen < 0) return;
    const top = headH + chosen * rowH;
    if (top < el.scrollTop + headH) el.scrollTop = top - headH;
    else if (top + rowH > el.scrollTop + el.clientHeight) el.scrollTop = top + rowH - el.clientHeight;
  }, [chosen]);
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const look = () => setSeen({ top: el.scrollTop, height: el.clientHeight });
    const watch = new ResizeObserver(look);
    watch.observe(el);
    el.addEventListener('scroll', look, { passive: true });
    return () => {
      watch.disconnect();
      el.removeEventListener('scroll', look);
    };
  }, []);

  const first = Math.max(0, Math.floor((seen.top - headH) / rowH) - spare);
  const lastRow = Math.ceil((seen.top + seen.height) / rowH) + spare;
  const length = axis ? axis.length / 1.04 : 0;
  const place = (t: number) => `${axis ? ((t - axis.from) / axis.length) * 100 : 0}%`;
  return (
    <section className="time" aria-label="Time">
      <header>
        <h2>Time</h2>
        <span className="m cut">
          {axis
            ? `${span(length)}${running ? ' so far and ahead' : ' in all'}. Hatched: waiting. Dashed: estimate.`
            : 'Nothing has begun yet.'}
        </span>
        <span className="m end tablet">
          {axis ? `${clock(new Date(axis.from))} to ${clock(new Date(axis.from + length))}` : null}
        </span>
        <Button
          small
          kind="quiet"
          aria-label="Time: zoom out"
          disabled={zoom === 1}
          onClick={() => setZoom(zoom / 2)}
        >
          −
        </Button>
        <Button
          small
          kind="quiet"
          aria-label="Time: zoom in"
          disabled={zoom >= 32}
          onClick={() => setZoom(zoom * 2)}
        >
          +
        </Button>
      </header>
      <Scroll ref={box} className="time-scroll" label="Chains over time">
        <div
          className="time-plot"
          style={{
            width: `calc(164px + (100% - 180px) * ${zoom})`,
            height: headH + tracks.length * rowH + 8,
          }}
        >
          <div className="time-ticks">
            {(axis?.marks ?? []).map((t) => (
              <span key={t} className="time-tick" style={{ left: place(t) }}>
                {axis && (axis.from + axis.length - t) / axis.length < labelRoom / zoom
                  ? null
                  : clock(new Date(t), (axis?.step ?? 0) < 60_000)}
              </span>
            ))}
            {axis && (running || past) ? (
              <span className="time-tick now" style={{ left: place(now) }} />
            ) : null}
          </div>
          {axis
            ? tracks
                .slice(first, lastRow)
                .map((track, i) => (
                  <Row
                    key={track.key}
                    track={track}
                    top={headH + (first + i) * rowH}
                    axis={axis}
                    selected={selected}
                    path={path}
                    onSelect={onSelect}
                  />
                ))
            : null}
        </div>
      </Scroll>
    </section>
  );
}
