import { sizeText } from '#server/domain/host.ts';
import type { FleetHostView } from '#server/domain/views/fleet.ts';
import { plain } from '../ui/plain.ts';
import { loadedBytes, memoryText } from './words.ts';

/** What lies in the memory of a host, as a bar with a piece for each loaded model and in words, and what its disk has left. */
export function Memory({ host: h }: { host: FleetHostView }) {
  const loaded = h.models.filter((m) => m.loaded);
  const whole = h.memoryGb === null ? loadedBytes(h) : h.memoryGb * 1e9;
  const part = (bytes: number) => `${Math.min(100, (bytes / Math.max(whole, 1)) * 100)}%`;
  return (
    <div className="memory">
      <p className="label">
        Memory <span className="n end">{memoryText(h)}</span>
      </p>
      <div className="memory-bar" aria-hidden="true">
        {loaded.map((m) => (
          <i
            key={m.name}
            className={m.running > 0 ? 'used' : ''}
            style={{ width: part(m.loaded?.bytes ?? 0) }}
            title={`${m.name}, ${sizeText(m.loaded?.bytes ?? 0)}`}
          />
        ))}
      </div>
      {loaded.length > 0 ? (
        <p className="m cut">
          {loaded.map((m) => `${plain(m.name)} ${sizeText(m.loaded?.bytes ?? 0)}`).join(' · ')}
        </p>
      ) : null}
      {h.disk ? (
        <p className="label">
          Disk{' '}
          <span className="n end">
            {sizeText(h.disk.free)} free of {sizeText(h.disk.total)}
          </span>
        </p>
      ) : null}
    </div>
  );
}
