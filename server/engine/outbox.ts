import type { Queryable } from '#server/platform/db.ts';
import type { Actor } from './event.ts';

/** One message to deliver: it wakes the worker of a host, which chooses by the rows. */
export interface Delivery {
  taskId: number;
  dispatch: number;
  host: string;
}

/** How messages leave: BullMQ in production. Must tolerate a message it has already seen. */
export interface Publisher {
  publish(deliveries: Delivery[]): Promise<void>;
}

interface Row {
  task_id: number;
  dispatch: number;
  host: string;
}
const toDelivery = (r: Row): Delivery => ({
  taskId: r.task_id,
  dispatch: r.dispatch,
  host: r.host,
});

async function queueFrom(
  q: Queryable,
  from: 'OPEN' | 'RUNNING' | 'QUEUED',
  taskIds: number[],
  actor: Actor,
  reason: string,
  host: string | null,
): Promise<Delivery[]> {
  if (taskIds.length === 0) return [];
  const { rows } = await q.query<Row>({
    name: 'alai_queue',
    text: 'SELECT * FROM alai_queue($1, $2, $3, $4, $5, $6)',
    values: [taskIds, from, actor.kind, actor.name, reason, host],
  });
  return rows.map(toDelivery);
}

/** Queues those of `taskIds` that are OPEN and may start; returns what must be published after commit. */
export function queueTasks(
  q: Queryable,
  taskIds: number[],
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  return queueFrom(q, 'OPEN', taskIds, actor, reason, null);
}

/** Gives RUNNING tasks whose attempt has just ended back to the queue. */
export function requeueTasks(
  q: Queryable,
  taskIds: number[],
  actor: Actor,
  reason: string,
): Promise<Delivery[]> {
  return queueFrom(q, 'RUNNING', taskIds, actor, reason, null);
}

/** Delivers QUEUED tasks again, to `host` when it is given; one that was claimed meanwhile is left alone. */
export function relaneTasks(
  q: Queryable,
  taskIds: number[],
  actor: Actor,
  reason: string,
  host: string | null = null,
): Promise<Delivery[]> {
  return queueFrom(q, 'QUEUED', taskIds, actor, reason, host);
}

/** Publishes and remembers that it did. A crash in between publishes twice, which the claim refuses. */
export async function publishDeliveries(
  q: Queryable,
  publisher: Publisher,
  deliveries: Delivery[],
): Promise<void> {
  if (deliveries.length === 0) return;
  await publisher.publish(deliveries);
  await markSent(q, deliveries);
}

async function markSent(q: Queryable, deliveries: Delivery[]): Promise<void> {
  await q.query(
    `UPDATE outbox o SET sent_at = clock_timestamp() FROM unnest($1::bigint[], $2::int[]) u(t, d)
     WHERE o.task_id = u.t AND o.dispatch = u.d AND o.sent_at IS NULL`,
    [deliveries.map((d) => d.taskId), deliveries.map((d) => d.dispatch)],
  );
}

/** What a process committed and then died before publishing. Only rows older than `olderThanMs`, oldest first. */
export async function unsentDeliveries(q: Queryable, olderThanMs: number): Promise<Delivery[]> {
  const { rows } = await q.query<Row>(
    `SELECT o.task_id, o.dispatch, o.host FROM outbox o JOIN task t ON t.id = o.task_id
     WHERE o.sent_at IS NULL AND o.created_at < now() - make_interval(secs => $1 / 1000.0)
       AND t.dispatch = o.dispatch AND t.status = 'QUEUED' ORDER BY o.id LIMIT 1000`,
    [olderThanMs],
  );
  return rows.map(toDelivery);
}
