'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { toast } from 'sonner';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';

const day = (at: Date) => at.toISOString().slice(0, 10);

/** What of a task was discarded or left unfinished, while it can still be had. */
export function InTheBin({ taskId }: { taskId: number }) {
  const trpc = useTRPC();
  const bin = useQuery(trpc.integration.bin.queryOptions(undefined, { refetchInterval: 30_000 }));
  const restore = useMutation(
    trpc.integration.restore.mutationOptions({
      onSuccess: (made) =>
        toast(`Restored as ${made.branch}`, {
          description: made.folder ? `In ${made.folder}` : 'In the repository of the factory',
        }),
      onError: (e) => {
        const said = refusalOf(e);
        toast.error(said.message, { description: said.hint });
      },
    }),
  );
  const own = bin.data?.filter((e) => e.taskId === taskId) ?? [];
  if (own.length === 0) return <span className="text-muted">Nothing</span>;
  return own.map((e) => (
    <span key={e.key} className="flex flex-wrap items-center gap-2">
      <span>
        <span className="n">{e.sha.slice(0, 7)}</span> until {day(e.until)}
      </span>
      <Button small disabled={restore.isPending} onClick={() => restore.mutate({ key: e.key })}>
        Restore
      </Button>
    </span>
  ));
}
