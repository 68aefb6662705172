'use client';
import { useState } from 'react';
import { AskDialog, ReasonField } from '../ui/ask-dialog.tsx';
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
  return (
    <AskDialog
      title="Stop the whole factory?"
      says={
        <>
          {' '}
          {running > 0
            ? `${plural(running, 'attempt')} ${running === 1 ? 'ends' : 'end'} within seconds, with every process of an agent. The work so far is kept, and no retry is burnt.`
            : 'Nothing runs now.'}{' '}
          Nothing starts on any host until somebody resumes the factory.
        </>
      }
      leave="Let it run"
      yes="Stop the factory"
      danger
      ready={sure}
      onClose={onClose}
      onYes={() => onYes(reason.trim())}
    >
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
      <ReasonField reason={reason} onReason={setReason} />
    </AskDialog>
  );
}
