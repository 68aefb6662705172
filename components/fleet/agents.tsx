import type { FleetHostView } from '#server/domain/views/fleet.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { useNow } from '../ui/time.tsx';
import { breakerText } from './words.ts';

/** The coding agents that are installed on a host, and why one of them cannot be used; nothing where there are none. */
export function Agents({ host: h }: { host: FleetHostView }) {
  const now = useNow();
  const installed = h.agents.filter((a) => a.version !== null);
  if (installed.length === 0) return null;
  return (
    <div className="agents-part">
      <h3 className="label">Agents</h3>
      <ul className="fleet-agents">
        {installed.map((a) => {
          const left = a.usable ? breakerText(a.breaker, now) : '';
          const why = left || (a.usable ? '' : a.reason);
          return (
            <li key={a.name}>
              {left ? (
                <Mark shape="failed" label="Left alone" />
              ) : (
                <Mark shape={a.usable ? 'done' : 'none'} label={a.usable ? 'Usable' : 'Not usable'} />
              )}
              <span className="n">
                {plain(a.name)} {plain(a.version ?? '')}
              </span>
              {why ? <span className="m">{plain(why)}</span> : null}
            </li>
          );
        })}
      </ul>
      <p className="m">In a sandbox they reach their model and nothing else, and their key stays outside.</p>
    </div>
  );
}
