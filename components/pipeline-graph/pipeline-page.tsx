'use client';
import { useQuery } from '@tanstack/react-query';
import { useTitle } from '../frame/frame.tsx';
import { whileRunning } from '../live/leases.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Room } from './room.tsx';

/** The live DAG of one request, with an inspector. */
export function PipelinePage({ id }: { id: number }) {
  const trpc = useTRPC();
  const pipeline = useQuery(
    trpc.pipelines.get.queryOptions(
      { id },
      { refetchInterval: (q) => whileRunning(q.state.data?.nodes.map((n) => n.status.look)) },
    ),
  );
  useTitle('Pipelines', pipeline.data?.projectName ?? `#${id}`);
  if (pipeline.data) return <Room live={pipeline.data} />;
  if (pipeline.error)
    return <Failure error={refusalOf(pipeline.error)} retry={() => void pipeline.refetch()} />;
  return (
    <div className="pipeline-view" aria-busy="true">
      <div className="pipeline-stage">
        <div className="bar">
          <Skeleton className="h-5 w-64" />
        </div>
        <span className="dag-tools" />
        <span />
        <div className="grid grid-cols-5 content-start gap-4 p-6">
          {Array.from({ length: 15 }, (_, i) => (
            <Skeleton key={String(i)} className="h-12" />
          ))}
        </div>
      </div>
      <aside className="inspector max-[1100px]:hidden" />
    </div>
  );
}
