import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { FeedEvent } from '#server/domain/views/feed.ts';
import { concerns, invalidator } from './invalidate.ts';

const event = (more: Partial<FeedEvent>): FeedEvent => ({
  id: '1-1',
  type: 'task.done',
  entity: 'task',
  entityId: '4001',
  taskId: 4001,
  pipelineId: 12,
  projectId: 'p1',
  from: 'RUNNING',
  to: 'DONE',
  actor: 'engine',
  reason: '',
  at: new Date(),
  ...more,
});
const key = (room: string, procedure: string, id?: number) => [[room, procedure], { input: { id } }] as const;

describe('what an event makes old', () => {
  it('is the board and the strip, always', () => {
    expect(concerns(event({}), key('board', 'get'), undefined)).toBe(true);
    expect(concerns(event({}), key('strip', 'get'), undefined)).toBe(true);
  });

  it('is its own task and pipeline, and no other', () => {
    expect(concerns(event({}), key('tasks', 'timeline', 4001), undefined)).toBe(true);
    expect(concerns(event({}), key('tasks', 'timeline', 4002), undefined)).toBe(false);
    expect(concerns(event({}), key('pipelines', 'get', 12), undefined)).toBe(true);
    expect(concerns(event({}), key('pipelines', 'get', 13), undefined)).toBe(false);
  });

  it('is a task page that names its neighbours', () => {
    expect(concerns(event({}), key('tasks', 'get', 4002), { pipelineId: 12 })).toBe(true);
  });

  it('is a decision only when a question moved', () => {
    expect(concerns(event({}), key('queue', 'get', 1), undefined)).toBe(false);
    expect(concerns(event({ entity: 'escalation' }), key('queue', 'get', 1), undefined)).toBe(true);
  });
});

it('asks once for many events, and never twice at the same time', async () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const queries = new QueryClient();
  let asked = 0;
  let at = 0;
  let most = 0;
  await queries.prefetchQuery({ queryKey: [['board', 'get'], {}], queryFn: () => 1 });
  const observed = queries.getQueryCache().find({ queryKey: [['board', 'get'], {}] });
  expect(observed).toBeDefined();
  const original = queries.invalidateQueries.bind(queries);
  queries.invalidateQueries = async (...args) => {
    asked++;
    most = Math.max(most, ++at);
    await original(...args);
    await new Promise((r) => setTimeout(r, 20));
    at--;
  };
  const tell = invalidator(queries, 10);
  for (let i = 0; i < 50; i++) tell(event({}));
  await vi.advanceTimersByTimeAsync(60);
  tell(event({}));
  await vi.advanceTimersByTimeAsync(60);
  expect(asked).toBe(2);
  expect(most).toBe(1);
});
