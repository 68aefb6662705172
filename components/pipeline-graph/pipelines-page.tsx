'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import type { PipelineListItem } from '#server/domain/views/pipeline.ts';
import type { Look } from '#server/domain/views/status.ts';
import { useTitle } from '../frame/frame.tsx';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { money, plural } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';

const states: Record<PipelineListItem['state'], [Look, string]> = {
  OPEN: ['queued', 'Waits'],
  RUNNING: ['running', 'Running'],
  NEEDS_HUMAN: ['yours', 'Needs you'],
  DONE: ['done', 'Done'],
  FAILED: ['failed', 'Failed'],
  CANCELLED: ['cancelled', 'Cancelled'],
};
const shares: [keyof PipelineListItem['counts'], Look, string][] = [
  ['DONE', 'done', 'done'],
  ['RUNNING', 'running', 'running'],
  ['NEEDS_HUMAN', 'yours', 'need you'],
  ['FAILED', 'failed', 'failed'],
  ['QUEUED', 'queued', 'queued'],
];

function Row({ item }: { item: PipelineListItem }) {
  const [look, word] = states[item.state];
  const told = shares.filter(([s]) => (item.counts[s] ?? 0) > 0).map(([s, , w]) => `${item.counts[s]} ${w}`);
  return (
    <li>
      <Link href={`/pipelines/${item.id}`} prefetch={false}>
        <span className="n m">#{item.id}</span>
        <span className="cut">{item.title}</span>
        <Chip shape={look} word={word}>
          <span>
            · <Age since={item.finishedAt ?? item.createdAt} />
          </span>
        </Chip>
        <span className="m cut desk">
          {item.projectName ?? 'No project'} · {plural(item.chains, 'chain')}
        </span>
        <span className="bar-cell" title={told.join(', ')}>
          <span className="progress" role="img" aria-label={told.join(', ') || 'nothing started'}>
            {shares.map(([s, l]) => (
              <i
                key={s}
                className={l}
                style={{ width: `${((item.counts[s] ?? 0) / Math.max(1, item.tasks)) * 100}%` }}
              />
            ))}
          </span>
          <span className="n m">
            {item.counts.DONE ?? 0}/{item.tasks}
          </span>
        </span>
        <span className="n m cost">{item.scripted ? 'scripted' : money(item.costEur)}</span>
      </Link>
    </li>
  );
}

export function PipelinesPage() {
  useTitle('Pipelines', 'All projects');
  const trpc = useTRPC();
  const router = useRouter();
  const list = useQuery(trpc.pipelines.list.queryOptions());
  const bento = useMutation(
    trpc.sample.run.mutationOptions({ onSuccess: (made) => router.push(`/pipelines/${made.pipelineId}`) }),
  );
  if (list.error && !list.data)
    return <Failure error={refusalOf(list.error)} retry={() => void list.refetch()} />;
  if (!list.data)
    return (
      <div className="flex flex-col gap-2 p-4" aria-busy="true">
        {Array.from({ length: 8 }, (_, i) => (
          <Skeleton key={String(i)} className="h-8" />
        ))}
      </div>
    );
  if (list.data.length === 0)
    return (
      <Empty title="No pipeline yet.">
        <p>Every request becomes one: the tasks it set off, in the order in which they must run.</p>
        <Button kind="primary" disabled={bento.isPending} onClick={() => bento.mutate({ name: 'bento' })}>
          Run the Bento sample
        </Button>
        {bento.error ? <p role="alert">{refusalOf(bento.error).message}</p> : null}
      </Empty>
    );
  return (
    <ul className="pipeline-list">
      {list.data.map((item) => (
        <Row key={item.id} item={item} />
      ))}
    </ul>
  );
}
