import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { invariants, type Violation } from '#server/engine/invariants.ts';
import { bareRepositoryOf } from '#server/projects/git.ts';
import { disagreements, snapshot } from '#test/replay.ts';
import { submitChains } from './load.ts';
import { startWorld, type World } from './world.ts';

export interface Story {
  backend: 'postgres' | 'redis';
  chains: number;
  projects: number;
  kills: number;
  stops: number;
  empties: number;
  web: boolean;
  /** Give up after this many milliseconds. */
  limitMs: number;
  seed: number;
}

export interface Outcome {
  seconds: number;
  finished: number;
  unfinished: string[];
  violations: Violation[];
  stepsDoneTwice: number;
  lostAttempts: number;
  movedBases: number;
  missingFromMain: number[];
  leftBehind: string[];
  /** Where the replay of the log and the tables disagree. */
  untold: string[];
  kills: number;
  stops: number;
  empties: number;
}

/** The same faults in the same order for the same seed. */
function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1_664_525) + 1_013_904_223) >>> 0;
    return s / 2 ** 32;
  };
}

async function emptyQueue(w: World): Promise<void> {
  if (w.services.env.REDIS_URL) {
    const redis = new Redis(w.services.env.REDIS_URL);
    await redis.flushall();
    redis.disconnect();
    return;
  }
  await w.services.db.pool.query(`DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT format('bullmq.%I', tablename) FROM pg_tables WHERE schemaname = 'bullmq' AND tablename LIKE '%job%' LOOP
      EXECUTE 'TRUNCATE ' || t || ' CASCADE';
    END LOOP; END $$`);
}

