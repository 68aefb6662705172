'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { ReactNode } from 'react';
import type { PipelineNode, PipelineView, TaskView } from '#server/domain/views.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { StopButton } from '../task/actions.tsx';
import { endOf, lastCalls } from '../task/transcript-words.ts';
import { useTranscript } from '../task/use-transcript.ts';
import { Button, Key, Tag } from '../ui/button.tsx';
import { EvidenceBadge } from '../ui/evidence.tsx';
import { clock, count, money, plural } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { gateSentence, place, sentences } from '../ui/words.ts';

function Status({ node }: { node: Pick<PipelineNode, 'status'> }) {
  const { status } = node;
  return (
    <Chip shape={status.look} word={status.word} pill>
      {status.since ? (
        <span>
          · <Age since={status.since} />
        </span>
      ) : null}
      {status.heardAt && status.look === 'running' ? (
        <span>
          · heard <Age since={status.heardAt} /> ago
        </span>
      ) : null}
    </Chip>
  );
}

function Why({ task, node }: { task: TaskView; node: PipelineNode }) {
  const bad = node.cycle > 0 && task.toMend.length > 0;
  const say = task.waits
    ? `${task.waits}.`
    : bad
      ? `REVIEW rejected: ${plural(task.toMend.length, 'finding')}. Back to BUILD, cycle ${node.cycle} of 2.`
      : task.toMend.length > 0
        ? 'A finding of an earlier stage became this task.'
        : task.route
          ? sentences(task.route.reasons.slice(0, 3))
          : task.origin === 'stage'
            ? `${task.stage} follows by the plan of its chain.`
            : 'A human asked for it.';
  const shown = task.toMend.length > 0 ? task.toMend : task.findings;
  return (
    <section>
      <h3>Why</h3>
      <p>{say}</p>
      {shown.length > 0 ? (
        <ul className="rows mt-1">
          {shown.slice(0, 5).map((f) => (
            <li key={f.id}>
              <Tag>{f.severity}</Tag>
              <span className="cut grow" title={f.detail || f.title}>
                {f.title}
              </span>
              {f.file ? (
                <span className="n m cut max-w-28">
                  {f.file.split('/').pop()}
                  {f.line ? `:${f.line}` : ''}
                </span>
              ) : null}
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}

function Now({ task }: { task: TaskView }) {
  const attempt = task.attempts[task.attempts.length - 1] ?? null;
  const { entries } = useTranscript(task.id, attempt?.id ?? null);
  const { calls, total } = lastCalls(entries, 3);
  const running = task.state === 'RUNNING';
  return (
    <section>
      <h3>
        {running ? 'Now' : 'Last'}
        {total > 0 ? (
          <span className="end font-normal">
            last {calls.length} of {count(total)}
          </span>
        ) : null}
      </h3>
      {calls.length > 0 ? (
        <ul className="now-log">
          {calls.map((c) => (
            <li key={c.seq}>
              <span className="n m">{clock(c.at)}</span>
              <span className="n cut" title={`${c.name} ${c.about}`}>
                {c.name} {c.about}
              </span>
              <span className="n m">{endOf(c)}</span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="m">{attempt ? 'No tool was called yet.' : 'No agent has started yet.'}</p>
      )}
    </section>
  );
}

function Evidence({ task }: { task: TaskView }) {
  const trpc = useTRPC();
  const evidence = useQuery(trpc.tasks.evidence.queryOptions({ id: task.id }));
  const gates = evidence.data?.gates.slice(-4) ?? [];
  const score = evidence.data?.checks.score;
  return (
    <section>
      <h3>Evidence</h3>
      <ul className="rows">
        {score ? (
          <li>
            <EvidenceBadge source="harness" />
            <span className="cut grow">
              {score.ok ? '' : 'Failed: '}QA-19, {score.passed} of {score.applicable} that apply
              {score.blocked.length > 0 ? `, stopped by ${score.blocked.join(', ')}` : ''}
            </span>
            {evidence.data?.checks.at ? <span className="n m">{clock(evidence.data.checks.at)}</span> : null}
          </li>
        ) : null}
        {gates.map((g) => (
          <li key={g.id}>
            <EvidenceBadge source={g.observed} />
            <span className="cut grow" title={g.detail}>
              {g.ok ? '' : 'Failed: '}
              {gateSentence(g)}
            </span>
            <span className="n m">{clock(g.at)}</span>
          </li>
        ))}
        {task.report ? (
          <li>
            <EvidenceBadge source="agent" />
            <span className="cut grow" title={task.report.taskSummary}>
              {task.report.taskSummary}
            </span>
          </li>
        ) : null}
        {gates.length === 0 && !task.report ? <li className="m">Nothing was checked yet.</li> : null}
      </ul>
    </section>
  );
}

function Cost({ task, chainCost }: { task: TaskView; chainCost: number }) {
  const attempt = task.attempts[task.attempts.length - 1];
  return (
    <section>
      <h3>Cost</h3>
      <dl className="kv">
        {attempt ? (
          <>
            <dt>This attempt</dt>
            <dd>
              {attempt.scripted ? (
                <span className="m">scripted, no model was called</span>
              ) : (
                <>
                  <span className="n">{money(attempt.costUsd)}</span>{' '}
                  <span className="m">{attempt.model}</span>
                </>
              )}
            </dd>
          </>
        ) : null}
        <dt>Chain</dt>
        <dd className="n">{money(chainCost)}</dd>
        <dt>Tokens</dt>
        <dd>
          <span className="n">{count(task.tokensIn)}</span> <span className="m">in</span>{' '}
          <span className="n">{count(task.tokensOut)}</span> <span className="m">out</span>
        </dd>
        <dt>Attempts</dt>
        <dd className="n">{task.attempts.length}</dd>
      </dl>
    </section>
  );
}

function Head({ node, children }: { node: PipelineNode; children?: ReactNode }) {
  const where = [
    node.stage ? `${node.stage}${node.cycle > 0 ? ` cycle ${node.cycle} of 2` : ''}` : 'By hand',
    place(node),
    node.slot === null ? '' : `slot ${node.slot}`,
  ];
  return (
    <section>
      <div className="flex items-baseline gap-2">
        {node.taskId === null ? null : <span className="n m">#{node.taskId}</span>}
        <h2 className="cut" title={node.title}>
          {node.title}
        </h2>
      </div>
      <p className="m mt-0.5 mb-2.5">{where.filter(Boolean).join(' · ')}</p>
      <Status node={node} />
      {children}
    </section>
  );
}

function TaskInspector({ node, view }: { node: PipelineNode & { taskId: number }; view: PipelineView }) {
  const trpc = useTRPC();
  const task = useQuery(trpc.tasks.get.queryOptions({ id: node.taskId }));
  const chainCost = view.nodes
    .filter((n) => n.chainId === node.chainId)
    .reduce((sum, n) => sum + n.costUsd, 0);
  return (
    <>
      <Scroll className="scroll" label="Details">
        <Head node={node} />
        {task.data ? (
          <>
            <Why task={task.data} node={node} />
            <Now task={task.data} />
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
        <span className="tablet flex items-center gap-1">
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
        {task.data ? <StopButton task={task.data} small /> : null}
      </div>
    </>
  );
}

function Summary({ view }: { view: PipelineView }) {
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
          <dd className="n">{money(view.costUsd)}</dd>
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
  onClose: () => void;
}

/** Why, Now, Evidence, Cost of the chosen node; the pipeline itself when none is chosen. */
export function Inspector({ view, node, onClose }: InspectorProps) {
  return (
    <aside
      className={`inspector ${node ? '' : 'max-[1100px]:hidden'}`}
      aria-label={node?.taskId ? `Task ${node.taskId}` : 'Pipeline'}
    >
      {node ? (
        <Button small kind="quiet" className="min-[1101px]:hidden! m-2 self-end" onClick={onClose}>
          Close
        </Button>
      ) : null}
      {node === null ? (
        <Summary view={view} />
      ) : node.taskId === null ? (
        <Scroll className="scroll" label="Details">
          <Head node={node}>
            <p className="mt-3 text-muted">
              Planned. It becomes a task when the stage before it has passed. Until then nothing is reserved
              or spent.
            </p>
          </Head>
        </Scroll>
      ) : (
        <TaskInspector key={node.taskId} node={{ ...node, taskId: node.taskId }} view={view} />
      )}
    </aside>
  );
}
