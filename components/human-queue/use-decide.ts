'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { toast } from 'sonner';
import type { Answer, QueueView } from '#server/domain/views/queue.ts';
import { refusalOf, type ShownRefusal } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { plural } from '../ui/format.ts';

export interface Given {
  id: number;
  digest: string;
}
export interface Refused {
  id: number;
  refusal: ShownRefusal;
}

/** Answers, undoes and gives away. The list changes at once; when the server refuses, it is put back and the refusal is said. */
export function useDecide() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const lists = { queryKey: trpc.queue.list.pathKey() };
  const settle = () => {
    void queries.invalidateQueries({ queryKey: [['queue']] });
    void queries.invalidateQueries({ queryKey: [['strip']] });
  };
  /** Shows the answers before the server has said anything; returns what puts them back. */
  const pretend = async (ids: number[], answer: Answer, note: string) => {
    await queries.cancelQueries(lists);
    const before = queries.getQueriesData<QueueView>(lists);
    const effectiveAt = new Date(Date.now() + 10_000);
    queries.setQueriesData<QueueView>(lists, (view) => {
      if (!view) return view;
      const items = view.open.filter((i) => ids.includes(i.id));
      return {
        open: view.open.filter((i) => !ids.includes(i.id)),
        answered: [
          ...items.map((i) => ({
            ...i,
            state: 'PENDING' as const,
            pending: { answer, by: 'you', effectiveAt, note },
          })),
          ...view.answered,
        ],
        total: view.total - items.length,
      };
    });
    return () => {
      for (const [key, data] of before) queries.setQueryData(key, data);
    };
  };
  const answer = useMutation(trpc.queue.decide.mutationOptions({ onSettled: settle }));
  const several = useMutation(trpc.queue.decideMany.mutationOptions({ onSettled: settle }));
  const said = (e: unknown) => toast.error(refusalOf(e).message, { description: refusalOf(e).hint });
  const undo = useMutation(trpc.queue.undo.mutationOptions({ onSettled: settle, onError: said }));
  const assign = useMutation(trpc.queue.assign.mutationOptions({ onSettled: settle, onError: said }));

  // The bar to undo stands there at once, so it may be pressed before the answer has reached the server.
  const sent = useRef(new Map<number, Promise<boolean>>());
  return {
    busy: answer.isPending || several.isPending,
    undoing: undo.isPending,
    /** Sends one answer to one or several questions; calls back with those that were refused. */
    give: async (items: Given[], to: Answer, note: string, then: (refused: Refused[]) => void) => {
      const ids = items.map((i) => i.id);
      const [only] = items;
      const putBack = await pretend(ids, to, note);
      const refusals: Promise<Refused[]> =
        items.length === 1 && only
          ? answer.mutateAsync({ ...only, answer: to, note }).then(
              () => [],
              (e: unknown) => [{ id: only.id, refusal: refusalOf(e) }],
            )
          : several.mutateAsync({ items, answer: to, note }).then(
              (results) =>
                results.flatMap((r) => (r.refusal ? [{ id: r.id, refusal: r.refusal as ShownRefusal }] : [])),
              (e: unknown) => ids.map((id) => ({ id, refusal: refusalOf(e) })),
            );
      const taken = (id: number) => refusals.then((r) => !r.some((x) => x.id === id));
      for (const id of ids) sent.current.set(id, taken(id));
      const refused = await refusals;
      if (refused.length === ids.length) putBack();
      if (refused.length > 0 && items.length > 1)
        toast.error(`${plural(refused.length, 'answer')} of ${items.length} refused`, {
          description: refused[0]?.refusal.message,
        });
      then(refused);
    },
    /** Takes answers back, after they have landed: before that there is nothing to take back. */
    takeBack: async (ids: number[]) => {
      const landed = await Promise.all(ids.map(async (id) => (await sent.current.get(id)) !== false));
      const done = await Promise.allSettled(
        ids.filter((_, i) => landed[i]).map((id) => undo.mutateAsync({ id })),
      );
      const back = done.filter((d) => d.status === 'fulfilled').length;
      if (back > 0)
        toast('Taken back', {
          description: back === 1 ? 'It waits for you again.' : `${back} wait for you again.`,
        });
    },
    assign: (ids: number[], to: { id: string; name: string } | null) => {
      queries.setQueriesData<QueueView>(lists, (view) =>
        view
          ? { ...view, open: view.open.map((i) => (ids.includes(i.id) ? { ...i, assigned: to } : i)) }
          : view,
      );
      for (const id of ids) assign.mutate({ id, to: to?.id ?? null });
      toast(to ? `Given to ${to.name}` : 'Given to nobody in particular', {
        description: 'Anybody who may decide still can.',
      });
    },
  };
}
