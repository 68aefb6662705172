'use client';
import { useState } from 'react';
import { Problems } from '../companies/problems.tsx';
import { useCommands } from '../frame/commands.ts';
import { useTitle } from '../frame/frame.tsx';
import { useMay } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { Button } from '../ui/button.tsx';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { HostCard } from './host-card.tsx';
import { KillDialog } from './kill-dialog.tsx';
import { Services } from './services.tsx';
import { TestAgent } from './test-agent.tsx';
import { Tiers } from './tiers.tsx';
import { Troubles } from './troubles.tsx';
import { useActs, useFleet } from './use-fleet.ts';
import { fleetSentence } from './words.ts';

/** The machines: what runs in their slots, what lies in their memory, what waits for them, and what can be done about it. */
export function FleetPage() {
  useTitle('Fleet');
  const fleet = useFleet();
  const acts = useActs();
  const may = useMay('operate');
  const [killing, setKilling] = useState(false);
  const [asking, setAsking] = useState(false);
  const view = fleet.data;
  useCommands(
    may && view && !view.stopped
      ? [
          { name: 'Ask one agent', act: () => setAsking(true) },
          { name: 'Kill switch: end every agent', act: () => setKilling(true) },
        ]
      : [],
  );
  if (fleet.error && !view)
    return <Failure error={refusalOf(fleet.error)} retry={() => void fleet.refetch()} />;
  if (!view)
    return (
      <div className="fleet" aria-busy="true">
        <div className="fleet-hosts">
          <Skeleton className="h-96" />
          <Skeleton className="h-96" />
        </div>
      </div>
    );
  return (
    <div className="fleet">
      <Problems
        problems={view.problems}
        kept={view.problems.length > 0 && view.hosts.length > 0 ? ['The factory'] : []}
      />
      <header className="fleet-head">
        {view.hosts.length > 0 ? <p>{fleetSentence(view)}</p> : null}
        {may && !view.stopped && view.hosts.length > 0 ? (
          <span className="fleet-acts end">
            <Button small onClick={() => setAsking(true)}>
              Ask one agent
            </Button>
            <Button kind="danger" small onClick={() => setKilling(true)}>
              Kill switch
            </Button>
          </span>
        ) : null}
      </header>
      <Troubles view={view} />
      <Services view={view} />
      {view.hosts.length === 0 ? (
        <Empty title="There is no host yet.">
          <p>
            A host is a machine that agents work on. Written into <code>companies/_shared/fleet.yaml</code> it
            appears here within seconds. Its worker starts with <code>npx alai worker --host NAME</code>.
          </p>
        </Empty>
      ) : (
        <div className="fleet-hosts">
          {view.hosts.map((h) => (
            <HostCard key={h.name} host={h} version={view.version} acts={acts} may={may} />
          ))}
        </div>
      )}
      {asking ? <TestAgent onClose={() => setAsking(false)} /> : null}
      <Tiers />
      {killing ? (
        <KillDialog
          running={view.hosts.reduce((n, h) => n + h.running.length, 0)}
          onClose={() => setKilling(false)}
          onYes={(reason) => {
            acts.kill.mutate({ reason });
            setKilling(false);
          }}
        />
      ) : null}
    </div>
  );
}
