'use client';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { PipelineNode } from '#server/domain/views/pipeline.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { endOf, lastCalls } from '../task/transcript-words.ts';
import { useTranscript } from '../task/use-transcript.ts';
import { Tag } from '../ui/button.tsx';
import { EvidenceBadge } from '../ui/evidence.tsx';
import { clock, count, money, plural } from '../ui/format.ts';
import { plain } from '../ui/plain.ts';
import { StatusChip } from '../ui/status-chip.tsx';
import { gateSentence, place, sentences } from '../ui/words.ts';

export function Why({ task, node }: { task: TaskView; node: PipelineNode }) {
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

export function Now({ task }: { task: TaskView }) {
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

const subjects = {
  running: 'what it pushed so far',
  reviewed: 'what it judges',
  reverted: 'what it took back',
} as const;

/** The files of its change, in short; the whole diff is on its page. */
export function FilesChanged({ task }: { task: TaskView }) {
  const trpc = useTRPC();
  const changes = useQuery(trpc.tasks.changes.queryOptions({ id: task.id }));
  const files = changes.data?.files ?? [];
  return (
    <section>
      <h3>
        Changes
        {files.length > 0 ? <span className="end font-normal">{plural(files.length, 'file')}</span> : null}
      </h3>
      {changes.data?.subject ? <p className="m">Shows {subjects[changes.data.subject]}.</p> : null}
      <ul className="rows">
        {files.slice(0, 5).map((f) => (
          <li key={f.path}>
            <span className="n cut grow" title={plain(f.path)}>
              {plain(f.path)}
            </span>
            <span className="n plus">+{count(f.added)}</span>
            <span className="n minus">−{count(f.removed)}</span>
          </li>
        ))}
        {changes.data && files.length === 0 ? <li className="m">No file is changed.</li> : null}
        {changes.error ? <li className="m">{refusalOf(changes.error).message}</li> : null}
      </ul>
      {files.length > 5 ? <p className="m">{plural(files.length - 5, 'more file')} on its page.</p> : null}
    </section>
  );
}

export function Evidence({ task }: { task: TaskView }) {
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

export function Cost({ task, chainCost }: { task: TaskView; chainCost: number }) {
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
                  <span className="n">{money(attempt.costEur)}</span>{' '}
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

export function Head({ node, children }: { node: PipelineNode; children?: ReactNode }) {
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
      <StatusChip status={node.status} />
      {children}
    </section>
  );
}
