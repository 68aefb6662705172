'use client';
import type { KeyboardEvent } from 'react';
import { refusalOf } from '../live/refusal.ts';
import { Button } from '../ui/button.tsx';
import { clock, plural, when } from '../ui/format.ts';
import { eventWords, headline } from './event-words.ts';
import { speeds, type Travel } from './use-travel.ts';

/** What the last event before the shown moment was, so that a step says where it led. */
function Said({ travel }: { travel: Travel }) {
  const { log, at, count } = travel;
  if (at === null) return null;
  if (log.error) {
    return (
      <span className="m cut" role="alert">
        {refusalOf(log.error).message}{' '}
        <button type="button" className="link" onClick={log.retry}>
          Try again
        </button>
      </span>
    );
  }
  if (!log.moments) return <span className="m">Reading the log</span>;
  const event = headline(log.moments[count - 1]?.entries ?? []);
  return (
    <span className="m cut" aria-live="polite">
      {event ? eventWords(event) : 'Before its first event'}
      <span className="tablet">
        {' '}
        · {plural(count, 'moment')} of {log.moments.length}
      </span>
    </span>
  );
}

/** The slider under the graph: any moment of the pipeline's log, step by step or played. */
export function TimeTravel({ travel, now }: { travel: Travel; now: number }) {
  const { at, from, to, playing, speed } = travel;
  const shown = at ?? to;
  const keys = (e: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[e.key];
    if (by === undefined) return;
    e.preventDefault();
    travel.step(by);
  };
  const words =
    at === null
      ? 'Live'
      : `${when(new Date(at), new Date(now))}:${String(new Date(at).getSeconds()).padStart(2, '0')}, not live`;
  return (
    <div className={`travel ${travel.past ? 'past' : ''}`} role="group" aria-label="Time travel">
      <Button
        small
        kind="quiet"
        aria-label="Previous event"
        title="Previous event (,)"
        onClick={() => travel.step(-1)}
      >
        ‹
      </Button>
      <Button
        small
        kind="quiet"
        aria-label={playing ? 'Pause' : 'Play'}
        aria-pressed={playing}
        onClick={() => travel.play(!playing)}
      >
        {playing ? '❙❙' : '▶'}
      </Button>
      <Button
        small
        kind="quiet"
        aria-label="Next event"
        title="Next event (.)"
        onClick={() => travel.step(1)}
      >
        ›
      </Button>
      <select
        className="field small tablet"
        aria-label="Speed"
        value={speed}
        onChange={(e) => travel.setSpeed(speeds.find((s) => s === Number(e.target.value)) ?? 1)}
      >
        {speeds.map((s) => (
          <option key={s} value={s}>
            {s}x
          </option>
        ))}
      </select>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={words}
        min={from}
        max={Math.max(to, from + 1)}
        step={1}
        value={shown}
        onKeyDown={keys}
        onChange={(e) => travel.go(Number(e.target.value))}
      />
      <output className="n travel-at">{at === null ? clock(new Date(to), true) : words}</output>
      <Said travel={travel} />
      <Button
        small
        kind={at === null ? 'quiet' : 'primary'}
        disabled={at === null}
        onClick={() => travel.go(null)}
      >
        Live
      </Button>
    </div>
  );
}
