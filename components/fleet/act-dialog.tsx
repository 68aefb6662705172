'use client';
import { useState } from 'react';
import { consequenceOf, DRAIN_MINUTES, type HostAct } from '#server/domain/host.ts';
import type { FleetHostView } from '#server/domain/views/fleet.ts';
import { AskDialog, ReasonField } from '../ui/ask-dialog.tsx';
import { plain } from '../ui/plain.ts';
import { acts } from './words.ts';

interface ActDialogProps {
  act: HostAct;
  host: FleetHostView;
  onClose: () => void;
  onYes: (given: { reason: string; minutes: number }) => void;
}

/** Says what an act on a host will do, and asks why. */
export function ActDialog({ act, host: h, onClose, onYes }: ActDialogProps) {
  const [reason, setReason] = useState('');
  const [minutes, setMinutes] = useState(String(DRAIN_MINUTES));
  const face = acts[act];
  const within = Number(minutes);
  const good = act !== 'drain' || (Number.isInteger(within) && within >= 0 && within <= 1_440);
  const facts = {
    label: h.label,
    running: h.running.length,
    queued: h.queued,
    standBy: h.standBy?.toUpperCase() ?? null,
  };
  return (
    <AskDialog
      title={`${face.name} ${plain(h.label)}?`}
      says={plain(consequenceOf(act, facts, good ? within : DRAIN_MINUTES))}
      leave="Leave it"
      yes={`${face.yes} ${plain(h.label)}`}
      ready={good}
      onClose={onClose}
      onYes={() => onYes({ reason: reason.trim(), minutes: act === 'drain' ? within : DRAIN_MINUTES })}
    >
      {act === 'drain' ? (
        <label className="flex items-center gap-2">
          <span className="m">Minutes it may take</span>
          <input
            className="field small"
            style={{ width: 80 }}
            inputMode="numeric"
            value={minutes}
            onChange={(e) => setMinutes(e.target.value)}
          />
        </label>
      ) : null}
      <ReasonField reason={reason} onReason={setReason} />
    </AskDialog>
  );
}
