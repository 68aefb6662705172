/** A day of the factory in six minutes (1:240): work comes, model servers fail at random, a worker is killed now and then.
 * `npm run bench -- day [--minutes 6] [--json]` */
import { randomUUID } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createWork } from '#server/api/compose.ts';
import { createTasksSchema } from '#server/domain/views/new-task.ts';
import { invariants } from '#server/engine/invariants.ts';
import { makeProject } from '#test/faults/load.ts';
import { startWorld } from '#test/faults/world.ts';
import { growth, look, type Seen } from './day/watch.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '6' }, json: { type: 'boolean', default: false } },
});
const dayMs = Number(values.minutes) * 60_000;
const FAULTS = [
  '429',
  '429-later',
  '500',
  '503',
  'hang-up',
  'truncated',
  'bad-json',
  'reset',
  'empty',
  'unknown-tool',
  'bad-arguments',
  'stall',
  'refusal',
  'drip',
];
/** These hold a slot until a deadline: one at a time is what happens in life. */
const SLOW = ['stall', 'drip'];
/** Deliverables an hour of the day; each is a BUILD, a REVIEW and a SECURITY. A shorter run has less of them. */
const PER_HOUR = (2 * Number(values.minutes)) / 6;

/** Small, fast and the same everywhere (mulberry32): the same day for everybody. */
function dice(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const root = path.resolve(import.meta.dirname, '..');
const companies = path.join(root, '.alai-test', `day-${process.pid}`);
cpSync(path.join(root, 'companies'), companies, { recursive: true });
const prices = path.join(companies, '_shared/prices.yaml');
// Scripted answers cost nothing; here they are counted, so that there is something to add up.
writeFileSync(
  prices,
  readFileSync(prices, 'utf8')
    .replace('count_scripted: false', 'count_scripted: true')
    .replace(/default: 0\.10\s+hosts: \{.*\}/, 'default: 40\n  hosts: { anvil: 40, forge: 60 }'),
);

const w = await startWorld({ backend: 'postgres', scale: 0.1, web: false, pace: 150, companies });
const { db } = w.services;
const seen: Seen = { silentMs: 0, overSlots: 0, memory: new Map(), running: [] };
const one = async <T>(sql: string): Promise<T> => (await db.pool.query(sql)).rows[0] as T;
const said = { faults: 0, kills: 0, tasks: 0 };
const say = (text: string) => values.json || process.stderr.write(`${text}\n`);

try {
  await db.pool.query(
    `INSERT INTO budget(scope, key, limit_eur, set_by) SELECT s, '', 90000, 'the bench' FROM unnest(ARRAY['task', 'pipeline', 'company', 'project', 'day', 'month']) s`,
  );
  const roll = dice(2_026);
  const folders = Array.from({ length: 4 }, (_, i) =>
    makeProject(path.join(w.home, 'projects', `product-${i + 1}`)),
  );
  const started = Date.now();
  const hour = dayMs / 24;
  let next = 0;
  let faultAt = 5_000;
  let killAt = dayMs / 3;
  while (Date.now() - started < dayMs) {
    const now = Date.now() - started;
    if (now >= next) {
      // More by day than by night.
      const busy = now / hour > 7 && now / hour < 20;
      next = now + (hour / PER_HOUR) * (busy ? 0.6 : 1.8) * (0.5 + roll());
      said.tasks++;
      await createWork(
        w.services,
        createTasksSchema.parse({
          idempotencyKey: randomUUID(),
          project: folders[said.tasks % folders.length],
          pipelineTitle: null,
          tasks: [{ title: `Add the helper number ${said.tasks}` }],
        }),
        { kind: 'human', name: 'CEO' },
      );
    }
    if (now >= faultAt) {
      faultAt = now + 1_500 + roll() * 3_000;
      said.faults++;
      const fault = FAULTS[Math.floor(roll() * FAULTS.length)];
      await fetch(`${w.rehearsalUrl}/rehearsal/faults`, {
        method: 'POST',
        body: JSON.stringify({ fault, times: SLOW.includes(fault ?? '') ? 1 : 1 + Math.floor(roll() * 3) }),
      }).catch(() => {});
    }
    if (now >= killAt) {
      killAt += dayMs / 2;
      said.kills++;
      const pid = w.children.get(roll() < 0.5 ? 'host-anvil' : 'host-forge')?.pid;
      if (pid) process.kill(pid, 'SIGKILL');
    }
    await look(w, seen);
    await sleep(1_000);
  }
  await fetch(`${w.rehearsalUrl}/rehearsal/faults`, { method: 'DELETE' }).catch(() => {});
  say('The day is over; what is left is finished.');
  const evening = Date.now() + 300_000;
  const open = () =>
    one<{ n: number }>(`SELECT count(*)::int n FROM task WHERE status IN ('QUEUED', 'RUNNING')`);
  while ((await open()).n > 0 && Date.now() < evening) {
    await look(w, seen);
    await sleep(1_000);
  }
  const end = await one<Record<string, number>>(
    `SELECT (SELECT count(*)::int FROM attempt WHERE state IN ('LEASED', 'RUNNING')) "stillLive",
       (SELECT count(*)::int FROM task WHERE status IN ('QUEUED', 'RUNNING')) "stillOpen",
       (SELECT count(*)::int FROM task WHERE status = 'NEEDS_HUMAN') "asksHuman",
       (SELECT count(*)::int FROM chain WHERE state = 'FINISHED') finished,
       (SELECT count(*)::int FROM chain) chains,
       (SELECT count(*)::int FROM attempt) attempts,
       (SELECT count(*)::int FROM attempt WHERE state = 'FAILED') failed,
       (SELECT count(*)::int FROM attempt WHERE state = 'LOST') lost,
       (SELECT count(*)::int FROM ticket WHERE closed_at IS NULL) "openTickets",
       (SELECT coalesce(sum(reserved_eur), 0)::float8 FROM budget_use) reserved,
       (SELECT coalesce(sum(cost_eur), 0)::float8 FROM call) calls,
       (SELECT coalesce(sum(cost_eur), 0)::float8 FROM attempt) "ofAttempts",
       (SELECT coalesce(sum(spent_eur), 0)::float8 FROM budget_use WHERE scope = 'day') "ofDays",
       (SELECT coalesce(sum(spent_eur), 0)::float8 FROM budget_use WHERE scope = 'task') "ofTasks"`,
  );
  const busy = seen.running.reduce((a, b) => a + b, 0) / Math.max(1, seen.running.length);
  const violations = await invariants(db.pool, end.stillOpen === 0);
  const memory = growth(seen);
  const near = (a: number | undefined, b: number | undefined) => Math.abs((a ?? 0) - (b ?? 0)) < 0.000_01;
  const held = {
    'no attempt was silent for longer than its lease and a sweep':
      seen.silentMs <= w.services.timing.lease + w.services.timing.sweep + 2_000,
    'no attempt is left': end.stillLive === 0 && end.stillOpen === 0,
    'no slot was given twice or kept': seen.overSlots <= 0,
    'no promised money is kept': end.openTickets === 0 && near(end.reserved, 0),
    'what was spent is the sum of its calls':
      near(end.calls, end.ofAttempts) && near(end.calls, end.ofDays) && near(end.calls, end.ofTasks),
    'something was spent': (end.calls ?? 0) > 0,
    'memory is flat (last quarter at most 1.25 times the second)': Object.values(memory).every(
      (r) => r <= 1.25,
    ),
    'no invariant is broken': violations.length === 0,
  };
  const result = {
    minutes: Number(values.minutes),
    ...said,
    ...end,
    silentMs: Math.round(seen.silentMs),
    memory,
    violations,
    held,
  };
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    process.stdout.write(
      `${said.tasks} deliverables, ${said.faults} faults, ${said.kills} workers killed: ${end.finished} of ${end.chains} chains finished, ${end.asksHuman} ask a human; ${end.attempts} attempts, ${end.failed} failed, ${end.lost} lost\nspent €${end.calls?.toFixed(4)}; memory ${JSON.stringify(memory)}; longest silence ${Math.round(seen.silentMs)} ms, ${busy.toFixed(1)} attempts at a time\n`,
    );
    for (const [what, ok] of Object.entries(held)) process.stdout.write(`${ok ? '✓' : '✕'} ${what}\n`);
  }
  process.exitCode = Object.values(held).every(Boolean) ? 0 : 1;
} finally {
  await w.stop();
  rmSync(companies, { recursive: true, force: true });
}
