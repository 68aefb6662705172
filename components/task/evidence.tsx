'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { GateView } from '#server/domain/views/evidence.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Tag } from '../ui/button.tsx';
import { EvidenceBadge } from '../ui/evidence.tsx';
import { clock, took } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import { gateSentence } from '../ui/words.ts';
import { Checks } from './checks.tsx';

function Gate({ gate }: { gate: GateView }) {
  const detail = plain(gateSentence(gate));
  return (
    <details className="file">
      <summary>
        <EvidenceBadge source={gate.observed} />
        <span className={`${gate.ok ? 'done' : 'failed'} flex`}>
          <Mark shape={gate.ok ? 'done' : 'failed'} label={gate.ok ? 'passed' : 'failed'} />
        </span>
        <span className="cut grow" title={detail}>
          {detail}
        </span>
        {gate.tryNumber > 1 ? <span className="m">try {gate.tryNumber}</span> : null}
        <span className="n m">{took(gate.ms)}</span>
      </summary>
      <div className="gate-body">
        <p className="m">
          {gate.gate} after step {gate.stepKey}, {clock(gate.at, true)}
          {gate.exitCode === null ? '' : `, exit ${gate.exitCode}`}
        </p>
        {gate.command ? <pre>$ {plain(gate.command.join(' '))}</pre> : null}
        {gate.output ? (
          <Scroll label={`Output of ${gate.gate}`}>
            <pre>{plain(gate.output)}</pre>
          </Scroll>
        ) : null}
      </div>
    </details>
  );
}

/** Gates, findings, the nineteen checks and the proof of work, each with who observed it. */
export function Evidence({ task }: { task: TaskView }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.tasks.evidence.queryOptions({ id: task.id }));
  if (query.error && !query.data)
    return <Failure error={refusalOf(query.error)} retry={() => void query.refetch()} />;
  if (!query.data)
    return (
      <div className="p-4">
        <Skeleton className="h-32" />
      </div>
    );
  const { gates, proof, checks } = query.data;
  const { findings } = task;
  return (
    <>
      <h2 className="panel-head">QA-19</h2>
      <Checks checks={checks} />
      <h2 className="panel-head">Gates</h2>
      {gates.map((g) => (
        <Gate key={g.id} gate={g} />
      ))}
      {gates.length === 0 ? <p className="m px-4 pb-3">No gate has run yet.</p> : null}
      {task.report ? (
        <details className="file">
          <summary>
            <EvidenceBadge source="agent" />
            <span className="none flex">
              <Mark shape="none" label="not checked" />
            </span>
            <span className="cut grow">{plain(task.report.taskSummary)}</span>
          </summary>
          <div className="gate-body">
            <p>{plain(task.report.taskSummary)}</p>
            {task.report.keyDecisions.map((d) => (
              <p key={d} className="m">
                Decided: {plain(d)}
              </p>
            ))}
            {task.report.verification ? (
              <p className="m">Verified, it says: {plain(task.report.verification)}</p>
            ) : null}
          </div>
        </details>
      ) : null}
      {findings.length > 0 ? (
        <>
          <h2 className="panel-head">Findings</h2>
          <ul className="findings">
            {findings.map((f) => (
              <li key={f.id}>
                <Tag>{f.severity}</Tag>
                <div className="grow">
                  <p>{plain(f.title)}</p>
                  <p className="m">
                    {f.file ? <span className="n">{`${f.file}${f.line ? `:${f.line}` : ''} `}</span> : null}
                    {plain(f.detail)}
                  </p>
                </div>
                {f.followUpTaskId ? (
                  <Link className="m underline" href={`/tasks/${f.followUpTaskId}`}>
                    #{f.followUpTaskId}
                  </Link>
                ) : f.mended ? (
                  <span className="m">mended</span>
                ) : null}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      <h2 className="panel-head">Proof of work</h2>
      {proof ? (
        <div className="flex flex-col gap-3 px-4 pb-4">
          <div className="flex flex-wrap items-center gap-2">
            <a className="btn small" href={`/api/tasks/${task.id}/proof`} download={`proof-${task.id}.zip`}>
              Download as archive
            </a>
            <span className="m">
              or run <code className="n">npx alai verify {task.id}</code>
            </span>
            <span className="m">
              Written {clock(proof.createdAt)}
              {proof.patchHash ? (
                <>
                  , patch <span className="n">{proof.patchHash.slice(0, 12)}</span>
                </>
              ) : null}
            </span>
          </div>
          {task.scripted ? (
            <p className="m">
              <b className="font-medium text-text">Scripted, no model was called.</b> The commands and their
              outputs are real.
            </p>
          ) : null}
          <Scroll label="GOTCHA.md" className="gotcha">
            <pre>{plain(proof.gotcha)}</pre>
          </Scroll>
        </div>
      ) : (
        <p className="m px-4 pb-4">
          Written when the task is done: commands with outputs, hashes, model, tokens and times.
        </p>
      )}
    </>
  );
}
