'use client';
import Link from 'next/link';
import { sameModel } from '#server/domain/host.ts';
import type { FleetHostView, SlotView } from '#server/domain/views/fleet.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Age } from '../ui/time.tsx';
import { companyName } from '../ui/words.ts';

function Busy({ slot: s, loading }: { slot: SlotView; loading: boolean }) {
  const quiet = s.unheard || s.suspicious;
  return (
    <Link
      className={`slot busy ${quiet ? 'stale hatched' : 'running'}`}
      href={`/tasks/${s.taskId}`}
      prefetch={false}
    >
      <span className="slot-title">
        <span className="n">#{s.taskId}</span> <span className="cut">{plain(s.title)}</span>
      </span>
      <span className="m cut">
        {[s.stage, companyName(s.company), plain(s.model)].filter(Boolean).join(' · ')}
      </span>
      <span className="slot-age">
        <Mark shape={quiet ? 'stale' : 'running'} />
        <b>
          {s.unheard ? 'Not heard from for' : s.suspicious ? 'Silent' : loading ? 'Loads the model' : 'Runs'}{' '}
          <Age since={s.unheard ? s.heardAt : s.suspicious ? s.progressAt : s.startedAt} />
        </b>
        {s.unheard ? null : (
          <span>
            · lease <Age since={s.heardAt} /> old
          </span>
        )}
      </span>
    </Link>
  );
}

/** The slots of a host in a row, each with the attempt in it. */
export function Slots({ host: h }: { host: FleetHostView }) {
  const slots = Array.from({ length: Math.max(h.slots, ...h.running.map((r) => r.slot)) }, (_, i) => i + 1);
  return (
    <div className="slots-part">
      <h3 className="label">
        Slots <span className="n end">{`${h.running.length} of ${h.slots}`}</span>
      </h3>
      <ol className="slots">
        {slots.map((n) => {
          const busy = h.running.find((r) => r.slot === n);
          const loading =
            busy !== undefined &&
            h.probe?.reachable === true &&
            !h.models.some((m) => m.loaded && sameModel(m.name, busy.model));
          return (
            <li key={n} className={busy ? undefined : 'is-free'}>
              {busy ? (
                <Busy slot={busy} loading={loading} />
              ) : (
                <span className="slot free">
                  Slot {n} {h.state === 'live' ? 'is free' : 'takes nothing'}
                </span>
              )}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
