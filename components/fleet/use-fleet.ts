'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';

/** The fleet. Events tell of acts and attempts; downloads and memory change without one, so it is asked again too. */
export function useFleet() {
  const trpc = useTRPC();
  return useQuery(
    trpc.fleet.get.queryOptions(undefined, {
      refetchInterval: (query) =>
        query.state.data?.hosts.some((h) => h.jobs.some((j) => j.endedAt === null)) ? 1_000 : 5_000,
    }),
  );
}

/** What can be done to hosts and models; each refusal is said with what to do about it. */
export function useActs() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const told = {
    onSuccess: () => queries.invalidateQueries(trpc.fleet.get.queryFilter()),
    onError: (e: unknown) => {
      const refusal = refusalOf(e as never);
      toast.error(refusal.message, { description: refusal.hint });
    },
  };
  return {
    steer: useMutation(trpc.factory.steer.mutationOptions(told)),
    kill: useMutation(trpc.factory.stop.mutationOptions(told)),
    pull: useMutation(trpc.fleet.pull.mutationOptions(told)),
    remove: useMutation(trpc.fleet.remove.mutationOptions(told)),
    cancel: useMutation(trpc.fleet.cancel.mutationOptions(told)),
  };
}
export type FleetActs = ReturnType<typeof useActs>;
