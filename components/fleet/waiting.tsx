import Link from 'next/link';
import { startText } from '#server/domain/lane-eta.ts';
import type { FleetHostView } from '#server/domain/views/fleet.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';

/** What waits for a host, in the order in which it will be taken, each with why and when. */
export function Waiting({ host: h }: { host: FleetHostView }) {
  return (
    <div className="waiting-part">
      <h3 className="label">
        Waiting <span className="n end">{h.queued}</span>
      </h3>
      {h.waiting.length === 0 ? (
        <p className="m part-empty">Nothing waits for {plain(h.label)}.</p>
      ) : (
        <Scroll label={`Waiting for ${h.label}`} className="waiting">
          <ol>
            {h.waiting.map((t) => (
              <li key={t.taskId}>
                <Link href={`/tasks/${t.taskId}`} prefetch={false}>
                  <Mark shape="queued" />
                  <span className="n m">#{t.taskId}</span>
                  <span className="cut waiting-title">{plain(t.title)}</span>
                  <span className="m cut waiting-why">{plain(t.why)}</span>
                  <span
                    className="n m waiting-eta"
                    title={t.etaMs === null ? 'No history to say when' : 'By how long such work took before'}
                  >
                    {startText(t.etaMs)}
                  </span>
                </Link>
              </li>
            ))}
            {h.queued > h.waiting.length ? (
              <li className="m more">and {h.queued - h.waiting.length} more</li>
            ) : null}
          </ol>
        </Scroll>
      )}
    </div>
  );
}
