'use client';
import { useQuery } from '@tanstack/react-query';
import type { TicketView } from '#server/domain/views/spend.ts';
import type { TaskView } from '#server/domain/views/task.ts';
import { useTRPC } from '../live/trpc.ts';
import { count, money, took } from '../ui/format.ts';
import { hostName, tierName } from '../ui/words.ts';
import { ticketText } from './ticket-words.ts';

const ends: Record<TaskView['attempts'][number]['state'], string> = {
  LEASED: 'starting',
  RUNNING: 'running',
  SUCCEEDED: 'done',
  FAILED: 'failed',
  YIELDED: 'gave way',
  LOST: 'lost its host',
  TIMED_OUT: 'ran out of time',
  CANCELLED: 'cancelled',
};

/** What was expected of an attempt when it was let in, under what it took. */
function Ticket({ of: t }: { of: TicketView | undefined }) {
  if (!t) return null;
  return (
    <>
      <span className="m ticket-why">{ticketText(t)}</span>
      <span className="n m">{t.forecastMs === null ? '' : took(t.forecastMs)}</span>
      <span className="n m">{money(t.forecastEur)}</span>
    </>
  );
}

/** Tokens, seconds and money of each attempt and each model call. */
export function Cost({ task }: { task: TaskView }) {
  const trpc = useTRPC();
  const cost = useQuery(trpc.tasks.calls.queryOptions({ id: task.id }));
  const tickets = useQuery(trpc.spend.tickets.queryOptions({ taskId: task.id }));
  const calls = cost.data ?? [];
  if (task.attempts.length === 0)
    return <p className="p-4 text-muted">Nothing was spent. No agent has started.</p>;
  return (
    <>
      <h2 className="panel-head">Attempts</h2>
      <ul className="lines">
        {task.attempts.map((a) => (
          <li key={a.id} className="attempt">
            <span className="n m">{a.n}</span>
            <span className="grow">
              {hostName(a.host)} slot {a.slot} · {a.model} · {tierName(a.tier)}
              <span className="m" title={a.error ?? undefined}>
                {' '}
                {ends[a.state]}
              </span>
            </span>
            <span className="n m">{a.endedAt ? took(a.endedAt.getTime() - a.startedAt.getTime()) : ''}</span>
            <span className="n">{a.scripted ? 'scripted' : money(a.costEur)}</span>
            <Ticket of={tickets.data?.find((t) => t.attemptId === a.id)} />
          </li>
        ))}
        <li>
          <strong className="grow">Task</strong>
          <span className="n m">
            {count(task.tokensIn)} in, {count(task.tokensOut)} out
          </span>
          <strong className="n">{money(task.costEur)}</strong>
        </li>
      </ul>
      <h2 className="panel-head">
        Model calls <span className="n">{calls.length}</span>
      </h2>
      <ul className="lines">
        {calls.map((c) => (
          <li key={c.id}>
            <span className="grow cut">
              {c.stepKey}
              <span className="m">
                {' '}
                {c.model}
                {c.ok ? '' : `, ${c.errorCode ?? 'failed'}`}
              </span>
            </span>
            <span className="n m">
              {count(c.tokensIn)} + {count(c.tokensOut)}
            </span>
            <span className="n m w-14 text-right">{took(c.ms)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
