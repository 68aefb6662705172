'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTitle } from '../frame/frame.tsx';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { money, plural } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { useChoice } from '../ui/use-choice.ts';
import { Budgets } from './budgets.tsx';
import { Days } from './days.tsx';
import { Dearest, Groups } from './groups.tsx';
import { spendSentence, unaskedWait, usageOf } from './words.ts';

const ranges = ['7', '30', '90'] as const;

/** What the factory costs: by day, by whom, on what, how much of it is allowed, and where the month is going. */
export function SpendPage() {
  useTitle('Spend');
  const trpc = useTRPC();
  const [days, setDays] = useChoice('spend-days', ranges, '30');
  const spend = useQuery(
    trpc.spend.get.queryOptions(
      { days: Number(days) },
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  );
  const v = spend.data;
  if (spend.error && !v) return <Failure error={refusalOf(spend.error)} retry={() => void spend.refetch()} />;
  if (!v)
    return (
      <div className="spend" aria-busy="true">
        <Skeleton className="h-64" />
      </div>
    );
  return (
    <div className="spend">
      <header className="spend-head">
        <p>{spendSentence(v)}</p>
        <fieldset className="choice end" aria-label="Days shown">
          {ranges.map((r) => (
            <button
              key={r}
              type="button"
              className="btn small quiet"
              aria-pressed={days === r}
              onClick={() => setDays(r)}
            >
              {r} days
            </button>
          ))}
        </fieldset>
      </header>
      {v.waits.tasks > 0 ? (
        <p className="spend-note warn" role="status">
          <Mark shape={v.waits.asked > 0 ? 'yours' : 'queued'} />
          <span>
            {plural(v.waits.tasks, 'task')} {v.waits.tasks === 1 ? 'waits' : 'wait'} for money.{' '}
            {v.waits.asked > 0 ? (
              <>
                <Link href="/queue">
                  Answer {v.waits.asked === 1 ? 'it' : plural(v.waits.asked, 'question')} in the queue
                </Link>
                , or change the budget here.
              </>
            ) : (
              plain(unaskedWait(v.waits.why))
            )}
          </span>
        </p>
      ) : null}
      {v.waits.narrow > 0 ? (
        <p className="spend-note warn" role="status">
          <Mark shape="yours" />
          <span>
            {plural(v.waits.narrow, 'task')} {v.waits.narrow === 1 ? 'stands' : 'stand'} still at{' '}
            {v.waits.narrow === 1 ? 'its' : 'their'} own budget.{' '}
            <Link href="/queue">Raise or end {v.waits.narrow === 1 ? 'it' : 'them'} in the queue</Link>.
          </span>
        </p>
      ) : null}
      {v.total.scripted > 0 && !v.countsScripted ? (
        <p className="spend-note m">
          {plural(v.total.scripted, 'answer')} of {plural(v.total.calls, 'call')} came from the rehearsal:
          scripted, no model was called, and nothing was paid. <code>count_scripted</code> in prices.yaml
          counts what they would have cost.
        </p>
      ) : null}
      {v.total.scripted > 0 && v.countsScripted ? (
        <p className="spend-note m">
          {plural(v.total.scripted, 'scripted answer')} {v.total.scripted === 1 ? 'is' : 'are'} counted as if
          a model had been paid for
          {v.total.scripted === 1 ? ' it' : ' them'} (<code>count_scripted</code> in prices.yaml).
        </p>
      ) : null}
      <div className="spend-body">
        <div className="spend-main">
          <section className="spend-part" aria-labelledby="spend-days">
            <header className="spend-part-head">
              <h2 id="spend-days">
                {money(v.total.eur)} in {days} days
              </h2>
              <span className="m end wide">{usageOf(v.total)}</span>
            </header>
            <Days days={v.days} limit={v.budgets.find((b) => b.scope === 'day')?.limit ?? 0} />
          </section>
          <Groups view={v} />
          <Dearest view={v} />
        </div>
        <Budgets view={v} />
      </div>
    </div>
  );
}
