'use client';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useDeferredValue, useState } from 'react';
import { type AuditEntry, type AuditFilter, auditEntities } from '#server/domain/audit.ts';
import { useTitle } from '../frame/frame.tsx';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { Choice, Day, dayOf } from '../ui/filters.tsx';
import { plural, when } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { useNow } from '../ui/time.tsx';
import { deed } from './words.ts';

type Filters = Pick<AuditFilter, 'q' | 'actor' | 'entity' | 'people'> & { from: string; to: string };
const none: Filters = { q: '', actor: null, entity: null, people: true, from: '', to: '' };

const asked = (f: Filters) => ({ ...f, from: dayOf(f.from), to: dayOf(f.to, 1), taskId: null });

function exportAddress(f: Filters, format: 'csv' | 'jsonl'): string {
  const params = new URLSearchParams({ format });
  const { from, to } = asked(f);
  if (f.q) params.set('q', f.q);
  if (f.actor) params.set('actor', f.actor);
  if (f.entity) params.set('entity', f.entity);
  if (!f.people) params.set('people', 'false');
  if (from) params.set('from', from.toISOString());
  if (to) params.set('to', to.toISOString());
  return `/api/audit?${params}`;
}

/** Whether the chain of seals holds, made again on demand from the first entry on. */
function Trust() {
  const trpc = useTRPC();
  const state = useQuery(trpc.audit.verify.queryOptions(undefined, { staleTime: 5 * 60_000 }));
  if (!state.data)
    return (
      <span className="m" role="status">
        {state.error ? refusalOf(state.error).message : 'Checking the chain'}
      </span>
    );
  const { ok, sealed, head, problem } = state.data;
  return (
    <span className="audit-trust" role="status">
      <Chip
        shape={ok ? 'done' : 'failed'}
        word={ok ? `${plural(sealed, 'entry', 'entries')}, none changed` : (problem ?? 'Broken')}
      />
      {head ? (
        <span
          className="n m wide"
          title={`The last seal: ${head}. Written down elsewhere, it proves all entries up to this one.`}
        >
          {head.slice(0, 12)}
        </span>
      ) : null}
      <Button small kind="quiet" disabled={state.isFetching} onClick={() => void state.refetch()}>
        Check again
      </Button>
    </span>
  );
}

function Entry({ entry: e, now }: { entry: AuditEntry; now: Date }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <button type="button" className="audit-row" aria-expanded={open} onClick={() => setOpen(!open)}>
        <time className="n m" dateTime={e.at.toISOString()} title={e.at.toLocaleString('en-GB')}>
          {when(e.at, now)}
        </time>
        <span className="cut actor">
          {plain(e.actor)}
          {e.actorKind === 'human' ? '' : <span className="m"> {e.actorKind}</span>}
        </span>
        <span className="cut">{plain(deed(e))}</span>
        <span className="cut m why">{plain(e.reason)}</span>
        <span className="n m seal" title={e.hash ? `Seal ${e.hash}` : 'Sealed within a second'}>
          {e.n ?? '·'}
        </span>
      </button>
      {open ? (
        <div className="audit-detail">
          <dl className="kv">
            <dt>What</dt>
            <dd>
              <code>{e.type}</code> · {e.entity} <span className="n">{e.entityId}</span>, version{' '}
              <span className="n">{e.ver}</span>
            </dd>
            {e.reason ? (
              <>
                <dt>Why</dt>
                <dd>{plain(e.reason)}</dd>
              </>
            ) : null}
            {e.taskId || e.pipelineId ? (
              <>
                <dt>Where</dt>
                <dd>
                  {e.taskId ? <Link href={`/tasks/${e.taskId}`}>#{e.taskId}</Link> : null}{' '}
                  {e.pipelineId ? (
                    <Link href={`/pipelines/${e.pipelineId}`}>pipeline #{e.pipelineId}</Link>
                  ) : null}
                </dd>
              </>
            ) : null}
            <dt>Seal</dt>
            <dd>
              <code>{e.hash ?? 'not sealed yet'}</code>
            </dd>
          </dl>
          <pre>{plain(JSON.stringify(e.data, null, 2))}</pre>
        </div>
      ) : null}
    </li>
  );
}

