'use client';
import { sizeText } from '#server/domain/host.ts';
import type { FleetHostView, HostModelView } from '#server/domain/views/fleet.ts';
import { AskDialog } from '../ui/ask-dialog.tsx';
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
    <AskDialog
      title={`Remove ${plain(m.name)} from ${plain(h.label)}?`}
      says={
        used
          ? 'It is at work. Wait until that is done, or drain the host first.'
          : `${m.bytes ? `Frees ${sizeText(m.bytes)} of disk.` : 'Frees its place on the disk.'}${needs} To have it again it must be pulled again.`
      }
      leave="Keep it"
      yes={`Remove ${plain(m.name)}`}
      danger
      ready={!used}
      onClose={onClose}
      onYes={onYes}
    />
  );
}
