'use client';
import { Dialog } from 'radix-ui';
import { type FormEvent, useState } from 'react';
import { consequenceOf, DRAIN_MINUTES, type HostAct } from '#server/domain/host.ts';
import type { FleetHostView } from '#server/domain/views/fleet.ts';
import { Button } from '../ui/button.tsx';
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
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (good) onYes({ reason: reason.trim(), minutes: act === 'drain' ? within : DRAIN_MINUTES });
  };
  const facts = {
    label: h.label,
    running: h.running.length,
    queued: h.queued,
    standBy: h.standBy?.toUpperCase() ?? null,
  };
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? null : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="palette-veil" />
        <Dialog.Content className="dialog float">
          <form onSubmit={submit} className="flex flex-col gap-3 p-4">
            <Dialog.Title>
              {face.name} {plain(h.label)}?
            </Dialog.Title>
            <Dialog.Description className="text-muted">
              {plain(consequenceOf(act, facts, good ? within : DRAIN_MINUTES))}
            </Dialog.Description>
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
            <input
              className="field"
              aria-label="Reason"
              placeholder="Why, for the history"
              value={reason}
              maxLength={2_000}
              onChange={(e) => setReason(e.target.value)}
            />
            <div className="flex justify-end gap-2">
              <Button hint="Esc" onClick={onClose}>
                Leave it
              </Button>
              <Button type="submit" kind="primary" disabled={!good}>
                {face.yes} {plain(h.label)}
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
