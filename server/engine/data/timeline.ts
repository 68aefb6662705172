import { answerName } from '#server/domain/answers.ts';
import { answers, escalationKinds } from '#server/domain/views/queue.ts';
import type { Look } from '#server/domain/views/status.ts';
import type { TimelineItem } from '#server/domain/views/timeline.ts';
import type { Db } from '#server/platform/db.ts';

interface EventRow {
  id: string;
  at: Date;
  type: string;
  entity: string;
  actor_kind: string;
  from_state: string | null;
  actor: string;
  reason: string;
  data: Record<string, unknown>;
}
type Said = [Look, string, string] | null;

const text = (v: unknown): string => (typeof v === 'string' || typeof v === 'number' ? String(v) : '');
const upper = (v: unknown): string => text(v).toUpperCase();
/** What an answer did, by the kind of its question; events from before that was kept have none. */
function answered(e: EventRow): string {
  const answer = answers.find((a) => a === e.data.answer);
  const kind = escalationKinds.find((k) => k === e.data.kind);
  return answer ? answerName(kind, answer).did : 'answered';
}

function routed(e: EventRow): Said {
  const route = (e.data.route ?? {}) as {
    company?: string;
    tier?: number;
    choices?: { host?: string | null }[];
    reasons?: string[];
  };
  const host = route.choices?.[0]?.host;
  const to = [text(route.company), route.tier ? `T${route.tier}` : '', host ? host.toUpperCase() : '']
    .filter(Boolean)
    .join(', ');
  // The page shows the whole route beside the timeline; here the first reason is enough.
  return ['done', `Routed to ${to || 'nobody'}`, route.reasons?.[0] ?? e.reason];
}

/** What each kind of event says on a timeline: look, sentence, reason. What is not here is not worth a line. */
const words: Record<string, (e: EventRow) => Said> = {
  'task.created': (e) => [
    'done',
    e.actor_kind === 'human' ? `Created by ${e.actor}` : 'Created by its chain',
    e.reason,
  ],
  'task.routed': routed,
  'task.edited': (e) => [
    'done',
    `Edited by ${e.actor}`,
    Object.keys((e.data.patch as object) ?? {}).join(', '),
  ],
  'task.queued': (e) => ['queued', `Queued for ${upper(e.data.host)}`, e.reason],
  'task.relaned': (e) => ['queued', `Moved to ${upper(e.data.host)}`, e.reason],
  'task.running': (e) => [
    'running',
    `Claimed by ${upper(e.data.host)} slot ${text(e.data.slot)}`,
    `Attempt ${text(e.data.n)}, ${text(e.data.model)}, T${text(e.data.tier)}`,
  ],
  'task.needs_human': (e) => ['yours', 'Asks you', e.reason],
  'task.open': (e) => [
    'queued',
    e.from_state === 'QUEUED'
      ? 'Waits again'
      : e.actor_kind === 'human'
        ? `Released by ${e.actor}`
        : 'Open again',
    e.reason,
  ],
  'task.done': (e) =>
    e.data.verdict === 'reject'
      ? ['failed', 'Rejected', e.reason]
      : ['done', e.actor_kind === 'human' ? `Done by hand, ${e.actor}` : 'Done', e.reason],
  'task.failed': (e) => ['failed', `Failed by ${e.actor}`, e.reason],
  'task.cancelled': (e) => ['cancelled', `Cancelled by ${e.actor}`, e.reason],
  'task.skipped': (e) => ['cancelled', `Skipped by ${e.actor}`, e.reason],
  'task.amended': (e) => [
    'queued',
    e.data.skipped ? `${text(e.data.skipped)} left out by ${e.actor}` : `Given another place by ${e.actor}`,
    e.reason,
  ],
  'task.added': (e) => [
    'done',
    `Added ${text(e.data.where)} #${text(e.data.anchor)} by ${e.actor}`,
    e.reason,
  ],
  'task.tier': (e) => [
    'queued',
    `${Number(e.data.tier) < Number(e.data.from) ? 'Goes down' : 'Moves up'} to T${text(e.data.tier)}`,
    e.reason,
  ],
  'attempt.failed': (e) => ['failed', 'Attempt failed', e.reason],
  'attempt.lost': (e) => ['failed', 'Attempt lost', e.reason],
  'attempt.timed_out': (e) => ['failed', 'Attempt ran out of time', e.reason],
  'attempt.yielded': (e) => ['queued', 'Attempt gave way', e.reason],
  'attempt.cancelled': (e) => ['cancelled', `Attempt stopped by ${e.actor}`, e.reason],
  'step.done': (e) => ['done', `Step ${text(e.data.key)} done`, ''],
  'escalation.pending': (e) => ['yours', `Answered by ${e.actor}: ${answered(e)}`, e.reason],
  'escalation.open': (e) =>
    e.actor_kind === 'human' ? ['yours', `${e.actor} took the answer back`, e.reason] : null,
  'chain.accepted': (e) => ['done', e.data.branch ? 'Accepted' : 'Merged', e.reason],
  'chain.needs_human': (e) => ['yours', 'The chain asks you', e.reason],
  'change.reverted': (e) => ['cancelled', 'Reverted', e.reason],
  'chain.finished': () => ['done', 'Chain finished', ''],
};

/** What happened to a task, oldest first, with reasons; failed gates stand between the events they belong to. */
export async function readTimeline(db: Db, taskId: number): Promise<TimelineItem[]> {
  const [events, gates] = await Promise.all([
    db.pool.query<EventRow>(
      `SELECT xid::text || '-' || seq id, at, type, entity, from_state, actor_kind, actor, reason, data FROM event
       WHERE task_id = $1 ORDER BY xid, seq LIMIT 2000`,
      [taskId],
    ),
    db.pool.query<{
      id: number;
      at: Date;
      gate: string;
      ok: boolean;
      detail: string;
      try_number: number;
      verdict: string;
    }>(
      `SELECT id, at, gate, ok, detail, try_number, verdict FROM gate_result WHERE task_id = $1 AND NOT ok ORDER BY id`,
      [taskId],
    ),
  ]);
  const items: TimelineItem[] = [];
  for (const e of events.rows) {
    const said = words[e.type]?.(e);
    if (said)
      items.push({ id: e.id, at: e.at, look: said[0], title: said[1], detail: said[2], actor: e.actor });
  }
  for (const g of gates.rows) {
    const after = g.verdict === 'retry' ? `, fed back as retry ${g.try_number} of 2` : '';
    items.push({
      id: `gate-${g.id}`,
      at: g.at,
      look: 'failed',
      title: `Gate ${g.gate} failed${after}`,
      detail: g.detail,
      actor: 'harness',
    });
  }
  return items.sort((a, b) => a.at.getTime() - b.at.getTime());
}
