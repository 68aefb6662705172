import { expect, it } from 'vitest';
import type { ToldPhone } from './wire.ts';
import {
  finishedSays,
  heardSays,
  needSays,
  runsSays,
  slowSays,
  spendSays,
  stuckSays,
  wrongSays,
} from './words.ts';

const now = Date.parse('2026-11-21T14:41:00Z');
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
const clock = (iso: string) => iso.slice(11, 16);
const phone = (over: Partial<ToldPhone> = {}): ToldPhone => ({
  now: ago(0),
  title: 'Bento',
  running: 4,
  queued: 0,
  hosts: { live: 2, all: 2 },
  stopped: null,
  troubles: [],
  watched: [],
  stuck: [],
  restarted: null,
  needYou: 0,
  oldestAskedAt: null,
  blocked: 0,
  spentTodayEur: 3.1,
  dayBudgetEur: 15,
  spentYesterdayEur: 0,
  tokensToday: 1200,
  scripted: false,
  finishedToday: 0,
  lastFinished: null,
  slow: [],
  cards: [],
  pending: [],
  ...over,
});

it('says that nothing is stuck only when somebody would notice', () => {
  const quiet = stuckSays(phone({ restarted: { taskId: 4002, title: '', at: ago(4) } }), now, clock);
  expect(`${quiet.says} ${quiet.detail}`).toBe(
    'Nothing is stuck. 4 are running. #4002 was silent, restarted 14:37.',
  );
  // The last answer of a version that knew of no troubles is still on the device.
  const { troubles: _, watched: __, ...kept } = phone();
  expect(stuckSays(kept, now, clock).says).toBe('Nothing is stuck.');
  const stuck = [{ taskId: 7, title: '', host: 'FORGE', since: ago(6) }];
  expect(stuckSays(phone({ stuck }), now, clock)).toMatchObject({
    says: '1 may be stuck.',
    detail: '#7 on FORGE, silent for 6m. It is restarted by itself.',
  });
  const unheard = [{ taskId: 7, title: '', host: 'FORGE', since: ago(0.2), unheard: true }];
  expect(stuckSays(phone({ stuck: unheard }), now, clock).detail).toBe(
    '#7 on FORGE, not heard from for 12s. It is restarted by itself.',
  );
  // A queue that nobody works on is stuck, though no attempt is silent.
  expect(stuckSays(phone({ queued: 3, hosts: { live: 0, all: 2, resting: 2 } }), now, clock)).toMatchObject({
    says: '3 wait for a host.',
    detail: 'All hosts were paused, drained or stopped by a person. Resume them on the fleet page.',
  });
  expect(stuckSays(phone({ running: 0, queued: 3, hosts: { live: 0, all: 2 } }), now, clock).says).toBe(
    '3 wait for a host.',
  );
  const stopped = { by: 'Alem', at: ago(2), reason: 'Too dear' };
  expect(stuckSays(phone({ stopped, stuck }), now, clock)).toMatchObject({
    says: 'The factory is stopped.',
    detail: 'By Alem, 2m ago. Too dear',
  });
});

it('does not say that nothing is stuck while something is watched', () => {
  const seconds = (n: number) => new Date(now + n * 1_000).toISOString();
  const forge = { title: 'FORGE is not heard of', since: seconds(-10), tellAt: seconds(110) };
  const says = (over: Partial<ToldPhone>) => {
    const s = stuckSays(phone({ watched: [forge], ...over }), now, clock);
    return `${s.says} ${s.detail}`;
  };
  expect(says({})).toBe(
    'FORGE is not heard of. Watched for 10s: you are told if it lasts another 1m 50s. 4 are running.',
  );
  expect(says({ watched: [forge, forge, forge], running: 0 })).toContain('2 more are watched. Nothing runs.');
  // What people were told comes first.
  const troubles = [{ title: 'ANVIL has 1.2 GB of disk left', why: '', urgent: true }];
  expect(says({ troubles })).toMatch(/^ANVIL has 1.2 GB of disk left\./);
});

