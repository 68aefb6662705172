'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { PipelineNode, PipelineView } from '#server/domain/views/pipeline.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { StopButton } from '../task/actions.tsx';
import { Button, Key } from '../ui/button.tsx';
import { count, money } from '../ui/format.ts';
import { Scroll } from '../ui/scroll.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { NodeActs } from './acts.tsx';
import { Cost, Evidence, FilesChanged, Head, Now, Why } from './inspector-parts.tsx';
import { PastInspector } from './past-inspector.tsx';
import type { Travel } from './use-travel.ts';

function TaskInspector({ node, view }: { node: PipelineNode & { taskId: number }; view: PipelineView }) {
  const trpc = useTRPC();
  const task = useQuery(trpc.tasks.get.queryOptions({ id: node.taskId }));
  const chainCost = view.nodes
    .filter((n) => n.chainId === node.chainId)
    .reduce((sum, n) => sum + n.costEur, 0);
  return (
    <>
      <Scroll className="scroll" label="Details">
        <Head node={node} />
        {task.data ? (
          <>
            <Why task={task.data} node={node} />
            <Now task={task.data} />
            <FilesChanged task={task.data} />
            <Evidence task={task.data} />
            <Cost task={task.data} chainCost={chainCost} />
          </>
        ) : task.error ? (
          <Failure error={refusalOf(task.error)} retry={() => void task.refetch()} />
        ) : (
          <section>
            <Skeleton className="h-40" />
          </section>
        )}
      </Scroll>
      <div className="foot">
        <span className="flex flex-none items-center gap-1 max-[640px]:hidden">
          <kbd>J</kbd>
          <kbd>K</kbd>
          <span className="m ml-1">next, previous</span>
        </span>
        <span className="end" />
        {task.data?.escalationId ? (
          <Link className="btn small" href={`/queue?decision=${task.data.escalationId}`}>
            Decide
          </Link>
        ) : null}
        <Link className="btn small" href={`/tasks/${node.taskId}`}>
          Open task <Key>↵</Key>
        </Link>
        <NodeActs node={node} view={view} />
        {task.data ? <StopButton task={task.data} small /> : null}
      </div>
    </>
  );
}

function Summary({ view, past }: { view: PipelineView; past: boolean }) {
  const stuck = view.nodes.filter((n) => n.status.look === 'stale');
  const yours = view.nodes.filter((n) => n.status.look === 'yours');
  const named = (nodes: PipelineNode[]) => nodes.map((n) => `#${n.taskId}`).join(', ');
  return (
    <Scroll className="scroll" label="Details">
      <section>
        <h2>{view.title}</h2>
        <p className="m mt-0.5">
          {view.projectName ? `Project ${view.projectName}` : 'No project'}
          {view.projectPath ? ` · ${view.projectPath}` : ''}
        </p>
      </section>
      <section>
        <h3>Now</h3>
        <ul className="rows">
          <li>{stuck.length > 0 ? `May be stuck: ${named(stuck)}` : 'Nothing is stuck.'}</li>
          <li>{yours.length > 0 ? `Waits for you: ${named(yours)}` : 'Nothing waits for you.'}</li>
        </ul>
        {past ? null : <NodeActs node={null} view={view} />}
      </section>
      <section>
        <h3>Tasks by stage</h3>
        <dl className="kv">
          {Object.entries(view.byStage).map(([stage, n]) => (
            <div key={stage} className="contents">
              <dt>{stage}</dt>
              <dd className="n">{count(n)}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>Cost</h3>
        <dl className="kv">
          <dt>So far</dt>
          <dd className="n">{money(view.costEur)}</dd>
          <dt>Tokens</dt>
          <dd className="n">{count(view.tokens)}</dd>
        </dl>
      </section>
      <p className="m p-4">
        Choose a node, or walk with J and K, to see why it runs, what it does and what proves it.
      </p>
    </Scroll>
  );
}

interface InspectorProps {
  view: PipelineView;
  node: PipelineNode | null;
  travel: Travel;
  onClose: () => void;
  /** Draws the chain of the node as one node, or its stages again. */
  onFold: () => void;
}

/** Why, Now, Evidence, Cost of the chosen node; the pipeline itself when none is chosen. */
export function Inspector({ view, node, travel, onClose, onFold }: InspectorProps) {
  return (
    <aside
      className={`inspector ${node ? '' : 'max-[1100px]:hidden'}`}
      aria-label={node?.taskId ? `Task ${node.taskId}` : 'Pipeline'}
    >
      {node ? (
        <div className="flex items-center justify-end gap-2 px-4 pt-2">
          {node.chainId === null ? null : (
            <Button small kind="quiet" hint="x" onClick={onFold}>
              {node.id.startsWith('c') ? 'Unfold chain' : 'Fold chain'}
            </Button>
          )}
          <Button small kind="quiet" hint="esc" onClick={onClose}>
            Close
          </Button>
        </div>
      ) : null}
      {node === null ? (
        <Summary view={view} past={travel.past} />
      ) : travel.past && node.taskId !== null ? (
        <PastInspector node={node} view={view} travel={travel} />
      ) : node.taskId === null ? (
        <Scroll className="scroll" label="Details">
          <Head node={node}>
            <p className="mt-3 text-muted">
              Planned. It becomes a task when the stage before it has passed. Until then nothing is reserved
              or spent.
            </p>
            {travel.past ? null : (
              <div className="mt-3">
                <NodeActs node={node} view={view} />
              </div>
            )}
          </Head>
        </Scroll>
      ) : (
        <TaskInspector key={node.taskId} node={{ ...node, taskId: node.taskId }} view={view} />
      )}
    </aside>
  );
}
