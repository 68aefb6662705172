'use client';
import { Dialog } from 'radix-ui';
import { type FormEvent, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { plural } from '../ui/format.ts';

const WORD = 'stop';

interface KillDialogProps {
  running: number;
  onClose: () => void;
  onYes: (reason: string) => void;
}

/** The kill switch, behind a word that is typed: no click that slips ends every agent. */
export function KillDialog({ running, onClose, onYes }: KillDialogProps) {
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const sure = typed.trim().toLowerCase() === WORD;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (sure) onYes(reason.trim());
  };
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? null : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="palette-veil" />
        <Dialog.Content className="dialog float">
          <form onSubmit={submit} className="flex flex-col gap-3 p-4">
            <Dialog.Title>Stop the whole factory?</Dialog.Title>
            <Dialog.Description className="text-muted">
              {running > 0
                ? `${plural(running, 'attempt')} ${running === 1 ? 'ends' : 'end'} within seconds, with every process of an agent. The work so far is kept, and no retry is burnt.`
                : 'Nothing runs now.'}{' '}
              Nothing starts on any host until somebody resumes the factory.
            </Dialog.Description>
            <label className="flex flex-col gap-1">
              <span className="m">
                Type <b>{WORD}</b> to be sure
              </span>
              <input
                className="field"
                value={typed}
                autoComplete="off"
                autoCapitalize="none"
                onChange={(e) => setTyped(e.target.value)}
              />
            </label>
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
                Let it run
              </Button>
              <Button type="submit" kind="danger" disabled={!sure}>
                Stop the factory
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