function Filter({
  filters: f,
  actors,
  onChange,
}: {
  filters: Filters;
  actors: string[];
  onChange: (f: Filters) => void;
}) {
  return (
    <search className="audit-filter">
      <input
        className="field small grow"
        type="search"
        aria-label="Words"
        placeholder="Words of a reason, a name, a number"
        value={f.q}
        onChange={(e) => onChange({ ...f, q: e.target.value })}
      />
      <Choice
        label="Who"
        all="Everybody"
        value={f.actor ?? ''}
        options={actors.map((a) => [a, plain(a)])}
        onChange={(actor) => onChange({ ...f, actor: actor || null })}
      />
      <Choice
        label="What"
        all="Everything"
        value={f.entity ?? ''}
        options={auditEntities.map((e) => [e, e.replace('_', ' ')])}
        onChange={(entity) => onChange({ ...f, entity: entity || null })}
      />
      <Day word="From" value={f.from} onChange={(from) => onChange({ ...f, from })} />
      <Day word="To" value={f.to} onChange={(to) => onChange({ ...f, to })} />
      <label className="audit-all">
        <input
          type="checkbox"
          checked={!f.people}
          onChange={(e) => onChange({ ...f, people: !e.target.checked })}
        />
        Machines too
      </label>
    </search>
  );
}

/** Who did what, when and why: the event log, sealed. */
export function AuditPage() {
  useTitle('Audit');
  const trpc = useTRPC();
  const [filters, setFilters] = useState(none);
  const settled = useDeferredValue(filters);
  const now = new Date(useNow());
  const pages = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions(
      { filter: asked(settled), limit: 100 },
      {
        getNextPageParam: (page) => page.next,
        refetchOnMount: 'always',
        placeholderData: (before) => before,
      },
    ),
  );
  const entries = pages.data?.pages.flatMap((p) => p.entries) ?? [];
  const filtered = JSON.stringify(filters) !== JSON.stringify(none);
  return (
    <div className="audit">
      <header className="audit-head">
        <Filter filters={filters} actors={pages.data?.pages[0]?.actors ?? []} onChange={setFilters} />
        <div className="audit-acts">
          <Trust />
          <span className="end" />
          <Button small kind="quiet" disabled={pages.isFetching} onClick={() => void pages.refetch()}>
            Refresh
          </Button>
          <a className="btn small" href={exportAddress(filters, 'csv')} download>
            CSV
          </a>
          <a className="btn small" href={exportAddress(filters, 'jsonl')} download>
            JSON lines
          </a>
        </div>
      </header>
      <Scroll className="audit-list" label="Audit trail">
        {pages.error ? (
          <Failure error={refusalOf(pages.error)} retry={() => void pages.refetch()} />
        ) : pages.data ? (
          <>
            <ol>
              {entries.map((e) => (
                <Entry key={`${e.xid}-${e.seq}`} entry={e} now={now} />
              ))}
            </ol>
            {entries.length === 0 ? (
              <p className="m p-4">
                {filtered
                  ? 'Nothing matches. Take a word out, or let the machines in.'
                  : 'Nobody has done anything yet. The first sign-in is the first entry.'}
              </p>
            ) : null}
            {pages.hasNextPage ? (
              <p className="p-4">
                <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                  Older entries
                </Button>
              </p>
            ) : null}
          </>
        ) : (
          Array.from({ length: 12 }, (_, i) => (
            <div key={String(i)} className="audit-row">
              <Skeleton className="h-4 w-full" />
            </div>
          ))
        )}
      </Scroll>
    </div>
  );
}
