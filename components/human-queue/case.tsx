'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { Tabs } from 'radix-ui';
import { useEffect, useState } from 'react';
import { kindWords } from '#server/domain/answers.ts';
import type { CaseView } from '#server/domain/views/question.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { Changes } from '../changes/changes.tsx';
import { useKeys } from '../frame/keys.ts';
import { refusalOf, type ShownRefusal } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Evidence } from '../task/evidence.tsx';
import { Transcript } from '../task/transcript.tsx';
import { Tag } from '../ui/button.tsx';
import { EvidenceBadge } from '../ui/evidence.tsx';
import { count, took } from '../ui/format.ts';
import { Chip, Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { place } from '../ui/words.ts';
import { Alike, Facts } from './facts.tsx';
import { askedOf, wordsFor } from './words.ts';

const tabs = ['question', 'changes', 'transcript', 'evidence'] as const;
type Tab = (typeof tabs)[number];
const names: Record<Tab, string> = {
  question: 'Question',
  changes: 'Changes',
  transcript: 'Transcript',
  evidence: 'Evidence',
};
/** As many files as one takes in at a glance; the others are behind the tab. */
const FEW = 6;

/** How it stands: yours, answered by whom, or withdrawn and why. */
function Standing({ view }: { view: CaseView }) {
  const given = view.decision ?? view.pending;
  if (given) {
    const { did, look } = wordsFor(view.kind, given.answer);
    return (
      <Chip pill shape={look} word={`${did.charAt(0).toUpperCase()}${did.slice(1)}`}>
        <span className="cut">by {plain(given.by)}</span>
      </Chip>
    );
  }
  if (view.state === 'WITHDRAWN')
    return (
      <Chip pill shape="cancelled" word="Withdrawn">
        <span className="cut">{plain(view.withdrawn ?? '')}</span>
      </Chip>
    );
  return (
    <Chip pill shape="yours" word="Yours">
      <span>
        · <Age since={view.askedAt} />
        {view.blockedTasks.length > 0
          ? ` · blocks ${view.blockedTasks.map((t) => `#${t.id}`).join(' and ')}`
          : ''}
      </span>
    </Chip>
  );
}

function Head({ view, onBack }: { view: CaseView; onBack: () => void }) {
  return (
    <header className="case-head">
      <button type="button" className="btn small sm:hidden mb-3" onClick={onBack}>
        All questions
      </button>
      <div>
        <Standing view={view} />
      </div>
      <h2 dir="auto">{plain(askedOf(view.question).first)}</h2>
      <p className="m">
        {view.taskId ? (
          <>
            <Link className="n underline" href={`/tasks/${view.taskId}`}>
              #{view.taskId}
            </Link>
            {' · '}
          </>
        ) : null}
        {[
          view.task ? plain(view.task.title) : '',
          kindWords[view.kind],
          place({ company: view.company, tier: view.tier, host: null }),
        ]
          .filter(Boolean)
          .join(' · ')}
        {view.kind === 'budget' ? (
          <>
            {' · '}
            <Link className="underline" href="/spend">
              all budgets
            </Link>
          </>
        ) : null}
        {view.pipelineId ? (
          <>
            {' · '}
            <Link className="underline" href={`/pipelines/${view.pipelineId}`}>
              pipeline #{view.pipelineId}
            </Link>
          </>
        ) : null}
      </p>
    </header>
  );
}

function EvidenceRows({ view }: { view: CaseView }) {
  return (
    <ul className="case-rows">
      {view.evidence.map((e) => {
        const shape = e.ok === null ? 'none' : e.ok ? 'done' : 'failed';
        return (
          <li key={`${e.observed}${e.text}`}>
            <EvidenceBadge source={e.observed} />
            <span className={`flex ${shape}`}>
              <Mark shape={shape} label={e.ok === null ? 'not checked' : e.ok ? 'passed' : 'failed'} />
            </span>
            <span className="grow">{plain(e.text)}</span>
            <span className="n m">{e.ms === null ? (e.ok === null ? 'no check' : '') : took(e.ms)}</span>
          </li>
        );
      })}
    </ul>
  );
}

function Files({ view, onAll }: { view: CaseView; onAll: () => void }) {
  const files = view.changes?.files ?? [];
  if (files.length === 0) return null;
  return (
    <>
      <h3>
        Changes <span className="n">{count(files.length)}</span>
      </h3>
      <ul className="case-rows">
        {files.slice(0, FEW).map((f) => (
          <li key={f.path}>
            <span className="n grow cut">{plain(f.path)}</span>
            <span className="n plus">+{count(f.added)}</span>
            <span className="n minus">−{count(f.removed)}</span>
          </li>
        ))}
        <li>
          <button type="button" className="m underline" onClick={onAll}>
            {files.length > FEW
              ? `${count(files.length - FEW)} more files, and what changed`
              : 'What changed'}
          </button>
        </li>
      </ul>
    </>
  );
}

function Question({ view, onChanges }: { view: CaseView; onChanges: () => void }) {
  const given = view.decision ?? view.pending;
  const { rest } = askedOf(view.question);
  return (
    <>
      {rest ? (
        <p className="quote mb-4" dir="auto">
          {plain(rest)}
        </p>
      ) : null}
      <Facts view={view} />
      <h3>Why you</h3>
      <p className="quote" dir="auto">
        {plain(view.why)}
      </p>
      {view.text ? (
        <>
          <h3>The task says</h3>
          <p className="quote" dir="auto">
            {plain(view.text)}
          </p>
        </>
      ) : null}
      {view.evidence.length > 0 ? (
        <>
          <h3>Evidence</h3>
          <EvidenceRows view={view} />
        </>
      ) : null}
      {view.findings.length > 0 ? (
        <>
          <h3>
            Findings <span className="n">{count(view.findings.length)}</span>
          </h3>
          <ul className="case-rows">
            {view.findings.map((f) => (
              <li key={f.id}>
                <Tag>{f.severity}</Tag>
                <span className="grow" title={plain(f.detail)}>
                  {plain(f.title)}
                </span>
                {f.file ? (
                  <span className="n m">{`${plain(f.file)}${f.line ? `:${f.line}` : ''}`}</span>
                ) : null}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      <Files view={view} onAll={onChanges} />
      {view.consequences.approve && view.state === 'OPEN' ? (
        <>
          <h3>After “{wordsFor(view.kind, 'approve').name}”</h3>
          <p>{plain(view.consequences.approve)}</p>
        </>
      ) : null}
      {given?.note ? (
        <>
          <h3>Reason given</h3>
          <p className="quote" dir="auto">
            {plain(given.note)}
          </p>
        </>
      ) : null}
      {view.state === 'OPEN' ? null : <Alike items={view.similar} />}
    </>
  );
}

/** The task whose work is judged, read only when one of its tabs is opened. */
function OfTask({ id, show }: { id: number; show: (task: TaskView) => React.ReactNode }) {
  const trpc = useTRPC();
  const task = useQuery(trpc.tasks.get.queryOptions({ id }));
  if (task.data) return show(task.data);
  if (task.error) return <Failure error={refusalOf(task.error)} retry={() => void task.refetch()} />;
  return <Skeleton className="h-32" />;
}

interface CaseProps {
  view: CaseView;
  /** Why the server did not take the last answer. */
  refusal: ShownRefusal | null;
  onBack: () => void;
}

/** The one decision: the question, why it is yours, what proves it and what changes; the whole context in tabs beside it. */
export function Case({ view, refusal, onBack }: CaseProps) {
  const [tab, setTab] = useState<Tab>('question');
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question begins with the question
  useEffect(() => setTab('question'), [view.id]);
  const source = view.sourceTaskId;
  const open = tabs.filter(
    (t) => t === 'question' || (t === 'changes' ? view.changes !== null : source !== null),
  );
  useKeys(Object.fromEntries(open.map((t, i) => [String(i + 1), () => setTab(t)])));
  return (
    <Tabs.Root
      className="case"
      value={tab}
      onValueChange={(t) => setTab(t as Tab)}
      role="region"
      aria-label="Decision"
    >
      <Head view={view} onBack={onBack} />
      {refusal && view.state !== 'OPEN' ? (
        <p className="notice mx-6" role="alert">
          {refusal.message} <span className="text-muted">{refusal.hint}</span>
        </p>
      ) : null}
      <Tabs.List className="case-tabs" aria-label="What to look at">
        {open.map((t) => (
          <Tabs.Trigger key={t} value={t}>
            {names[t]}
            {t === 'changes' && view.size ? <span className="n"> {count(view.size.files)}</span> : null}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="question" className="case-body">
        <Question view={view} onChanges={() => setTab('changes')} />
      </Tabs.Content>
      {view.changes ? (
        <Tabs.Content value="changes" className="case-body wide">
          <Changes changes={view.changes} />
        </Tabs.Content>
      ) : null}
      {source === null ? null : (
        <>
          <Tabs.Content value="transcript" className="case-body wide">
            <OfTask id={source} show={(task) => <Transcript task={task} />} />
          </Tabs.Content>
          <Tabs.Content value="evidence" className="case-body wide">
            <OfTask id={source} show={(task) => <Evidence task={task} />} />
          </Tabs.Content>
        </>
      )}
    </Tabs.Root>
  );
}
