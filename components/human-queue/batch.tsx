'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { kindWords } from '#server/domain/answers.ts';
import type { CaseView, Person } from '#server/domain/views/question.ts';
import type { Answer } from '#server/domain/views/queue.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { count, money, plural } from '../ui/format.ts';
import { Chip, Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { Answers, GiveTo } from './acts.tsx';
import { together } from './together.ts';

function Line({ view, onDrop }: { view: CaseView; onDrop: () => void }) {
  const failed = view.evidence.filter((e) => e.ok === false).length;
  const passed = view.evidence.filter((e) => e.ok === true).length;
  return (
    <li>
      <div className="grow">
        <p className="cut">
          {view.taskId ? <span className="n m">#{view.taskId} </span> : null}
          <bdi>{plain(view.question)}</bdi>
        </p>
        <p className="m cut">{plain(view.why)}</p>
        <p className="m flex flex-wrap items-center gap-x-3">
          <span>
            waits <Age since={view.askedAt} />
          </span>
          {view.size ? (
            <span>
              {plural(view.size.files, 'file')} <span className="n plus">+{count(view.size.added)}</span>{' '}
              <span className="n minus">−{count(view.size.removed)}</span>
            </span>
          ) : null}
          {passed + failed > 0 ? (
            <span className={`chip ${failed > 0 ? 'failed' : 'done'}`}>
              <Mark shape={failed > 0 ? 'failed' : 'done'} />
              {failed > 0 ? `${count(failed)} failed` : `${count(passed)} passed`}
            </span>
          ) : null}
          {view.spent && view.spent.chain.eur > 0 ? <span>spent {money(view.spent.chain.eur)}</span> : null}
          {view.blockedTasks.length > 0 ? <span>blocks {count(view.blockedTasks.length)}</span> : null}
        </p>
      </div>
      <Button small onClick={onDrop} aria-label={`Leave out ${view.taskId ? `#${view.taskId}` : 'this'}`}>
        Leave out
      </Button>
    </li>
  );
}

interface BatchProps {
  ids: number[];
  busy: boolean;
  people: Person[];
  onAnswer: (views: CaseView[], answer: Answer, note: string) => void;
  onGive: (ids: number[], to: Person | null) => void;
  onLeaveOut: (id: number) => void;
  onClear: () => void;
  /** Back to the list, where only one of them has room. */
  onBack: () => void;
}

/** Questions of one kind, side by side, and one answer for all of them: each is bound to what is shown of it here. */
export function Batch({ ids, busy, people, onAnswer, onGive, onLeaveOut, onClear, onBack }: BatchProps) {
  const trpc = useTRPC();
  const query = useQuery(trpc.queue.getMany.queryOptions({ ids }, { placeholderData: keepPreviousData }));
  if (query.error && !query.data)
    return <Failure error={refusalOf(query.error)} retry={() => void query.refetch()} />;
  // Answered by somebody else meanwhile: they drop out by themselves.
  const views = (query.data ?? []).filter((v) => ids.includes(v.id) && v.state === 'OPEN');
  const complete = query.data !== undefined && !query.isPlaceholderData;
  const all = together(views);
  const kind = views[0]?.kind;
  return (
    <>
      <section className="case batch" aria-label="Picked questions">
        <header className="case-head">
          <button type="button" className="btn small sm:hidden mb-3" onClick={onBack}>
            All questions
          </button>
          <div>
            <Chip pill shape="yours" word={`${count(ids.length)} picked`}>
              {kind ? <span>{kindWords[kind]}</span> : null}
            </Chip>
          </div>
          <h2>One answer for {plural(ids.length, 'question')}</h2>
          <p className="m">
            Each is bound to what is shown of it here, and is taken or refused by itself.{' '}
            <button type="button" className="underline" onClick={onClear}>
              Pick none
            </button>
          </p>
        </header>
        <ul className="case-body case-rows">
          {query.data ? (
            views.map((v) => <Line key={v.id} view={v} onDrop={() => onLeaveOut(v.id)} />)
          ) : (
            <li>
              <Skeleton className="h-14 w-full" />
            </li>
          )}
        </ul>
      </section>
      <aside className="inspector acts" aria-label="Decide">
        <Answers
          consequences={all.consequences}
          locked={busy || !complete || views.length === 0}
          kind={kind}
          suggested={all.suggestedReasons}
          onAnswer={(answer, note) => onAnswer(views, answer, note)}
        />
        <GiveTo people={people} to={null} onGive={(to) => onGive(ids, to)} />
        <p className="m bound">X picks the open one, Escape picks none. Ten seconds to undo all of them.</p>
      </aside>
    </>
  );
}
