'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { type MergeMode, mergeModes } from '#server/domain/merge.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';

const words: Record<MergeMode, string> = {
  'merge-commit': 'Merge commit',
  'fast-forward': 'Fast-forward',
  branch: 'Branch for a pull request',
};

/** How accepted work of the project meets its branch; a change holds from the next merge on. */
export function MergeChoice({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const projects = useQuery(trpc.projects.list.queryOptions(undefined, { staleTime: 60_000 }));
  const set = useMutation(
    trpc.projects.set.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.projects.list.queryKey() }),
      onError: (e) => {
        const said = refusalOf(e);
        toast.error(said.message, { description: said.hint });
      },
    }),
  );
  const project = projects.data?.find((p) => p.id === projectId);
  if (!project) return null;
  return (
    <label className="m mt-1 flex flex-wrap items-center gap-x-2 whitespace-nowrap">
      Merges by
      <select
        className="field small min-w-[120px] flex-1"
        value={set.isPending ? set.variables.merge : project.merge}
        onChange={(e) => set.mutate({ id: projectId, merge: e.target.value as MergeMode })}
      >
        {mergeModes.map((m) => (
          <option key={m} value={m}>
            {words[m]}
          </option>
        ))}
      </select>
    </label>
  );
}
