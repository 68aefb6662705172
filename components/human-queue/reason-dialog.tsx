'use client';
import { Dialog } from 'radix-ui';
import { type FormEvent, useRef, useState } from 'react';
import type { CaseView } from '#server/domain/views/question.ts';
import type { Answer } from '#server/domain/views/queue.ts';
import { Button } from '../ui/button.tsx';
import { plural } from '../ui/format.ts';
import { plain } from '../ui/plain.ts';
import { LONGEST_REASON, Reason } from './reason.tsx';
import { together } from './together.ts';
import { wordsFor } from './words.ts';

interface ReasonDialogProps {
  views: CaseView[];
  answer: Answer;
  onGive: (note: string) => void;
  onClose: () => void;
}

/** A question that was dropped on an answer that needs a reason: says once more what it does, and asks why. */
export function ReasonDialog({ views, answer, onGive, onClose }: ReasonDialogProps) {
  const [note, setNote] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const all = together(views);
  const { name } = wordsFor(views[0]?.kind, answer);
  const give = () => {
    if (note.trim() && note.length <= LONGEST_REASON) onGive(note.trim());
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    give();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? null : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="palette-veil" />
        <Dialog.Content
          className="dialog float"
          onOpenAutoFocus={(e) => {
            e.preventDefault();
            field.current?.focus();
          }}
        >
          <form onSubmit={submit} className="flex flex-col gap-3 p-4">
            <Dialog.Title>
              {name} {views.length > 1 ? plural(views.length, 'question') : plain(views[0]?.title ?? '')}
            </Dialog.Title>
            <Dialog.Description className="text-muted">
              {plain(all.consequences[answer] ?? '')}
            </Dialog.Description>
            <Reason
              id="drop-reason"
              ref={field}
              kind={views[0]?.kind ?? 'batch'}
              label="Why"
              note={note}
              onNote={setNote}
              suggested={all.suggestedReasons}
              invalid={false}
              onEnter={give}
              status="The next agent reads it."
            />
            <div className="flex justify-end gap-2">
              <Button hint="Esc" onClick={onClose}>
                Leave it
              </Button>
              <Button type="submit" kind="primary" disabled={!note.trim() || note.length > LONGEST_REASON}>
                {name}
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
