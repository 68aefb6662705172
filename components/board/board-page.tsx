'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useFrame, useTitle } from '../frame/frame.tsx';
import { whileRunning } from '../live/leases.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button, Key } from '../ui/button.tsx';
import { Failure } from '../ui/states.tsx';
import { Columns, ColumnsSkeleton } from './columns.tsx';
import { Composer } from './composer.tsx';

/** The first thing a stranger sees: nothing is there, and two ways to begin. */
function EmptyBoard() {
  const trpc = useTRPC();
  const router = useRouter();
  const { composing, setComposing } = useFrame();
  const bento = useMutation(
    trpc.sample.run.mutationOptions({ onSuccess: (made) => router.push(`/pipelines/${made.pipelineId}`) }),
  );
  const refusal = bento.error ? refusalOf(bento.error) : null;
  return (
    <div className="board-empty">
      <h2>Nothing is running yet.</h2>
      <p>
        The sample makes a repository named bento and runs five tasks through BUILD, REVIEW, SECURITY, OPS and
        DOCS on both hosts. It takes about a minute and needs nobody.
      </p>
      <div className="flex flex-wrap justify-center gap-2">
        <Button kind="primary" disabled={bento.isPending} onClick={() => bento.mutate({ name: 'bento' })}>
          {bento.isPending ? 'Making the repository' : 'Run the Bento sample'}
        </Button>
        {composing ? null : (
          <Button hint="c" onClick={() => setComposing(true)}>
            Write a task
          </Button>
        )}
      </div>
      {refusal ? (
        <p role="alert">
          {refusal.message} {refusal.hint}
        </p>
      ) : null}
    </div>
  );
}

export function BoardPage() {
  useTitle('Board', 'All projects');
  const trpc = useTRPC();
  const { composing, setComposing } = useFrame();
  const board = useQuery(
    trpc.board.get.queryOptions(
      { projectId: null },
      { refetchInterval: (q) => whileRunning(q.state.data?.cards.map((c) => c.status.look)) },
    ),
  );
  const empty = board.data?.cards.length === 0;

  return (
    <div className="relative grid min-h-0 min-w-0">
      {board.data ? (
        <Columns board={board.data} />
      ) : board.error ? (
        <Failure error={refusalOf(board.error)} retry={() => void board.refetch()} />
      ) : (
        <ColumnsSkeleton />
      )}
      {empty ? <EmptyBoard /> : null}
      {composing ? (
        <Composer />
      ) : empty || !board.data ? null : (
        <button type="button" className="compose-open float" onClick={() => setComposing(true)}>
          <span className="grow">Write a task, or paste a list</span>
          <Key>c</Key>
        </button>
      )}
    </div>
  );
}
