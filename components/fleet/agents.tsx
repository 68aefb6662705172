import type { FleetHostView } from '#server/domain/views/fleet.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';

/** The coding agents that are installed on a host, and why one of them cannot be used; nothing where there are none. */
export function Agents({ host: h }: { host: FleetHostView }) {
  const installed = h.agents.filter((a) => a.version !== null);
  if (installed.length === 0) return null;
  return (
    <div className="agents-part">
      <h3 className="label">Agents</h3>
      <ul className="fleet-agents">
        {installed.map((a) => (
          <li key={a.name}>
            <Mark shape={a.usable ? 'done' : 'none'} label={a.usable ? 'Usable' : 'Not usable'} />
            <span className="n">
              {plain(a.name)} {plain(a.version ?? '')}
            </span>
            {a.usable ? null : <span className="m">{plain(a.reason)}</span>}
          </li>
        ))}
      </ul>
      <p className="m">In a sandbox they reach their model and nothing else, and their key stays outside.</p>
    </div>
  );
}
