'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import type { TiersView } from '#server/domain/views/tiers.ts';
import { useMay } from '../live/me.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { money, plural, took, when } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { useTierStart } from './use-tier-start.ts';

type Cell = { kind: string; tier: number };

/** What each tier cost, took and achieved for each kind of work, why it failed, and where such work should better begin. */
export function Tiers() {
  const trpc = useTRPC();
  const tiers = useQuery(trpc.tiers.get.queryOptions(undefined, { refetchInterval: 60_000 }));
  const [open, setOpen] = useState<Cell | null>(null);
  const may = useMay('configure');
  const { begin, start } = useTierStart();
  const v = tiers.data;
  if (!v) return null;
  const kinds = [...new Set(v.records.map((r) => r.kind))];
  const used = v.tiers.filter((t) => v.records.some((r) => r.tier === t.tier));
  const unserved = (tier: number) => v.tiers.find((t) => t.tier === tier)?.unserved ?? null;
  return (
    <section className="tiers" aria-labelledby="tiers">
      <header>
        <h2 id="tiers">Tiers</h2>
        <p className="m">
          Preset {plain(v.preset)} of tiers.yaml ({plain(v.source)}). The last {v.days} days, by stage and
          type of work: how many succeeded, what one cost and took on average.
        </p>
      </header>
      {v.scripted && kinds.length > 0 ? (
        <p className="m">
          These attempts were scripted: no model was called, so nothing is suggested from them.
        </p>
      ) : null}
      <Unserved tiers={v.tiers} />
      {v.suggestions.map((s) => (
        <p key={s.kind} className="tiers-suggestion">
          <Mark shape="yours" />
          <span>
            <b>
              Let {plain(s.kind)} begin on tier {s.to} instead of {s.from}.
            </b>{' '}
            {s.because}
            {unserved(s.to) ? ` ${plain(unserved(s.to) ?? '')}` : ''}
          </span>
          {may ? (
            <Button
              small
              className="end"
              disabled={begin.isPending}
              onClick={() =>
                start({
                  kind: s.kind,
                  insteadOf: s.from,
                  tier: s.to,
                  because: s.because,
                  force: unserved(s.to) !== null,
                })
              }
            >
              {unserved(s.to) ? 'Begin there anyway' : `Begin on tier ${s.to}`}
            </Button>
          ) : null}
        </p>
      ))}
      {v.starts.map((s) => (
        <p key={`${s.kind} ${s.insteadOf}`} className="tiers-start m">
          <span>
            <b>
              {plain(s.kind)} begins on tier {s.tier} instead of {s.insteadOf}
            </b>{' '}
            by {plain(s.setBy)}, {when(s.setAt, new Date())}.
            {unserved(s.tier) ? ' Not now: no host can serve it.' : ''}
          </span>
          {may ? (
            <Button
              small
              kind="quiet"
              aria-label={`Let ${s.kind} begin on tier ${s.insteadOf} again`}
              disabled={begin.isPending}
              onClick={() => start({ kind: s.kind, insteadOf: s.insteadOf, tier: null })}
            >
              Back to tier {s.insteadOf}
            </Button>
          ) : null}
        </p>
      ))}
      {kinds.length === 0 ? (
        <p className="m">
          No attempt has ended yet. What each tier is good for shows here as soon as some have.
        </p>
      ) : (
        <div className="tiers-table">
          <table>
            <caption className="sr-only">Success, cost and time by tier and kind of work</caption>
            <thead>
              <tr>
                <th scope="col">Kind of work</th>
                {used.map((t) => (
                  <th key={t.tier} scope="col" title={`${t.name}: ${t.use}`}>
                    Tier {t.tier} <span className="m">{plain(t.model)}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {kinds.map((kind) => (
                <tr key={kind}>
                  <th scope="row">{plain(kind)}</th>
                  {used.map((t) => (
                    <td key={t.tier} data-tier={`Tier ${t.tier}, ${plain(t.model)}`}>
                      <Record view={v} cell={{ kind, tier: t.tier }} open={open} onOpen={setOpen} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {open ? <Failures cell={open} /> : null}
    </section>
  );
}

/** Tiers that no host can serve now: nothing failed, and nobody would know otherwise. */
function Unserved({ tiers }: { tiers: TiersView['tiers'] }) {
  const none = tiers.filter((t) => t.unserved);
  if (none.length === 0) return null;
  return (
    <ul className="tiers-unserved m" aria-label="Tiers that no host can serve now">
      {none.map((t) => (
        <li key={t.tier}>
          <Mark shape="cancelled" />
          <span>{plain(t.unserved ?? '')}</span>
        </li>
      ))}
    </ul>
  );
}

function Record({
  view,
  cell,
  open,
  onOpen,
}: {
  view: TiersView;
  cell: Cell;
  open: Cell | null;
  onOpen: (c: Cell | null) => void;
}) {
  const r = view.records.find((x) => x.kind === cell.kind && x.tier === cell.tier);
  if (!r) return <Untried />;
  const failed = r.attempts - r.succeeded;
  const shown = open?.kind === cell.kind && open.tier === cell.tier;
  return (
    <span className="tier-record">
      <span className="n">
        {r.succeeded} of {r.attempts}
      </span>
      <span className="m n">
        {view.scripted ? '' : `${money(r.eur)} · `}
        {took(r.ms)}
      </span>
      {failed > 0 ? (
        <button
          type="button"
          className="btn small quiet"
          aria-expanded={shown}
          onClick={() => onOpen(shown ? null : cell)}
          title={r.failures.map((f) => `${f.code} ${f.n}`).join(', ')}
        >
          {failed} failed
        </button>
      ) : null}
    </span>
  );
}

const Untried = () => (
  <span className="m tier-none">
    <span aria-hidden="true">–</span>
    <span className="sr-only">not tried</span>
  </span>
);

/** Why attempts failed, in the words they ended with. */
function Failures({ cell }: { cell: Cell }) {
  const trpc = useTRPC();
  const failures = useQuery(trpc.tiers.failures.queryOptions(cell));
  return (
    <div className="tiers-failures">
      <h3>
        Why {plain(cell.kind)} failed on tier {cell.tier}
      </h3>
      {failures.data ? (
        <p className="m">{plural(failures.data.length, 'attempt')}, newest first.</p>
      ) : (
        <p className="m">Reading why</p>
      )}
      <ul>
        {failures.data?.map((f) => (
          <li key={`${f.taskId}-${f.n}`}>
            <Link href={`/tasks/${f.taskId}`} className="n">
              #{f.taskId}
            </Link>{' '}
            <span className="n m">
              {f.code} · {plain(f.model)}
            </span>{' '}
            {plain(f.error).slice(0, 300)}
          </li>
        ))}
      </ul>
    </div>
  );
}
