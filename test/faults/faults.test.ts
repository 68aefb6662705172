import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tell } from './story.ts';
import { redisInstalled } from './world.ts';

const MINUTES = 60_000;
const web = existsSync('.next/BUILD_ID');
if (!web && process.env.CI)
  throw new Error('The pages are not built, and the web server has to be killed too: npm run build first.');
const backends = (['postgres', 'redis'] as const).filter((b) => b === 'postgres' || redisInstalled());
if (backends.length < 2 && process.env.CI)
  throw new Error('redis-server is missing: the faults must be met on both backends.');

/** The share of the load that is met; the check of every commit takes less of it, because it has to be over in time. */
const share = Number(process.env.ALAI_FAULT_LOAD ?? 1);
const of = (n: number) => Math.max(1, Math.round(n * share));
/** Messages only wake workers, so half the load says as much of the second backend. */
const load = {
  postgres: { chains: of(60), kills: of(30), stops: of(10) },
  redis: { chains: of(30), kills: of(15), stops: of(5) },
};

describe.each(backends)('many chains on %s, while everything is killed, stopped and emptied', (backend) => {
  it(
    'all finish, nothing is done twice, nothing stays behind',
    async () => {
      const o = await tell({
        backend,
        ...load[backend],
        projects: 10,
        empties: 2,
        web,
        limitMs: 5.5 * MINUTES,
        seed: 4711,
      });
      console.log(JSON.stringify({ backend, ...o }));
      expect(o.unfinished).toEqual([]);
      expect(o.violations).toEqual([]);
      expect(o.stepsDoneTwice).toBe(0);
      expect(o.missingFromMain).toEqual([]);
      // The log alone tells what the tables say.
      expect(o.untold).toEqual([]);
      expect(o.leftBehind).toEqual([]);
      expect(o.finished).toBeGreaterThanOrEqual(load[backend].chains);
      // The faults were real: attempts were lost, and bases moved under merges.
      expect(o.kills).toBeGreaterThanOrEqual(load[backend].kills * 0.8);
      expect(o.stops).toBeGreaterThanOrEqual(load[backend].stops * 0.8);
      expect(o.empties).toBe(2);
      expect(o.lostAttempts).toBeGreaterThan(0);
      expect(o.movedBases).toBeGreaterThan(1);
    },
    7 * MINUTES,
  );
});
