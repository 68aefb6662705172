'use client';
import Link from 'next/link';
import type { CheckState } from '#server/domain/checks.ts';
import type { ChecksView, CheckView } from '#server/domain/views/checks.ts';
import { EvidenceBadge } from '../ui/evidence.tsx';
import { clock, took } from '../ui/format.ts';
import { Mark, type Shape } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';

const shapes: Record<CheckState, [Shape, string]> = {
  pass: ['done', 'passed'],
  fail: ['failed', 'failed'],
  'not applicable': ['cancelled', 'does not apply'],
  pending: ['queued', 'pending'],
};

function Check({ check }: { check: CheckView }) {
  const [shape, word] = shapes[check.state];
  return (
    <details className={`file check ${shape}`}>
      <summary>
        <span className="n m check-number">{check.number}</span>
        <span className={`${shape} flex`}>
          <Mark shape={shape} label={word} />
        </span>
        <span className="grow min-w-0">
          <span className="cut block">{check.title}</span>
          <span className="m cut block" title={plain(check.detail)}>
            {check.blocking ? 'Stops the work: ' : ''}
            {plain(check.detail)}
          </span>
        </span>
        {check.ms >= 1_000 ? <span className="n m">{took(check.ms)}</span> : null}
      </summary>
      <div className="gate-body">
        <p>
          <EvidenceBadge source={check.answeredBy ? 'agent' : 'harness'} />{' '}
          <span className="m">
            {check.name}, {word}
            {check.state === 'fail' && !check.blocking ? '; the score may outvote it' : ''}
            {check.answeredBy ? (
              <>
                , answered by the reviewer in{' '}
                <Link className="underline" href={`/tasks/${check.answeredBy}`}>
                  #{check.answeredBy}
                </Link>
              </>
            ) : null}
          </span>
        </p>
        <p>{plain(check.detail)}</p>
        {check.command ? <pre>$ {plain(check.command.join(' '))}</pre> : null}
        {check.evidence ? (
          <Scroll label={`Evidence of ${check.title}`}>
            <pre>{plain(check.evidence)}</pre>
          </Scroll>
        ) : null}
      </div>
    </details>
  );
}

/** QA-19: the score against its bar, then all nineteen with what bears each out. */
export function Checks({ checks }: { checks: ChecksView }) {
  const { score, items } = checks;
  if (!score)
    return (
      <p className="m px-4 pb-3">Runs when the work of this task is finished, before it counts as done.</p>
    );
  const [shape, word] = score.ok ? (['done', 'Passed'] as const) : (['failed', 'Not passed'] as const);
  return (
    <>
      <div className="check-score">
        <span className={`chip ${shape}`}>
          <Mark shape={shape} />
          <b>{word}</b>
        </span>
        <span>
          <b className="n">
            {score.passed}/{score.applicable}
          </b>{' '}
          <span className="m">of those that apply pass, {score.bar} are needed</span>
        </span>
        <span className="check-bar" aria-hidden="true">
          {items.map((c) => (
            <i key={c.name} className={shapes[c.state][0]} title={`${c.number}. ${c.title}`} />
          ))}
        </span>
      </div>
      <p className="m px-4 pb-3">
        Seen on tree <span className="n">{checks.tree?.slice(0, 10)}</span>
        {checks.at ? <> at {clock(checks.at, true)}</> : null}
        {checks.tryNumber > 1 ? `, try ${checks.tryNumber}: earlier failures were fed back and mended` : ''}.
        {score.blocked.length > 0 ? ` Stopped by ${score.blocked.join(', ')}, whatever the score.` : ''}
      </p>
      {checks.reopenedBy ? (
        <p className="px-4 pb-3">
          <span className="chip stale pill">
            <Mark shape="stale" />
            <b>Reopened</b>
          </span>{' '}
          <span className="m">
            <Link className="underline" href={`/tasks/${checks.reopenedBy}`}>
              #{checks.reopenedBy}
            </Link>{' '}
            changed the work after this; its own checks speak for it now.
          </span>
        </p>
      ) : null}
      {items.map((c) => (
        <Check key={c.name} check={c} />
      ))}
    </>
  );
}
