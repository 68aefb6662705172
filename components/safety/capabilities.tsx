'use client';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { capabilities, capabilityNames } from '#server/domain/capabilities.ts';
import type { CapabilityMode, SafetyView } from '#server/domain/safety.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';

const modes: Record<CapabilityMode, string> = {
  ask: 'Asks you first',
  allow: 'Does it',
  never: 'Never does it',
};

/** What happens when an agent wants to do what cannot be taken back. */
export function Capabilities({
  view,
  mayChange,
  onChange,
}: {
  view: SafetyView;
  mayChange: boolean;
  onChange: () => void;
}) {
  const trpc = useTRPC();
  const [place, setPlace] = useState('');
  const set = useMutation(
    trpc.safety.setCapability.mutationOptions({
      onSuccess: onChange,
      onError: (e) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    }),
  );
  const modeIn = (capability: string, projectId: string) =>
    view.capabilities.find((c) => c.capability === capability && c.projectId === projectId);
  return (
    <section aria-labelledby="capabilities">
      <h3 id="capabilities">
        What agents ask before they do it
        <select
          className="field small end capability-place"
          aria-label="In which project"
          value={place}
          onChange={(e) => setPlace(e.target.value)}
        >
          <option value="">Every project</option>
          {view.projects.map((p) => (
            <option key={p.id} value={p.id}>
              {p.name}
            </option>
          ))}
        </select>
      </h3>
      <ul className="setting-rows">
        {capabilityNames.map((c) => {
          const own = modeIn(c, place);
          const general = modeIn(c, '')?.mode ?? 'ask';
          return (
            <li key={c}>
              <span className="grow">
                <strong>{c}</strong> <span className="m">{capabilities[c]}</span>
              </span>
              {own ? <span className="m">set by {own.by}</span> : null}
              <select
                className="field small"
                aria-label={`An agent that ${capabilities[c]}`}
                value={own?.mode ?? (place ? '' : 'ask')}
                disabled={!mayChange || set.isPending}
                onChange={(e) =>
                  set.mutate({
                    ...{ capability: c, projectId: place },
                    mode: e.target.value === '' ? null : (e.target.value as CapabilityMode),
                  })
                }
              >
                {place ? <option value="">As everywhere: {modes[general].toLowerCase()}</option> : null}
                {(Object.keys(modes) as CapabilityMode[]).map((m) => (
                  <option key={m} value={m}>
                    {modes[m]}
                  </option>
                ))}
              </select>
            </li>
          );
        })}
      </ul>
      <p className="m">
        Commands, files and tools of MCP servers are looked at, whatever the task says. A permission is for
        one call.
      </p>
    </section>
  );
}