it('says that the conductor is not heard from before it says anything the conductor would have to mend', () => {
  const run = (
    name: string,
    kind: 'web' | 'conductor' | 'worker',
    seconds: number | null,
    overdue: boolean,
  ) => ({
    name,
    kind,
    heardAt: seconds === null ? null : ago(seconds / 60),
    startedAt: ago(90),
    version: '0.1.0',
    overdue,
  });
  const web = run('web', 'web', 0, false);
  const hung = run('conductor', 'conductor', 12, true);
  const forge = run('worker of FORGE', 'worker', 3, false);
  const stuck = [{ taskId: 7, title: '', host: 'FORGE', since: ago(6) }];
  const s = stuckSays(phone({ runs: [web, hung, forge], stuck }), now, clock);
  expect(`${s.says} ${s.detail}`).toBe(
    'The conductor is not heard from. For 12s. Answers, retries, merges and all that is fetched or pushed wait for it; what runs goes on until it needs one of these. Where npm start runs, it is started again by itself after a minute.',
  );
  expect(runsSays([web, hung, forge])).toEqual({ shape: 'stale', says: 'Not heard from: conductor.' });
  expect([web, hung, forge].map((r) => heardSays(r, now))).toEqual([
    'heard 0s ago',
    'not heard from for 12s',
    'heard 3s ago',
  ]);
  const well = [web, { ...hung, overdue: false }, forge];
  expect(stuckSays(phone({ runs: well }), now, clock).says).toBe('Nothing is stuck.');
  expect(runsSays(well).says).toBe('All 3 processes are heard.');
  expect(heardSays(run('worker of ANVIL', 'worker', null, true), now)).toBe('never heard from');
});

it('does not say that nothing is stuck while the server cannot know', () => {
  const s = wrongSays('The database does not answer.', phone(), clock);
  expect(`${s.says} ${s.detail}`).toBe(
    'The database does not answer. Nothing is lost: all goes on by itself when it answers again. The rest is how it was at 14:41.',
  );
});

it('says one loss quietly, and many as something to look at', () => {
  const restarted = { taskId: 4002, title: '', at: ago(4), times: 4 };
  expect(stuckSays(phone({ restarted }), now, clock).says).toBe('Nothing is stuck.');
  const s = stuckSays(phone({ restarted: { ...restarted, times: 5 } }), now, clock);
  expect(`${s.says} ${s.detail}`).toBe(
    'Work falls silent again and again. 5 times within six hours, #4002 at 14:37. Look at the logs of its host.',
  );
});

it('counts what needs the reader, and says since when', () => {
  expect(needSays(phone(), now).says).toBe('Nothing needs you.');
  const two = needSays(phone({ needYou: 2, oldestAskedAt: ago(21), blocked: 3 }), now);
  expect(`${two.says} ${two.detail}`).toBe('2 need you. Oldest 21m. They block 3 more.');
  expect(needSays(phone({ needYou: 10_000 }), now).says).toBe('10,000 need you.');
});

it('says what it cost, what finished and what is slow, and nothing it does not know', () => {
  expect(spendSays(phone())).toMatchObject({
    says: '€3.10 of €15.00 today.',
    detail: '1,200 tokens.',
  });
  expect(spendSays(phone({ dayBudgetEur: 3 })).detail).toBe(
    'The budget is used up: what costs something waits. 1,200 tokens.',
  );
  expect(spendSays(phone({ scripted: true })).detail).toBe('Scripted, no model was called.');
  expect(finishedSays(phone(), clock).says).toBe('None finished yet.');
  const lastFinished = { taskId: 4001, title: '', at: ago(10) };
  expect(finishedSays(phone({ finishedToday: 3, lastFinished }), clock).says).toBe(
    '3 finished today. Last #4001 14:31',
  );
  expect(slowSays(phone()).says).toBe('Nothing is slow.');
  const slow = [{ taskId: 9, title: '', stage: 'BUILD' as const, runningMs: 720_000, usualMs: 240_000 }];
  expect(slowSays(phone({ slow })).says).toBe('#9 is slow: 12m in BUILD, usually under 4m.');
});
