'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { toast } from 'sonner';
import type { Answer, QueueView } from '#server/domain/views.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';

/** Answers and undoes. The list changes at once; when the server refuses, it is put back and the refusal is said. */
export function useDecide() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const listKey = trpc.queue.list.queryKey();
  const settle = () => {
    void queries.invalidateQueries({ queryKey: [['queue']] });
    void queries.invalidateQueries({ queryKey: [['strip']] });
  };
  const answer = useMutation(
    trpc.queue.decide.mutationOptions({
      onMutate: async ({ id, answer: given, note }: { id: number; answer: Answer; note?: string }) => {
        await queries.cancelQueries({ queryKey: listKey });
        const before = queries.getQueryData<QueueView>(listKey);
        const item = before?.open.find((i) => i.id === id);
        if (before && item) {
          const effectiveAt = new Date(Date.now() + 10_000);
          const pending = { answer: given, by: 'you', effectiveAt, note: note ?? '' };
          queries.setQueryData<QueueView>(listKey, {
            ...before,
            open: before.open.filter((i) => i.id !== id),
            total: before.total - 1,
            answered: [{ ...item, state: 'PENDING', pending }, ...before.answered],
          });
        }
        return { before };
      },
      onError: (_e, _input, context) => {
        if (context?.before) queries.setQueryData(listKey, context.before);
      },
      onSettled: settle,
    }),
  );
  const undo = useMutation(
    trpc.queue.undo.mutationOptions({
      onSuccess: () => toast('Taken back', { description: 'It waits for you again.' }),
      onError: (e) => {
        const said = refusalOf(e);
        toast.error(said.message, { description: said.hint });
      },
      onSettled: settle,
    }),
  );
  // The bar to undo stands there at once, so it may be pressed before the answer has reached the server.
  const sent = useRef(new Map<number, Promise<boolean>>());
  return {
    busy: answer.isPending,
    undoing: undo.isPending,
    /** Sends an answer; calls back when it is taken or refused. */
    give: (
      input: { id: number; answer: Answer; note: string; digest: string },
      then: { taken: () => void; refused: (e: unknown) => void },
    ) => {
      const landed = answer.mutateAsync(input).then(
        () => {
          then.taken();
          return true;
        },
        (e: unknown) => {
          then.refused(e);
          return false;
        },
      );
      sent.current.set(input.id, landed);
    },
    /** Takes an answer back, after it has landed: before that there is nothing to take back. */
    takeBack: async (id: number) => {
      if ((await sent.current.get(id)) !== false) undo.mutate({ id });
    },
  };
}
