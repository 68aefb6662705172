'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type CSSProperties, type ReactNode, useEffect } from 'react';
import { WARN_AT } from '#server/domain/budget.ts';
import type { HostView, Strip as StripView } from '#server/domain/views/strip.ts';
import { useLive } from '../live/live.tsx';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { clock, count, money, span } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { syncClock, useNow } from '../ui/time.tsx';
import { Icon } from './rail.tsx';

/** The strip's numbers. Asked every five seconds too, so that a dead stream cannot hide a silent host. */
export function useStrip() {
  const trpc = useTRPC();
  const query = useQuery(trpc.strip.get.queryOptions(undefined, { refetchInterval: 5_000 }));
  const server = query.data?.now;
  useEffect(() => {
    if (server) syncClock(server);
  }, [server]);
  return query;
}

function Host({ host }: { host: HostView }) {
  const now = useNow();
  const quiet = host.state === 'silent' || host.state === 'absent';
  const heard = host.lastSeen ? `, heard ${span(now - host.lastSeen.getTime())} ago` : ', never heard';
  const title = `${host.name.toUpperCase()}: ${host.busy} of ${host.slots} slots busy, ${host.queued} queued, ${host.state}${heard}`;
  return (
    <span className={`chip wide ${quiet ? 'stale' : 'none'}`} title={title}>
      {quiet ? <i className="s" aria-hidden="true" /> : null}
      {quiet ? <b>{host.name.toUpperCase()}</b> : host.name.toUpperCase()}
      <span className="n">{host.state === 'live' ? `${host.busy}/${host.slots}` : host.state}</span>
    </span>
  );
}

/** What is wrong in words: a stream that goes on while the database hangs would else be called live. */
function LiveClock({ dataFrom, wrong }: { dataFrom: number; wrong: string | null }) {
  const { phase } = useLive();
  const now = useNow();
  if (wrong)
    return (
      <span title={dataFrom ? `Data from ${clock(new Date(dataFrom))}` : undefined}>
        <Chip shape="failed" pill word={wrong} />
      </span>
    );
  if (phase === 'paused')
    return (
      <Chip
        shape="stale"
        pill
        word={
          <>
            <span className="tablet">Live paused, data from</span>{' '}
            <span className="n">{clock(new Date(dataFrom || now))}</span>
          </>
        }
      />
    );
  return (
    <span className="chip" suppressHydrationWarning>
      {phase === 'live' ? 'Live' : 'Connecting'}{' '}
      <span className="n tablet" suppressHydrationWarning>
        {now ? clock(new Date(now), true) : '--:--:--'}
      </span>
    </span>
  );
}

function Spend({ strip }: { strip: StripView }) {
  const { spentTodayEur: spent, dayBudgetEur: limit } = strip;
  const share = limit > 0 ? Math.min(1, spent / limit) : 1;
  const state = share >= 1 ? 'full' : share >= WARN_AT ? 'warned' : 'fine';
  return (
    <Link
      className="chip tablet"
      href="/spend"
      prefetch={false}
      title={`${money(spent)} of ${money(limit)} spent today, ${count(strip.tokensToday)} tokens`}
    >
      <span className="n">{money(spent)}</span>
      <span className="wide">
        of <span className="n">{money(limit)}</span>
      </span>
      today
      <i
        className="meter wide"
        aria-hidden="true"
        data-state={state}
        style={{ '--v': `${share * 100}%` } as CSSProperties}
      />
    </Link>
  );
}

interface StripProps {
  title: string;
  place?: ReactNode;
  onSearch: () => void;
}

/** 40 px that answer: what runs, what may be stuck, what needs me, what it cost, who is up, is this live. */
export function Strip({ title, place, onSearch }: StripProps) {
  const { data: strip, dataUpdatedAt, error } = useStrip();
  const refusal = error ? refusalOf(error) : null;
  return (
    <header className="strip">
      <h1>
        {title} <span className="cut">{place}</span>
      </h1>
      <i className="rule" />
      {strip ? (
        <>
          <Chip shape={strip.running > 0 ? 'running' : 'none'} word={`${count(strip.running)} running`} />
          {strip.mayBeStuck > 0 ? (
            <Chip shape="stale" word={`${count(strip.mayBeStuck)} may be stuck`} />
          ) : null}
          <Chip
            shape={strip.needYou > 0 ? 'yours' : 'none'}
            word={
              strip.needYou > 0
                ? `${count(strip.needYou)} need${strip.needYou === 1 ? 's' : ''} you`
                : 'None need you'
            }
          />
          <span className="end" />
          {strip.scripted ? (
            <span
              className="tag wide"
              title="No model server was found, so the rehearsal answers. No model is called."
            >
              Scripted
            </span>
          ) : null}
          <Spend strip={strip} />
          {strip.hosts.map((h) => (
            <Host key={h.name} host={h} />
          ))}
          <i className="rule" />
        </>
      ) : (
        <span className="end" />
      )}
      <LiveClock
        dataFrom={dataUpdatedAt}
        wrong={refusal?.code === 'DATABASE_UNREACHABLE' ? refusal.message : null}
      />
      <button type="button" className="btn small wide" onClick={onSearch}>
        <Icon name="--i-find" size={12} />
        Search <kbd>/</kbd>
      </button>
    </header>
  );
}
