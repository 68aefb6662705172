import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { invariants } from '#server/engine/invariants.ts';
import { submitChains } from './load.ts';
import { canMakeMachines, type Machine, makeMachine } from './network.ts';
import { staged, within } from './wait.ts';
import { startWorld, type World } from './world.ts';

let w: World | undefined;
let machines: Machine[] = [];
afterEach(async () => {
  for (const m of machines) m.heal();
  await w?.stop();
  await Promise.all(machines.map((m) => m.remove()));
  w = undefined;
  machines = [];
});

const able = canMakeMachines();
if (!able) console.log('Skipped: two hosts in two network namespaces (needs root and iproute2)');

/** How long the projects' own tests take. */
const TEST_MS = 8_000;
/** After so long without a database a host ends its agents, at the scale of this story (`timing.databaseSilence`). */
const SILENCE_MS = 3_000;

/** Processes of agents that still live, by what the host wrote down before it started them. */
function agents(world: World, host: string): number[] {
  const run = path.join(world.home, 'hosts', host, 'run');
  if (!existsSync(run)) return [];
  const pids = readdirSync(run).map((file) => Number(/^\d+/.exec(file)?.[0]));
  return pids.filter((pid) => {
    try {
      return pid > 0 && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  });
}

describe.runIf(able)('two machines and a cable', () => {
  it('a slow one goes on; one that is cut off stops by itself, its work is done by the other, and it comes back', {
    timeout: 240_000,
  }, async () => {
    const [anvil, forge] = [makeMachine(1), makeMachine(2)];
    machines = [anvil, forge];
    const at: Record<string, Machine> = { 'host-anvil': anvil, 'host-forge': forge };
    // A lease of 4.5 s.
    w = await startWorld({ backend: 'postgres', scale: 0.15, web: false, pace: 400, at });
    const world = w;
    const one = async (sql: string) => Number((await world.services.db.pool.query(sql)).rows[0]?.n ?? -1);
    const on = (host: string) =>
      one(`SELECT count(*) n FROM attempt WHERE host = '${host}' AND state IN ('LEASED', 'RUNNING')`);
    // One more than forge has slots for, so that anvil has work. Their tests outlive the time that a host without a database gives its agents.
    await submitChains(world, 4, 4, { testMs: TEST_MS });
    await staged(
      world,
      'both work',
      60_000,
      async () => (await on('anvil')) >= 1 && (await on('forge')) >= 1,
    );

    anvil.delay(120);
    await sleep(5_000);
    expect(await one(`SELECT count(*) n FROM attempt WHERE state = 'LOST'`)).toBe(0);
    anvil.delay(0);

    // One that has lived a second is the test of a project, with most of its time before it: when it is gone soon, it was ended.
    await staged(world, 'a test runs on anvil', 60_000, async () => {
      const before = agents(world, 'anvil');
      await sleep(1_000);
      return agents(world, 'anvil').some((pid) => before.includes(pid));
    });
    anvil.cut();
    const cutAt = Date.now();
    const silent = await within(
      world,
      'no agent of anvil lives',
      20_000,
      async () => agents(world, 'anvil').length === 0,
    );
    expect(silent).toBeLessThan(SILENCE_MS + 2_500);
    expect(silent).toBeGreaterThan(SILENCE_MS / 2);
    const given = await within(
      world,
      'its attempts are given back',
      20_000,
      async () => (await on('anvil')) === 0,
    );
    await within(world, 'forge does their work', 30_000, async () => (await on('forge')) >= 1);
    // What it holds is lost to it, and it starts nothing that nobody knows of.
    await sleep(4_000);
    expect(agents(world, 'anvil')).toEqual([]);

    anvil.heal();
    const seen = () =>
      one(
        `SELECT count(*) n FROM worker WHERE host = 'anvil' AND last_seen > clock_timestamp() - interval '2 s'`,
      );
    const back = await within(world, 'anvil is seen again', 20_000, async () => (await seen()) === 1);
    // By now forge may have taken all there was. This is more than it has slots for, so that some of it is for anvil.
    await submitChains(world, 5, 5, { testMs: 1_000, called: 'later' });
    await within(world, 'anvil works again', 60_000, async () => (await on('anvil')) >= 1);
    await within(
      world,
      'everything is finished',
      150_000,
      async () => (await one(`SELECT count(*) n FROM chain WHERE state <> 'FINISHED'`)) === 0,
    );
    expect(await invariants(world.services.db.pool, true)).toEqual([]);
    expect(
      await one(
        `SELECT count(*) n FROM (SELECT entity_id FROM event WHERE type = 'step.done' GROUP BY 1 HAVING count(*) > 1) d`,
      ),
    ).toBe(0);
    expect(await one(`SELECT count(*) n FROM task WHERE failed_attempts > 0`)).toBe(0);
    expect(await one(`SELECT count(*) n FROM ticket WHERE closed_at IS NULL`)).toBe(0);
    console.log(
      JSON.stringify({
        agentsGoneMs: silent,
        givenBackMs: Math.max(silent, given),
        backMs: back,
        cutMs: Date.now() - cutAt,
      }),
    );
  });
});
