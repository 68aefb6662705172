'use client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { BlueprintView, CompanyDetail } from '#server/domain/views/company.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Prose } from './prose.tsx';

/** A blueprint with `extends` folded in: each step with its gates, and the file that says it. */
function Resolved({ blueprint: b }: { blueprint: BlueprintView }) {
  return (
    <div className="blueprint">
      <p className="from">
        {b.files.map((file, n) => (
          <span key={file}>
            {n ? 'extends ' : ''}
            <code>{file}</code>
          </span>
        ))}
        <span className="m">
          version <code>{b.hash.slice(0, 12)}</code>
          {b.triggers.length ? ` · asks for ${b.triggers.join(', ')}` : ''}
        </span>
      </p>
      {b.variables.length ? (
        <dl className="kv">
          {b.variables.map((v) => (
            <div key={v.name} className="contents">
              <dt>
                <code>{v.name}</code>
              </dt>
              <dd>
                <code>{v.value || 'empty'}</code>{' '}
                <span className="m">{[v.meaning, v.file].filter(Boolean).join(' · ')}</span>
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      <ol className="steps">
        {b.steps.map((s) => (
          <li key={s.key}>
            <p>
              <b>{s.key}</b> <span className="m">{s.agent ?? s.role}</span>{' '}
              <span className="m">
                from <code>{s.file}</code>
              </span>
            </p>
            <Prose text={s.instructions} />
            <p className="m">
              {s.tools.join(', ')} · {s.limits}
              {s.network ? ' · network' : ''}
            </p>
            {s.gates.length ? (
              <ul className="gates" aria-label={`Gates of ${s.key}`}>
                {s.gates.map((g) => (
                  <li key={g}>
                    <code>{g}</code>
                  </li>
                ))}
              </ul>
            ) : (
              <p className="m">no gate</p>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** A shared one is read when it is opened; most never are. */
function Shared({ name, company }: { name: string; company: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.companies.blueprint.queryOptions({ name, company }));
  if (query.data) return <Resolved blueprint={query.data} />;
  if (query.error) return <Failure error={refusalOf(query.error)} retry={() => void query.refetch()} />;
  return <Skeleton className="h-24" />;
}

function SharedFold({ row, company }: { row: CompanyDetail['sharedBlueprints'][number]; company: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="fold" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>
        <b>{row.name}</b> <span className="m cut grow">{row.description}</span>
      </summary>
      {open ? <Shared name={row.name} company={company} /> : null}
    </details>
  );
}

/** Its own blueprints, and the shared ones it can be given. */
export function Blueprints({ detail, company }: { detail: CompanyDetail; company: string }) {
  return (
    <>
      <h3>Its own</h3>
      {detail.blueprints.length === 0 ? <p className="m">None: it works by the shared ones.</p> : null}
      {detail.blueprints.map((b) => (
        <details key={b.name} className="fold">
          <summary>
            <b>{b.name}</b> <span className="m cut grow">{b.description}</span>
            <span className="m">{b.steps.map((s) => s.key).join(' → ')}</span>
          </summary>
          <Resolved blueprint={b} />
        </details>
      ))}
      <h3>Shared</h3>
      {detail.sharedBlueprints.map((row) => (
        <SharedFold key={row.name} row={row} company={company} />
      ))}
    </>
  );
}
