'use client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SavedRail } from '#server/domain/safety.ts';
import { useMay } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Capabilities } from './capabilities.tsx';
import { Patterns } from './patterns.tsx';
import { RailForm } from './rail-form.tsx';
import { RailList } from './rail-list.tsx';
import { Try } from './try.tsx';

/** What waits for the owner before any agent sees it, and what agents ask before they do it. */
export function SafetyPage() {
  const trpc = useTRPC();
  const may = useMay('configure');
  const safety = useQuery(trpc.safety.get.queryOptions(undefined, { refetchOnMount: 'always' }));
  const [editing, setEditing] = useState<SavedRail | 'new' | null>(null);
  const reload = () => void safety.refetch();
  if (safety.error) return <Failure error={refusalOf(safety.error)} retry={reload} />;
  const view = safety.data;
  return (
    <>
      <header className="settings-head">
        <h2>Safety rails</h2>
        <p className="m">
          Held work waits in the human queue before any agent sees it, says which rail held it and why, and
          only the CEO frees it. No model reads it first.
        </p>
      </header>
      {view ? (
        <>
          <Try projects={view.projects} />
          <section aria-labelledby="rails">
            <h3 id="rails">
              Your rails <span className="n">{view.rails.length}</span>
              {may && editing === null ? (
                <Button small className="end" onClick={() => setEditing('new')}>
                  New rail
                </Button>
              ) : null}
            </h3>
            {editing ? (
              <RailForm
                key={editing === 'new' ? 'new' : editing.id}
                rail={editing === 'new' ? null : editing}
                projects={view.projects}
                onClose={(changed) => {
                  setEditing(null);
                  if (changed) reload();
                }}
              />
            ) : null}
            <RailList view={view} mayChange={may} onEdit={setEditing} />
          </section>
          <Patterns view={view} mayChange={may} onChange={reload} />
          <Capabilities view={view} mayChange={may} onChange={reload} />
        </>
      ) : (
        <section>
          {Array.from({ length: 6 }, (_, i) => (
            <Skeleton key={String(i)} className="my-3 h-4 w-full" />
          ))}
        </section>
      )}
    </>
  );
}