/** Kills, stops and empties at random moments while the work goes on. Ends by itself. */
async function torment(
  w: World,
  o: Story,
  signal: AbortSignal,
  done: Pick<Outcome, 'kills' | 'stops' | 'empties'>,
): Promise<void> {
  const rnd = random(o.seed);
  const victims = [...w.children.keys()].filter((n) => n !== 'rehearsal');
  const hosts = victims.filter((n) => n.startsWith('host-'));
  const deeds = [
    ...Array.from({ length: o.kills }, () => 'kill' as const),
    ...Array.from({ length: o.stops }, () => 'stop' as const),
    ...Array.from({ length: o.empties }, () => 'empty' as const),
  ]
    .map((deed) => ({ deed, at: rnd() }))
    .sort((a, b) => a.at - b.at);
  const pause = (o.chains * 1_200) / deeds.length;
  const pick = (from: string[]) => w.children.get(from[Math.floor(rnd() * from.length)] as string);
  for (const { deed } of deeds) {
    await sleep(pause * (0.5 + rnd()), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    if (deed === 'empty') {
      await emptyQueue(w);
      done.empties++;
      continue;
    }
    const pid = pick(deed === 'stop' ? hosts : victims)?.pid;
    if (!pid) continue;
    try {
      if (deed === 'kill') process.kill(pid, 'SIGKILL');
      else {
        process.kill(pid, 'SIGSTOP');
        // Past the lease: another worker takes over, and this one wakes up to writes that are refused.
        await sleep(w.services.timing.lease * 1.4, undefined, { signal }).catch(() => {});
        process.kill(pid, 'SIGCONT');
      }
      done[deed === 'kill' ? 'kills' : 'stops']++;
    } catch {
      // it had died already
    }
  }
}

/** Processes that still belong to this home. */
function processesOf(home: string): string[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((d) => /^\d+$/.test(d) && Number(d) !== process.pid)
      .flatMap((pid) => {
        try {
          const said =
            readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
          return said.includes(home)
            ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200)}`]
            : [];
        } catch {
          return [];
        }
      });
  }
  return execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(home));
}

/** Chains accepted with a merge whose commit is not on the project's branch: "done" that is not done. */
async function missingFromMain(w: World): Promise<number[]> {
  const { rows } = await w.services.db.pool.query<{
    id: number;
    sha: string;
    project: string;
    branch: string;
  }>(
    `SELECT c.id, c.accepted_sha sha, p.id project, p.default_branch branch FROM chain c JOIN pipeline l ON l.id = c.pipeline_id
     JOIN project p ON p.id = l.project_id WHERE c.accepted_sha IS NOT NULL`,
  );
  return rows
    .filter((r) => {
      try {
        execFileSync(
          'git',
          ['--git-dir', bareRepositoryOf(w.home, r.project), 'merge-base', '--is-ancestor', r.sha, r.branch],
          { stdio: 'ignore' },
        );
        return false;
      } catch {
        return true;
      }
    })
    .map((r) => r.id);
}

async function untold(w: World): Promise<string[]> {
  const { db } = w.services;
  const { rows } = await db.pool.query<{ id: number }>('SELECT id FROM pipeline ORDER BY id');
  return await disagreements(db, [
    await snapshot(
      db,
      rows.map((r) => r.id),
    ),
  ]);
}

/** Sets a factory to work, torments it, and tells what became of the work. */
export async function tell(o: Story): Promise<Outcome> {
  const w = await startWorld({ backend: o.backend, scale: 0.1, web: o.web });
  const over = new AbortController();
  const done = { kills: 0, stops: 0, empties: 0 };
  const started = Date.now();
  const q = async <T>(sql: string): Promise<T[]> => (await w.services.db.pool.query(sql)).rows as T[];
  let stopped = false;
  try {
    await submitChains(w, o.chains, o.projects);
    let tormented = false;
    const torments = torment(w, o, over.signal, done).finally(() => {
      tormented = true;
    });
    let unfinished: string[] = [];
    for (;;) {
      const left = await q<{ id: number; state: string }>(
        `SELECT root_task_id id, state FROM chain WHERE state NOT IN ('FINISHED')`,
      );
      unfinished = left.map((c) => `#${c.id} ${c.state}`);
      // A quick machine is done before the last fault: it meets the rest of them too.
      if ((left.length === 0 && tormented) || Date.now() - started > o.limitMs) break;
      await sleep(500);
    }
    over.abort();
    await torments;
    // The conductor settles what a kill left half told.
    for (let i = 0; i < 60 && (await invariants(w.services.db.pool)).length > 0; i++) await sleep(500);
    const seconds = (Date.now() - started) / 1000;
    const [facts] = await q<{ finished: number; lost: number; moved: number; twice: number }>(
      `SELECT (SELECT count(*)::int FROM chain WHERE state = 'FINISHED') finished,
         (SELECT count(*)::int FROM attempt WHERE state IN ('LOST', 'TIMED_OUT')) lost,
         (SELECT count(*)::int FROM effect e JOIN task t ON t.id = e.task_id WHERE e.state = 'DONE' AND e.old_sha <> coalesce((SELECT min(x.old_sha) FROM effect x WHERE x.project_id = e.project_id AND x.id = (SELECT min(y.id) FROM effect y WHERE y.project_id = e.project_id)), '')) moved,
         (SELECT count(*)::int FROM (SELECT 1 FROM event WHERE type = 'step.done' GROUP BY entity_id HAVING count(*) > 1) d) twice`,
    );
    const outcome = {
      seconds,
      finished: facts?.finished ?? 0,
      unfinished,
      violations: await invariants(w.services.db.pool),
      stepsDoneTwice: facts?.twice ?? -1,
      lostAttempts: facts?.lost ?? 0,
      movedBases: facts?.moved ?? 0,
      missingFromMain: await missingFromMain(w),
      untold: await untold(w),
      ...done,
    };
    await w.stop();
    stopped = true;
    await sleep(500);
    return { ...outcome, leftBehind: processesOf(w.home) };
  } finally {
    over.abort();
    if (!stopped) await w.stop();
  }
}
