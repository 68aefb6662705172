'use client';
import { useState } from 'react';
import type { Answer, EscalationKind } from '#server/domain/views/queue.ts';
import { Refused, send, type Told, type WireRefusal } from './wire.ts';

export interface Given {
  id: number;
  kind: EscalationKind;
  taskId: number | null;
  answer: Answer;
  /** By the server's clock; null while it is still on its way. */
  until: number | null;
}

/** Answers and takes back. An answer is shown as given at once, and put back with the server's words when it is refused. */
export function useAnswer(refresh: () => Promise<void>) {
  const [given, setGiven] = useState<Given | null>(null);
  const [refused, setRefused] = useState<{ id: number; refusal: WireRefusal } | null>(null);
  const [undoing, setUndoing] = useState(false);
  /** Answered here, and the server's list may not know yet. */
  const [hidden, setHidden] = useState<number | null>(null);

  const refuse = (id: number, e: unknown) =>
    setRefused({
      id,
      refusal:
        e instanceof Refused
          ? e.refusal
          : { code: 'INTERNAL', message: 'The page failed to send it.', hint: '' },
    });

  return {
    given,
    refused,
    undoing,
    hidden,
    clear: () => setRefused(null),
    give: async (
      card: { id: number; kind: EscalationKind; taskId: number | null; digest: string },
      answer: Answer,
      note: string,
    ) => {
      setRefused(null);
      setHidden(card.id);
      setGiven({ id: card.id, kind: card.kind, taskId: card.taskId, answer, until: null });
      try {
        const { effectiveAt } = await send<Told<{ effectiveAt: Date }>>('queue.decide', {
          id: card.id,
          answer,
          note,
          digest: card.digest,
        });
        setGiven({
          id: card.id,
          kind: card.kind,
          taskId: card.taskId,
          answer,
          until: Date.parse(effectiveAt),
        });
      } catch (e) {
        setGiven(null);
        refuse(card.id, e);
      }
      await refresh();
      setHidden(null);
    },
    undo: async (id: number) => {
      setUndoing(true);
      try {
        await send('queue.undo', { id });
        setGiven(null);
      } catch (e) {
        setGiven(null);
        refuse(id, e);
      }
      await refresh();
      setUndoing(false);
    },
  };
}
