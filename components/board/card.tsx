import Link from 'next/link';
import { memo } from 'react';
import type { BoardCard } from '#server/domain/views/board.ts';
import { count, money } from '../ui/format.ts';
import { Chip, StageDots } from '../ui/mark.tsx';
import { Age } from '../ui/time.tsx';
import { lookWords, place } from '../ui/words.ts';

/** Second line: why it waits, or who does it and when they were last heard. */
function Second({ card }: { card: BoardCard }) {
  const who = place(card);
  if (card.column === 'inbox' || card.column === 'queued')
    return (
      <div>
        <span className="m cut">{card.waits ?? (who || 'Waits to be routed')}</span>
      </div>
    );
  const more = card.column === 'needs-you' || card.column === 'done' ? card.waits : null;
  return (
    <div>
      <span className="m cut grow">{[who, more].filter(Boolean).join(' · ') || 'By hand'}</span>
      {card.column === 'working' && card.status.heardAt && card.status.look === 'running' ? (
        <span className="m heard">
          heard <Age since={card.status.heardAt} /> ago
        </span>
      ) : null}
    </div>
  );
}

function Third({ card }: { card: BoardCard }) {
  const { status } = card;
  const age = status.since ? <Age since={status.since} /> : null;
  const dots = card.dots.map((d) => ({ stage: d.stage, shape: d.look, word: lookWords[d.look] }));
  const who = card.column === 'queued' ? place({ ...card, host: null }) : '';
  return (
    <div>
      <StageDots dots={dots} />
      {who ? (
        <Chip bare className="cut grow">
          <span className="cut">{who}</span>
          {age ? <>· {age}</> : null}
        </Chip>
      ) : (
        <Chip bare shape={status.look} word={status.word} className="grow">
          {age ? (
            <span className="cut">
              {card.column === 'inbox' ? null : '· '}
              {age}
              {card.column === 'inbox' || card.column === 'done' ? ' ago' : ''}
            </span>
          ) : null}
        </Chip>
      )}
      {card.scripted && card.column === 'needs-you' ? null : card.scripted ? (
        <span className="m cost" title="Scripted, no model was called">
          scripted
        </span>
      ) : card.column === 'inbox' ? null : (
        <span className="n cost" title={`${count(card.tokens)} tokens`}>
          {money(card.costEur)}
        </span>
      )}
    </div>
  );
}

/** 76 px: number and title / company, tier, host / dots, word, age, cost. */
export const Card = memo(function Card({ card }: { card: BoardCard }) {
  const href =
    card.column === 'needs-you' && card.escalationId
      ? `/queue?decision=${card.escalationId}`
      : `/tasks/${card.liveTaskId}`;
  const saving = card.taskId < 0;
  const stale = card.status.look === 'stale';
  const inner = (
    <>
      <div>
        <span className="n">{saving ? 'new' : `#${card.taskId}`}</span>
        <strong className="cut">{card.title}</strong>
        {card.priority === 'H' ? (
          <span className="n end" title="High priority" role="img" aria-label="High priority">
            H
          </span>
        ) : null}
      </div>
      <Second card={card} />
      <Third card={card} />
    </>
  );
  if (saving) return <div className="card saving">{inner}</div>;
  return (
    <Link className={`card${stale ? ' hatched' : ''}`} href={href} prefetch={false} data-task={card.taskId}>
      {inner}
    </Link>
  );
});
