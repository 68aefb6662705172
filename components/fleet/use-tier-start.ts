import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';

interface Start {
  kind: string;
  insteadOf: number;
  tier: number | null;
  because?: string;
  /** Also where no host can serve it now. */
  force?: boolean;
}

/** Lets a kind of work begin on another tier, or where it did before; what was done can be taken back at once. */
export function useTierStart() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const begin = useMutation(
    trpc.tiers.begin.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.tiers.pathKey() }),
      onError: (e, s) => {
        const { code, message, hint } = refusalOf(e);
        // It could be served when the page was read: the choice is asked for here, instead of lost.
        if (code === 'TIER_UNSERVED')
          toast.error(message, {
            action: { label: 'Begin there anyway', onClick: () => begin.mutate({ ...s, force: true }) },
          });
        else toast.error(message, { description: hint });
      },
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
