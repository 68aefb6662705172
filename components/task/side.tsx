'use client';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { isAcceptBranch } from '#server/domain/merge.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { Tag } from '../ui/button.tsx';
import { clock } from '../ui/format.ts';
import { Chip, Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { StatusChip } from '../ui/status-chip.tsx';
import { Age } from '../ui/time.tsx';
import { companyName, hostName, tierName } from '../ui/words.ts';
import { Actions } from './actions.tsx';
import { InTheBin } from './bin.tsx';
import { CorrectRoute, RouteOffer } from './correct.tsx';
import { MergeChoice } from './merge-choice.tsx';
import { Plan } from './plan.tsx';
import { Timeline } from './timeline.tsx';

function Ref({ task }: { task: TaskView['blocks'][number] }) {
  return (
    <Link
      href={`/tasks/${task.id}`}
      className={`chip max-w-full ${task.status.look} hover:underline`}
      title={task.title}
    >
      <Mark shape={task.status.look} label={task.status.word} />
      <span className="n">#{task.id}</span>
      <span className="cut text-text">{task.title}</span>
    </Link>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Where its work is on the project's branch, and who took it back. */
function Merged({ merge }: { merge: NonNullable<TaskView['merge']> }) {
  const { revert } = merge;
  return (
    <>
      <span className="n">{merge.sha.slice(0, 7)}</span>{' '}
      {isAcceptBranch(merge.branch) ? 'not merged, waits for a pull request on' : 'on'} {plain(merge.branch)},{' '}
      <Age since={merge.at} /> ago
      {revert ? (
        <span className="mt-1 block">
          <span
            className={`${revert.state === 'done' ? 'cancelled' : 'running'} mr-1 inline-flex align-[-1px]`}
          >
            <Mark shape={revert.state === 'done' ? 'cancelled' : 'running'} />
          </span>
          {revert.state === 'done' ? `Reverted by ${plain(revert.by)} as ` : 'Being reverted in '}
          {revert.sha ? <span className="n">{revert.sha.slice(0, 7)}</span> : null}
          {revert.at ? (
            <>
              , <Age since={revert.at} /> ago, in{' '}
            </>
          ) : null}
          <Link className="n underline" href={`/tasks/${revert.taskId}`}>
            #{revert.taskId}
          </Link>
        </span>
      ) : null}
    </>
  );
}

/** A route made anew keeps its old reasons, which do not name what is skipped now. */
const skippedUnsaid = ({ reasons, skipped }: NonNullable<TaskView['route']>) =>
  skipped.filter((s) => !reasons.some((r) => r.includes(`(${s.model}) is skipped`)));

const priorityWords = { H: 'High', M: 'Medium', L: 'Low' } as const;

/** Properties and timeline: what it is, who has it, what it waits for, what happened. */
export function Side({ task }: { task: TaskView }) {
  const { status } = task;
  const model = task.attempts[task.attempts.length - 1]?.model ?? task.route?.choices[0]?.model;
  return (
    <section className="side" aria-label="Task">
      <p className="m">
        <span className="n">#{task.id}</span>
        {task.rootTaskId && task.rootTaskId !== task.id ? (
          <>
            {' '}
            in chain{' '}
            <Link className="underline" href={`/tasks/${task.rootTaskId}`}>
              #{task.rootTaskId}
            </Link>
          </>
        ) : null}
        {task.pipelineId ? (
          <>
            {task.rootTaskId && task.rootTaskId !== task.id ? ', ' : ' in '}
            <Link className="underline" href={`/pipelines/${task.pipelineId}?node=t${task.id}`}>
              pipeline #{task.pipelineId}
            </Link>
          </>
        ) : null}
      </p>
      <h2>{plain(task.title)}</h2>
      <StatusChip status={status} />
      {task.merge?.revert?.state === 'done' && status.word !== 'Reverted' ? (
        <Chip shape="cancelled" word="Reverted" pill className="ml-2" />
      ) : null}
      {task.waits && status.word !== task.waits ? (
        <p className="m mt-2">
          {task.waits}
          {task.nextTryAt ? (
            <>
              {/[.!?…]$/.test(task.waits) ? ' Next' : ' · next'} try at{' '}
              <span className="n">{clock(task.nextTryAt)}</span>
            </>
          ) : null}
        </p>
      ) : null}
      {task.escalationId ? (
        <p className="mt-3">
          <Link className="btn small primary" href={`/queue?decision=${task.escalationId}`}>
            Decide in the human queue
          </Link>
        </p>
      ) : null}
      <Actions task={task} />
      {task.description ? <p className="description">{plain(task.description)}</p> : null}
      <dl className="kv">
        {task.stage ? (
          <Row name="Stage">
            {task.stage}
            {task.cycle > 0 ? `, cycle ${task.cycle} of 2` : ''}
            {task.generation > 1 ? `, generation ${task.generation}` : ''}
          </Row>
        ) : null}
        <Row name="Project">
          {task.projectName ?? <span className="text-muted">None yet</span>}
          {task.projectId ? <MergeChoice projectId={task.projectId} /> : null}
        </Row>
        {task.minion ? <Row name="Minion">One worktree, no reviews; you merge its branch</Row> : null}
        {task.merge ? (
          <Row name={isAcceptBranch(task.merge.branch) ? 'Accepted' : 'Merged'}>
            <Merged merge={task.merge} />
          </Row>
        ) : null}
        {task.chainState === 'CANCELLED' || task.state === 'FAILED' ? (
          <Row name="Bin">
            <InTheBin taskId={task.id} />
          </Row>
        ) : null}
        {task.company ? (
          <Row name="Company">
            <Link className="underline" href={`/companies/${companyName(task.company)}`} prefetch={false}>
              {companyName(task.company)}
            </Link>
          </Row>
        ) : null}
        {task.blueprint ? <Row name="Blueprint">{task.blueprint}</Row> : null}
        {task.tier === null ? null : (
          <Row name="Tier">{[tierName(task.tier), model].filter(Boolean).join(', ')}</Row>
        )}
        {task.host ? (
          <Row name="Host">{`${hostName(task.host)}${task.slot === null ? '' : `, slot ${task.slot}`}`}</Row>
        ) : null}
        {task.sandboxed === false ? <Row name="Sandbox">Not sandboxed</Row> : null}
        <Row name="Priority">{priorityWords[task.priority]}</Row>
        {task.tags.length > 0 ? (
          <Row name="Tags">
            <span className="flex flex-wrap gap-1">
              {task.tags.map((t) => (
                <Tag key={t}>{t}</Tag>
              ))}
            </span>
          </Row>
        ) : null}
        {task.dependsOn.length > 0 ? (
          <Row name="After">
            {task.dependsOn.map((t) => (
              <Ref key={t.id} task={t} />
            ))}
          </Row>
        ) : null}
        {task.blocks.length > 0 ? (
          <Row name="Blocks">
            {task.blocks.map((t) => (
              <Ref key={t.id} task={t} />
            ))}
          </Row>
        ) : null}
        {task.steps.length > 0 ? (
          <Row name="Steps">
            <ol>
              {task.steps.map((s) => (
                <li key={s.id} className="flex items-center gap-2">
                  <span
                    className={`flex ${s.state === 'DONE' ? 'done' : s.state === 'RUNNING' ? 'running' : 'queued'}`}
                  >
                    <Mark
                      shape={
                        s.state === 'DONE'
                          ? 'done'
                          : s.state === 'RUNNING'
                            ? 'running'
                            : s.state === 'PENDING'
                              ? 'queued'
                              : 'cancelled'
                      }
                      label={s.state.toLowerCase()}
                    />
                  </span>
                  {s.key}
                  {s.iteration > 0 ? <span className="m">round {s.iteration + 1}</span> : null}
                  {s.commit ? <span className="n m">{s.commit.slice(0, 7)}</span> : null}
                </li>
              ))}
            </ol>
          </Row>
        ) : null}
      </dl>
      {task.route ? <RouteOffer task={task} /> : null}
      {task.route && task.route.reasons.length > 0 ? (
        <details className="why-route">
          <summary className="label">Why this route</summary>
          <ul className="m mt-2 flex flex-col gap-1">
            {task.route.held ? <li>Held for a human: {task.route.held.reason}</li> : null}
            {task.route.reasons.map((r) => (
              <li key={r}>{r}</li>
            ))}
            {skippedUnsaid(task.route).map((s) => (
              <li key={`${s.tier}${s.model}`}>
                {tierName(s.tier)} ({s.model}) skipped: {s.reason}
              </li>
            ))}
          </ul>
          <CorrectRoute task={task} route={task.route} />
        </details>
      ) : null}
      <Plan task={task} />
      <Timeline id={task.id} />
    </section>
  );
}
