import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';

interface Start {
  kind: string;
  insteadOf: number;
  tier: number | null;
  because?: string;
}

/** Lets a kind of work begin on another tier, or where it did before; what was done can be taken back at once. */
export function useTierStart() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const begin = useMutation(
    trpc.tiers.begin.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.tiers.pathKey() }),
      onError: (e) => toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    }),
  );
  const start = (s: Start) =>
    begin.mutate(s, {
      onSuccess: () =>
        toast(`${s.kind} begins on tier ${s.tier ?? s.insteadOf} from the next task on`, {
          ...(s.tier === null
            ? {}
            : { action: { label: 'Undo', onClick: () => begin.mutate({ ...s, tier: null }) } }),
        }),
    });
  return { begin, start };
}
