'use client';
import { useState } from 'react';
import { actsOf, type HostAct } from '#server/domain/host.ts';
import type { FleetHostView } from '#server/domain/views/fleet.ts';
import { useCommands } from '../frame/commands.ts';
import { Button, Tag } from '../ui/button.tsx';
import { Chip, Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Age, useNow } from '../ui/time.tsx';
import { ActDialog } from './act-dialog.tsx';
import { Agents } from './agents.tsx';
import { Memory } from './memory.tsx';
import { Models } from './models.tsx';
import { Slots } from './slots.tsx';
import type { FleetActs } from './use-fleet.ts';
import { Waiting } from './waiting.tsx';
import { acts as actWords, orderText, remedyOf, standing } from './words.ts';

const sandboxes: Record<FleetHostView['sandbox'], string> = {
  bubblewrap: 'bubblewrap',
  seatbelt: 'seatbelt',
  none: 'none: only the sample runs commands',
  unknown: 'not known yet',
};

interface HostProps {
  host: FleetHostView;
  version: string;
  acts: FleetActs;
  may: boolean;
}

/** One machine: its state and acts, memory, slots, models and queue. */
export function HostCard({ host: h, version, acts, may }: HostProps) {
  const [act, setAct] = useState<HostAct | null>(null);
  const now = useNow();
  const { shape, word } = standing(h);
  const order = orderText(h, now);
  const remedy = remedyOf(h);
  const can = may ? actsOf(h.order).filter((a) => a !== 'restart' || h.worker !== null) : [];
  useCommands(can.map((a) => ({ name: `${actWords[a].name} ${h.label}`, act: () => setAct(a) })));
  const stale = h.worker !== null && h.worker.version !== '' && h.worker.version !== version;
  return (
    <section className={`host float ${h.state}`} aria-label={h.label}>
      <header className="host-head">
        <h2>{plain(h.label)}</h2>
        <Chip shape={shape} word={word} pill />
        {h.scripted ? (
          <span title="Its model server is the rehearsal. No model is called.">
            <Tag>Scripted</Tag>
          </span>
        ) : null}
        <span className="host-acts">
          {can.map((a) => (
            <Button
              key={a}
              small
              kind={a === 'resume' ? 'primary' : 'plain'}
              onClick={() => setAct(a)}
              disabled={acts.steer.isPending || (a === 'resume' && !h.declared)}
              aria-label={`${actWords[a].name} ${h.label}`}
            >
              {actWords[a].name}
            </Button>
          ))}
        </span>
      </header>
      {order ? <p className="host-order">{plain(order)}</p> : null}
      {remedy ? (
        <p className="host-trouble">
          <Mark shape="failed" /> <span>{plain(remedy)}</span>
        </p>
      ) : null}
      {h.sandbox === 'none' ? (
        <p className="host-trouble warn">
          <Mark shape="yours" />{' '}
          <span>
            No sandbox: agents may not run commands here, except in the sample. On Linux install bubblewrap (
            <code>apt install bubblewrap</code>), then restart {plain(h.label)}.
          </span>
        </p>
      ) : null}
      <Slots host={h} />
      <Waiting host={h} />
      <Memory host={h} />
      <Models host={h} acts={acts} may={may} />
      <Agents host={h} />
      <footer className="host-foot">
        <span suppressHydrationWarning>
          {h.lastSeen ? (
            <>
              Heard <Age since={h.lastSeen} /> ago
            </>
          ) : (
            'Never heard'
          )}
        </span>
        {h.worker ? (
          <span className={stale ? 'old' : undefined}>
            worker {h.worker.version || 'of no known version'}
            {stale ? `, this is ${version}: restart it` : ''}, up <Age since={h.worker.startedAt} />
          </span>
        ) : null}
        {h.probe ? (
          <span>
            {h.probe.reachable
              ? `model server ${h.probe.version ?? ''}, ${h.probe.ms} ms`
              : 'model server does not answer'}
            {h.address ? ` at ${plain(h.address)}` : ''}
          </span>
        ) : null}
        <span>sandbox {sandboxes[h.sandbox]}</span>
        {h.standBy ? <span>stand-by {h.standBy.toUpperCase()}</span> : null}
      </footer>
      {act ? (
        <ActDialog
          act={act}
          host={h}
          onClose={() => setAct(null)}
          onYes={({ reason, minutes }) => {
            acts.steer.mutate({ host: h.name, act, seen: h.order, reason, minutes });
            setAct(null);
          }}
        />
      ) : null}
    </section>
  );
}
