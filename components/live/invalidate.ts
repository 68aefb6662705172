import type { QueryClient } from '@tanstack/react-query';
import type { FeedEvent } from '#server/domain/views/feed.ts';
import type { TaskView } from '#server/domain/views/task.ts';

type Key = readonly [readonly string[], { input?: { id?: number } }?];

/** Whether an event can have changed what a cached query shows. */
export function concerns(event: FeedEvent, key: Key, data: unknown): boolean {
  const [room, procedure] = key[0];
  const asked = key[1]?.input?.id;
  if (room === 'strip' || room === 'board' || room === 'factory') return true;
  if (room === 'fleet')
    return procedure === 'get' && ['host', 'attempt', 'task', 'factory'].includes(event.entity);
  if (room === 'companies') return procedure === 'list' || procedure === 'get';
  if (room === 'queue')
    return procedure === 'list' || event.entity === 'escalation' || event.entity === 'decision';
  // A log only grows, and whoever shows one asks for what is new himself.
  if (room === 'pipelines' && (procedure === 'log' || procedure === 'history')) return false;
  if (room === 'pipelines') return procedure === 'list' || asked === event.pipelineId;
  if (room === 'projects') return event.entity === 'project';
  if (room === 'tasks') {
    if (procedure === 'transcript') return false;
    if (procedure === 'list') return true;
    if (asked === event.taskId) return true;
    // A task page also names what it waits for and blocks, which are its pipeline's other tasks.
    return procedure === 'get' && (data as TaskView | undefined)?.pipelineId === event.pipelineId;
  }
  return false;
}

/**
 * Gathers events and refetches what they concern, at most twenty times a second and never twice at once, so that a
 * busy factory cannot starve the page of an answer.
 */
export function invalidator(queries: QueryClient, gap = 50): (event: FeedEvent) => void {
  let waiting: FeedEvent[] = [];
  let running = false;
  let last = -gap;

  const flush = async () => {
    running = true;
    while (waiting.length > 0) {
      // The first event after a rest is shown at once; those that come with it or after it are gathered.
      await new Promise((r) => setTimeout(r, Math.max(0, last + gap - performance.now())));
      last = performance.now();
      const events = waiting;
      waiting = [];
      await queries.invalidateQueries({
        predicate: (q) => events.some((e) => concerns(e, q.queryKey as unknown as Key, q.state.data)),
      });
    }
    running = false;
  };

  return (event) => {
    waiting.push(event);
    if (!running) void flush();
  };
}
