'use client';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useDeferredValue, useState } from 'react';
import { answerName, kindWords } from '#server/domain/answers.ts';
import type { DecisionItem } from '#server/domain/views/question.ts';
import { answers, escalationKinds } from '#server/domain/views/queue.ts';
import { useCommands } from '../frame/commands.ts';
import { useTitle } from '../frame/frame.tsx';
import { useKeys } from '../frame/keys.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { Choice, Day, dayOf } from '../ui/filters.tsx';
import { count, when } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { useNow } from '../ui/time.tsx';
import { Rules } from './rules.tsx';
import { outcomeWords, wordsFor } from './words.ts';

interface Filter {
  q: string;
  kind: string;
  answer: string;
  by: string;
  since: string;
  until: string;
}
const none: Filter = { q: '', kind: '', answer: '', by: '', since: '', until: '' };

function Row({ item, now }: { item: DecisionItem; now: Date }) {
  const { did, look } = wordsFor(item.kind, item.answer);
  const outcome = outcomeWords[item.outcome];
  return (
    <li>
      <Link className="decision" href={`/queue?decision=${item.id}`}>
        <span className={`${look} flex pt-1`}>
          <Mark shape={look} />
        </span>
        <span className="cut">
          {item.taskId ? <span className="n m">#{item.taskId} </span> : null}
          <bdi>{plain(item.title)}</bdi>
        </span>
        <span className="m cut">{kindWords[item.kind]}</span>
        <span className="m cut said">
          {did} by {plain(item.by)}
          {item.note ? (
            <>
              : <bdi>“{plain(item.note)}”</bdi>
            </>
          ) : null}
        </span>
        <span className={`chip ${outcome.look}`}>
          <Mark shape={outcome.look} />
          <span className={item.regretted ? 'text-failed' : ''}>{outcome.word}</span>
        </span>
        <span className="n m">{when(item.at, now)}</span>
      </Link>
    </li>
  );
}

function Filters({
  filter,
  people,
  onFilter,
}: {
  filter: Filter;
  people: string[];
  onFilter: (f: Filter) => void;
}) {
  const set = (part: Partial<Filter>) => onFilter({ ...filter, ...part });
  return (
    <search className="decision-filters">
      <input
        className="field small"
        type="search"
        id="search-decisions"
        aria-label="Search decisions"
        placeholder="Words, a reason, or a number"
        value={filter.q}
        onChange={(e) => set({ q: e.target.value.slice(0, 200) })}
      />
      <Choice
        label="Kind of question"
        all="All kinds"
        value={filter.kind}
        options={escalationKinds.map((k) => [k, kindWords[k]])}
        onChange={(kind) => set({ kind })}
      />
      <Choice
        label="Answer"
        all="All answers"
        value={filter.answer}
        options={answers.map((a) => [a, answerName(undefined, a).name])}
        onChange={(answer) => set({ answer })}
      />
      <Choice
        label="Decided by"
        all="Everybody"
        value={filter.by}
        options={people.map((p) => [p, plain(p)])}
        onChange={(by) => set({ by })}
      />
      <Day word="From" value={filter.since} onChange={(since) => set({ since })} />
      <Day word="To" value={filter.until} onChange={(until) => set({ until })} />
    </search>
  );
}

/** Every answer with its reason and what became of it, and the rules that were made of them. */
export function DecisionsPage() {
  useTitle('Decisions', 'All projects');
  const trpc = useTRPC();
  const [filter, setFilter] = useState<Filter>(none);
  const asked = useDeferredValue(filter);
  const now = new Date(useNow());
  const history = useInfiniteQuery(
    trpc.queue.history.infiniteQueryOptions(
      {
        q: asked.q,
        kind: escalationKinds.find((k) => k === asked.kind) ?? null,
        answer: answers.find((a) => a === asked.answer) ?? null,
        by: asked.by || null,
        since: dayOf(asked.since),
        until: dayOf(asked.until, 1),
      },
      { getNextPageParam: (page) => page.cursor, placeholderData: keepPreviousData },
    ),
  );
  const find = () => document.getElementById('search-decisions')?.focus();
  useKeys({ f: find });
  useCommands([{ name: 'Search the decisions', key: 'f', act: find }]);
  const pages = history.data?.pages ?? [];
  const items = pages.flatMap((p) => p.items);
  const total = pages[0]?.total ?? 0;
  const narrowed = JSON.stringify(filter) !== JSON.stringify(none);
  return (
    <div className="decisions-view">
      <Scroll className="decisions" label="Decisions">
        <header>
          <h2>
            Decisions <span className="n m">{history.data ? count(total) : ''}</span>
          </h2>
          <Link className="m inline-flex items-center underline max-sm:min-h-11" href="/queue">
            Human queue
          </Link>
        </header>
        <Filters filter={filter} people={pages[0]?.people ?? []} onFilter={setFilter} />
        {history.error && !history.data ? (
          <Failure error={refusalOf(history.error)} retry={() => void history.refetch()} />
        ) : !history.data ? (
          <div className="flex flex-col gap-2 p-4">
            <Skeleton className="h-10" />
            <Skeleton className="h-10" />
          </div>
        ) : items.length === 0 ? (
          <p className="m p-4">
            {narrowed
              ? 'No decision is like this. Take a word or a filter away.'
              : 'Nothing was decided yet. Answers given in the human queue are kept here, with what became of them.'}
          </p>
        ) : (
          <ul>
            {items.map((item) => (
              <Row key={item.id} item={item} now={now} />
            ))}
          </ul>
        )}
        {history.hasNextPage ? (
          <p className="m flex items-center gap-3 p-4">
            <Button small disabled={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
              Show older
            </Button>
            {count(items.length)} of {count(total)}
          </p>
        ) : null}
        <span className="sr-only" role="status">
          {history.data ? `${count(total)} decisions` : ''}
        </span>
      </Scroll>
      <Rules />
    </div>
  );
}
