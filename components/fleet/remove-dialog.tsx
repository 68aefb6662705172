'use client';
import { Dialog } from 'radix-ui';
import { sizeText } from '#server/domain/host.ts';
import type { FleetHostView, HostModelView } from '#server/domain/views/fleet.ts';
import { Button } from '../ui/button.tsx';
import { plain } from '../ui/plain.ts';

interface RemoveDialogProps {
  host: FleetHostView;
  model: HostModelView;
  onClose: () => void;
  onYes: () => void;
}

/** Says what a removal frees and who needs the model, before it is done. */
export function RemoveDialog({ host: h, model: m, onClose, onYes }: RemoveDialogProps) {
  const used = m.running > 0;
  const needs =
    m.neededBy.length > 0
      ? ` It is needed by ${m.neededBy.join(' and ')}: work of it is then given to another model or host, or waits.`
      : ' No tier needs it.';
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? null : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="palette-veil" />
        <Dialog.Content className="dialog float">
          <div className="flex flex-col gap-3 p-4">
            <Dialog.Title>
              Remove {plain(m.name)} from {plain(h.label)}?
            </Dialog.Title>
            <Dialog.Description className="text-muted">
              {used
                ? 'It is at work. Wait until that is done, or drain the host first.'
                : `${m.bytes ? `Frees ${sizeText(m.bytes)} of disk.` : 'Frees its place on the disk.'}${needs} To have it again it must be pulled again.`}
            </Dialog.Description>
            <div className="flex justify-end gap-2">
              <Button hint="Esc" onClick={onClose}>
                Keep it
              </Button>
              <Button kind="danger" onClick={onYes} disabled={used}>
                Remove {plain(m.name)}
              </Button>
            </div>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
