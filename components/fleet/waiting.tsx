import Link from 'next/link';
import { startText } from '#server/domain/lane-eta.ts';
import type { FleetHostView, LaneTaskView } from '#server/domain/views/fleet.ts';
import { span } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { Age, useNow } from '../ui/time.tsx';

const timeSays = (t: LaneTaskView, label: string, now: number): string => {
  const ready = `Ready to be taken for ${span(now - t.waitingSince.getTime())}`;
  const moved = t.hereSince.getTime() - t.waitingSince.getTime() > 1_000;
  const here = moved ? `, with ${plain(label)} for ${span(now - t.hereSince.getTime())}` : '';
  return `${ready}${here}. ${t.etaMs === null ? 'No history to say when it starts.' : 'When it starts, by how long such work took before.'}`;
};

/** What waits for a host, in the order in which it will be taken, each with why and when. */
export function Waiting({ host: h }: { host: FleetHostView }) {
  const now = useNow(60_000);
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
                  <span className="n m waiting-eta" title={timeSays(t, h.label, now)}>
                    <Age since={t.waitingSince} />
                    {t.etaMs === null ? '' : ` · ${startText(t.etaMs)}`}
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
