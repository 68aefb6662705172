import { expect, it } from 'vitest';
import { statusOf } from './looks.ts';
import { overdueAfter, timing } from './timing.ts';

const t = timing();
const now = new Date('2026-11-22T14:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);

const look = (heard: number, progress = heard) =>
  statusOf(
    {
      status: 'RUNNING',
      stage: 'BUILD',
      verdict: null,
      project_id: 'bento',
      unmet: 0,
      host: 'forge',
      created_at: ago(900),
      waiting_since: ago(800),
      finished_at: null,
      attempt: { started_at: ago(700), heard_at: ago(heard), last_progress_at: ago(progress) },
      asks: null,
    },
    { now, suspicious: t.suspicious, overdue: overdueAfter(t) },
  );

it('does not show as running whose worker missed a heartbeat, long before its lease ends', () => {
  expect(look(9)).toMatchObject({ look: 'running', word: 'Building', heardAt: ago(9) });
  expect(look(12)).toMatchObject({ look: 'stale', word: 'Not heard from', since: ago(12) });
  // The dead make no progress either; since when nothing is heard is what counts.
  expect(look(400, 500)).toMatchObject({ word: 'Not heard from', since: ago(400) });
});

it('tells a worker that is heard of from its agent that says nothing', () => {
  expect(look(2, 301)).toMatchObject({ look: 'stale', word: 'Silent', since: ago(301) });
});

it('never waits longer than the lease, and calls no pause of a busy machine a silence', () => {
  expect(overdueAfter(timing(1))).toBe(10_000);
  expect(overdueAfter(timing(0.3))).toBe(5_000);
  expect(overdueAfter(timing(0.1))).toBe(timing(0.1).lease);
});
