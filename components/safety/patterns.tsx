'use client';
import { useMutation } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { SafetyView } from '#server/domain/safety.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { plain } from '../ui/plain.ts';

/** The patterns of companies/_shared/safety.yaml, and where they do not count. */
export function Patterns({
  view,
  mayChange,
  onChange,
}: {
  view: SafetyView;
  mayChange: boolean;
  onChange: () => void;
}) {
  const trpc = useTRPC();
  const set = useMutation(
    trpc.safety.setPattern.mutationOptions({
      onSuccess: onChange,
      onError: (e) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    }),
  );
  const places = [{ id: '', name: 'Every project' }, ...view.projects];
  return (
    <section aria-labelledby="patterns">
      <h3 id="patterns">
        Patterns of the factory <span className="n">{view.patterns.length}</span>
      </h3>
      <ul className="setting-rows">
        {view.patterns.map((p) => (
          <li key={p.name}>
            <span className="grow">
              <strong>{p.name}</strong> <span className="m">{plain(p.reason)}</span>
            </span>
            <span className="m">
              held {view.counts[p.name] ?? 0} of the last {view.tasks}
            </span>
            <details className="where">
              <summary>
                {p.offIn.length === 0
                  ? 'counts everywhere'
                  : p.offIn.includes('')
                    ? 'switched off'
                    : `off in ${p.offIn.length} of ${view.projects.length} projects`}
              </summary>
              <ul>
                {places.map((place) => (
                  <li key={place.id}>
                    <label>
                      <input
                        type="checkbox"
                        checked={!p.offIn.includes(place.id)}
                        disabled={!mayChange || set.isPending}
                        onChange={(e) =>
                          set.mutate({
                            ...{ pattern: p.name, projectId: place.id, on: e.target.checked },
                            reason: e.target.checked ? 'Counts again' : 'Switched off in the settings',
                          })
                        }
                      />
                      {plain(place.name)}
                    </label>
                  </li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
      <p className="m">
        They stand in <code>companies/_shared/safety.yaml</code>, in three languages;{' '}
        <code>npx alai validate</code> checks them.
      </p>
    </section>
  );
}
