'use client';
import { useRef, useState } from 'react';
import type { CaseView } from '#server/domain/views/question.ts';
import type { Answer } from '#server/domain/views/queue.ts';
import { AskDialog } from '../ui/ask-dialog.tsx';
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
  const good = note.trim() !== '' && note.length <= LONGEST_REASON;
  const give = () => {
    if (good) onGive(note.trim());
  };
  return (
    <AskDialog
      title={`${name} ${views.length > 1 ? plural(views.length, 'question') : plain(views[0]?.title ?? '')}`}
      says={plain(all.consequences[answer] ?? '')}
      leave="Leave it"
      yes={name}
      ready={good}
      focus={field}
      onClose={onClose}
      onYes={give}
    >
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
    </AskDialog>
  );
}
