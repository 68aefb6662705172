'use client';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type KeyboardEvent, useState } from 'react';
import type { TaskView } from '#server/domain/views/task.ts';
import { Changes } from '../changes/changes.tsx';
import { useCommands } from '../frame/commands.ts';
import { useTitle } from '../frame/frame.tsx';
import { useKeys } from '../frame/keys.ts';
import { whileRunning } from '../live/leases.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { money } from '../ui/format.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { useChoice } from '../ui/use-choice.ts';
import { Cost } from './cost.tsx';
import { Evidence } from './evidence.tsx';
import { Prompt } from './prompt.tsx';
import { Side } from './side.tsx';
import { Transcript } from './transcript.tsx';

const tabs = ['task', 'transcript', 'changes', 'evidence', 'prompt', 'cost'] as const;
type Tab = (typeof tabs)[number];
const names: Record<Tab, string> = {
  task: 'Task',
  transcript: 'Transcript',
  changes: 'Changes',
  evidence: 'Evidence',
  prompt: 'Prompt',
  cost: 'Cost',
};

const scoreOf = (score: { passed: number; applicable: number } | null | undefined) =>
  score ? `${score.passed}/${score.applicable}` : undefined;

interface ChangesPanelProps {
  task: TaskView;
  wide: { on: boolean; set: (on: boolean) => void };
}
function ChangesPanel({ task, wide }: ChangesPanelProps) {
  const trpc = useTRPC();
  const changes = useQuery(trpc.tasks.changes.queryOptions({ id: task.id }));
  if (changes.data) return <Changes key={task.id} changes={changes.data} task={task} wide={wide} />;
  if (changes.error) return <Failure error={refusalOf(changes.error)} retry={() => void changes.refetch()} />;
  return (
    <div className="p-4">
      <Skeleton className="h-48" />
    </div>
  );
}

function Room({ task }: { task: TaskView }) {
  const router = useRouter();
  const trpc = useTRPC();
  // Where only one panel fits, the first thing to see is the work itself.
  const [tab, setTab] = useState<Tab>(() =>
    matchMedia('(max-width: 640px)').matches
      ? 'task'
      : matchMedia('(max-width: 1100px)').matches
        ? 'transcript'
        : 'changes',
  );
  const [wide, setWide] = useChoice('wide', ['on', 'off'], 'off');
  const changes = useQuery(trpc.tasks.changes.queryOptions({ id: task.id }));
  const evidence = useQuery(trpc.tasks.evidence.queryOptions({ id: task.id }));
  useKeys({
    '1': () => setTab('changes'),
    '2': () => setTab('evidence'),
    '3': () => setTab('prompt'),
    '4': () => setTab('cost'),
  });
  const pipeline = task.pipelineId;
  const question = task.escalationId;
  useCommands([
    ...(question
      ? [
          {
            name: 'Decide in the human queue',
            act: () => router.push(`/queue?decision=${question}`),
          },
        ]
      : []),
    ...(['changes', 'evidence', 'prompt', 'cost'] as const).map((t, i) => ({
      name: `Show ${names[t].toLowerCase()}`,
      key: String(i + 1),
      view: true,
      act: () => setTab(t),
    })),
    ...(pipeline
      ? [
          {
            name: `Pipeline #${pipeline}`,
            view: true,
            act: () => router.push(`/pipelines/${pipeline}?node=t${task.id}`),
          },
        ]
      : []),
  ]);
  const amounts: Partial<Record<Tab, string>> = {
    changes: changes.data ? String(changes.data.files.length) : undefined,
    evidence: scoreOf(evidence.data?.checks.score),
    cost: task.scripted ? undefined : money(task.costEur),
  };
  const arrows = (e: KeyboardEvent) => {
    const by = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (!by) return;
    const list = e.currentTarget.parentElement;
    const all = [...(list?.querySelectorAll<HTMLButtonElement>('[role="tab"]') ?? [])].filter(
      (b) => b.offsetParent,
    );
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const next = all[(at + by + all.length) % all.length];
    next?.focus();
    next?.click();
  };
  return (
    <div
      className="task-view"
      data-tab={tab}
      data-wide={tab === 'changes' || tab === 'task' || tab === 'transcript' ? wide : 'off'}
    >
      <Side task={task} />
      <Transcript task={task} />
      <div className="tabs" role="tablist" aria-label="Results">
        {tabs.map((t) => (
          <button
            key={t}
            type="button"
            role="tab"
            id={`tab-${t}`}
            aria-selected={tab === t}
            aria-controls={t === 'task' || t === 'transcript' ? undefined : 'results'}
            tabIndex={tab === t ? 0 : -1}
            data-of={t}
            onKeyDown={arrows}
            onClick={() => setTab(t)}
          >
            {names[t]} {amounts[t] ? <span className="n">{amounts[t]}</span> : null}
          </button>
        ))}
      </div>
      <div className="panel" id="results" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'changes' || tab === 'task' || tab === 'transcript' ? (
          <ChangesPanel task={task} wide={{ on: wide === 'on', set: (on) => setWide(on ? 'on' : 'off') }} />
        ) : null}
        {tab === 'evidence' ? <Evidence task={task} /> : null}
        {tab === 'prompt' ? <Prompt task={task} /> : null}
        {tab === 'cost' ? <Cost task={task} /> : null}
      </div>
    </div>
  );
}

/** One task: what it is, what the agent does, what changed, what proves it, what it cost. */
export function TaskPage({ id }: { id: number }) {
  const trpc = useTRPC();
  const task = useQuery(
    trpc.tasks.get.queryOptions(
      { id },
      { refetchInterval: (q) => whileRunning(q.state.data && [q.state.data.status.look]) },
    ),
  );
  useTitle(`#${id}`, task.data?.projectName ?? '');
  if (task.data) return <Room task={task.data} />;
  if (task.error) return <Failure error={refusalOf(task.error)} retry={() => void task.refetch()} />;
  return (
    <div className="task-view" aria-busy="true">
      <section className="side flex flex-col gap-3">
        <Skeleton className="h-5 w-48" />
        <Skeleton className="h-6 w-32" />
        <Skeleton className="h-40" />
      </section>
      <section className="talk" />
    </div>
  );
}
