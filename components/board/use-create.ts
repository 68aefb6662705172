'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { toast } from 'sonner';
import { stages } from '#server/domain/status.ts';
import type { Board, BoardCard } from '#server/domain/views/board.ts';
import type { CreateTasks } from '#server/domain/views/new-task.ts';
import { refusalOf, type ShownRefusal } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { plural } from '../ui/format.ts';

/** A card that stands in the Inbox until the server has answered. */
function promised(title: string, i: number): BoardCard {
  return {
    key: `new-${i}`,
    taskId: -1 - i,
    liveTaskId: -1 - i,
    chainId: null,
    pipelineId: null,
    title,
    column: 'inbox',
    status: { look: 'none', word: 'Saving', since: null, heardAt: null },
    company: null,
    tier: null,
    host: null,
    priority: 'M',
    tags: [],
    projectId: null,
    projectName: null,
    dots: stages.map((stage) => ({ stage, look: 'none', taskId: null })),
    costEur: 0,
    tokens: 0,
    waits: 'Being saved',
    escalationId: null,
    scripted: false,
    updatedAt: new Date(),
  };
}

/**
 * Saves what the composer holds: the cards stand on the board at once, and when the server refuses they go again and
 * the refusal is said. The key makes a second press of the same composition the same request.
 */
export function useCreate() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [key] = useState(() => `web-${crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`}`);
  const [tries, setTries] = useState(0);
  const [refusal, setRefusal] = useState<ShownRefusal | null>(null);
  const forget = useCallback(() => setRefusal(null), []);
  const boardKey = trpc.board.get.queryKey({ projectId: null });
  const mutation = useMutation(
    trpc.tasks.create.mutationOptions({
      onMutate: async (request: CreateTasks | { tasks: { title: string }[] }) => {
        await queries.cancelQueries({ queryKey: boardKey });
        const before = queries.getQueryData<Board>(boardKey);
        if (before)
          queries.setQueryData<Board>(boardKey, {
            ...before,
            cards: [...request.tasks.map((t, i) => promised(t.title, i)), ...before.cards],
          });
        return { before };
      },
      onError: (_e, _request, context) => {
        if (context?.before) queries.setQueryData(boardKey, context.before);
      },
      onSettled: () => void queries.invalidateQueries({ queryKey: boardKey }),
    }),
  );
  return {
    isPending: mutation.isPending,
    refusal,
    /** Drops what was refused, because it is no longer what is asked. */
    forget,
    key: `${key}-${tries}`,
    /** True when saved. */
    run: async (request: CreateTasks): Promise<boolean> => {
      setRefusal(null);
      try {
        const made = await mutation.mutateAsync(request);
        const [first] = made.taskIds;
        toast(plural(made.taskIds.length, 'task added', 'tasks added'), {
          description:
            made.taskIds.length > 1 ? `#${first} to #${made.taskIds[made.taskIds.length - 1]}` : `#${first}`,
        });
        return true;
      } catch (e) {
        const said = refusalOf(e);
        setRefusal(said);
        // Refused, so the corrected request is another one. Unreachable: the same one may have been saved.
        if (said.code !== 'UNREACHABLE') setTries((n) => n + 1);
        return false;
      }
    },
  };
}
