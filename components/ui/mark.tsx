import type { ReactNode } from 'react';

/** The eight shapes of status. Each has one colour, and is never shown without a word or a label. */
export type Shape = 'queued' | 'running' | 'yours' | 'done' | 'failed' | 'cancelled' | 'stale' | 'none';

/** One status shape. Give it a label where no word stands beside it. */
export function Mark({ shape, label }: { shape: Shape; label?: string }) {
  return label ? (
    <i className={`s ${shape}`} role="img" aria-label={label} title={label} />
  ) : (
    <i className={`s ${shape}`} aria-hidden="true" />
  );
}

interface ChipProps {
  shape?: Shape;
  word?: ReactNode;
  /** What follows the word: an age, a place. */
  children?: ReactNode;
  pill?: boolean;
  /** Without the shape, where a row of dots shows it already. */
  bare?: boolean;
  className?: string;
}

/** Shape, word, age: "◐ Building · 4m · heard 3s ago". */
export function Chip({ shape = 'none', word, children, pill, bare, className = '' }: ChipProps) {
  const hatched = pill && shape === 'stale' ? ' hatched' : '';
  return (
    <span className={`chip ${shape}${pill ? ' pill' : ''}${hatched} ${className}`}>
      {bare ? null : <Mark shape={shape} />}
      {word ? <b className="cut">{word}</b> : null}
      {children}
    </span>
  );
}

/** Five dots, one per stage of a chain, read out as one sentence. */
export function StageDots({ dots }: { dots: { stage: string; shape: Shape; word: string }[] }) {
  const sentence = dots
    .filter((d) => d.shape !== 'none')
    .map((d) => `${d.stage} ${d.word}`)
    .join(', ');
  return (
    <span
      className="dots"
      role="img"
      aria-label={sentence || 'No stage yet'}
      title={sentence || 'No stage yet'}
    >
      {dots.map((d) => (
        <i key={d.stage} className={`s ${d.shape}`} />
      ))}
    </span>
  );
}
