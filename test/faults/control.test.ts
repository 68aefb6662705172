import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTRPCClient, httpLink } from '@trpc/client';
import superjson from 'superjson';
import { afterEach, describe, expect, it } from 'vitest';
import { createWork } from '#server/api/compose.ts';
import type { AppRouter } from '#server/api/root.ts';
import type { HostAct } from '#server/domain/host.ts';
import { createTasksSchema } from '#server/domain/views/new-task.ts';
import { resumeFactory, stopFactory } from '#server/engine/factory.ts';
import { steerHost } from '#server/engine/host-state.ts';
import { invariants } from '#server/engine/invariants.ts';
import { makeProject, submitChains } from './load.ts';
import { staged, within } from './wait.ts';
import { startWorld, type World } from './world.ts';

const ceo = { kind: 'human', name: 'CEO' } as const;
let w: World | undefined;
afterEach(async () => {
  await w?.stop();
  w = undefined;
});

const count = async (world: World, sql: string) =>
  Number((await world.services.db.pool.query(sql)).rows[0]?.n ?? -1);

/** Commands of agents that still run, by what the hosts wrote down before they started them. */
function agentProcesses(world: World, hosts = ['anvil', 'forge']): number {
  return hosts.flatMap((host) => {
    const run = path.join(world.home, 'hosts', host, 'run');
    if (!existsSync(run)) return [];
    return readdirSync(run).filter((file) => {
      const pid = Number(/\d+/.exec(file)?.[0]);
      try {
        return pid > 0 && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      } catch {
        return false;
      }
    });
  }).length;
}

describe('the kill switch', () => {
  it('starts no attempt within 5 s, leaves no agent alive after 15 s, and loses nothing', {
    timeout: 180_000,
  }, async () => {
    // Real durations: these are the seconds that are promised.
    w = await startWorld({ backend: 'postgres', scale: 1, web: false, pace: 1_500 });
    const world = w;
    await submitChains(world, 10, 2);
    await staged(
      world,
      'four attempts run',
      60_000,
      async () => (await count(world, `SELECT count(*) n FROM attempt WHERE state = 'RUNNING'`)) >= 4,
    );
    await stopFactory(world.services.db, ceo, 'a drill');
    const stopped = Date.now();
    await sleep(1_000);
    const attempts = await count(world, 'SELECT count(*) n FROM attempt');
    const took = await within(
      world,
      'nothing runs',
      15_000,
      async () =>
        (await count(world, `SELECT count(*) n FROM attempt WHERE state IN ('LEASED', 'RUNNING')`)) === 0 &&
        agentProcesses(world) === 0,
    );
    expect(Date.now() - stopped).toBeLessThan(15_000);
    await sleep(3_000);
    expect(await count(world, 'SELECT count(*) n FROM attempt')).toBe(attempts);
    expect(
      await count(world, `SELECT count(*) n FROM task WHERE failed_attempts > 0 OR infra_losses > 0`),
    ).toBe(0);
    expect(await invariants(world.services.db.pool, false)).toEqual([]);
    console.log(JSON.stringify({ killSwitchMs: took }));
    await resumeFactory(world.services.db, world.services.queue, ceo);
    await within(
      world,
      'work goes on',
      10_000,
      async () =>
        (await count(world, `SELECT count(*) n FROM attempt WHERE state IN ('LEASED', 'RUNNING')`)) > 0,
    );
  });
});

const running = `state IN ('LEASED', 'RUNNING')`;
const burnt = `SELECT count(*) n FROM task WHERE failed_attempts > 0 OR infra_losses > 0`;
const steer = (world: World, host: string, act: HostAct) =>
  steerHost(
    world.services.db,
    world.services.queue,
    { host, act, drainMs: world.services.timing.drain },
    ceo,
    'a drill',
  );
const activeWorker = async (world: World, host: string) =>
  (
    await world.services.db.pool.query<{ id: string }>(
      `SELECT id FROM worker WHERE host = $1 AND state = 'ACTIVE'`,
      [host],
    )
  ).rows[0]?.id;

describe('one host', () => {
  it('stops within 5 s while the other goes on, burns nothing, resumes at once, and restarts', {
    timeout: 180_000,
  }, async () => {
    w = await startWorld({ backend: 'postgres', scale: 1, web: false, pace: 1_500 });
    const world = w;
    await submitChains(world, 10, 2);
    const on = (host: string) =>
      count(world, `SELECT count(*) n FROM attempt WHERE host = '${host}' AND ${running}`);
    const ever = (host: string) => count(world, `SELECT count(*) n FROM attempt WHERE host = '${host}'`);
    await staged(
      world,
      'both work',
      60_000,
      async () => (await on('forge')) >= 2 && (await on('anvil')) >= 1,
    );

    await steer(world, 'forge', 'stop');
    const stopped = Date.now();
    // A claim holds the host's row: what was claimed was claimed before.
    const attempts = await ever('forge');
    const took = await within(
      world,
      'nothing runs on forge',
      15_000,
      async () => (await on('forge')) === 0 && agentProcesses(world, ['forge']) === 0,
    );
    expect(Date.now() - stopped).toBeLessThan(15_000);
    await within(world, 'anvil works on', 10_000, async () => (await on('anvil')) > 0);
    await sleep(5_000);
    expect(await ever('forge')).toBe(attempts);
    expect(await count(world, burnt)).toBe(0);
    expect(
      await count(world, `SELECT count(*) n FROM attempt WHERE host = 'forge' AND state = 'YIELDED'`),
    ).toBeGreaterThan(0);
    console.log(JSON.stringify({ hostStopMs: took }));

    const before = await activeWorker(world, 'forge');
    await steer(world, 'forge', 'resume');
    await within(world, 'forge works again', 10_000, async () => (await on('forge')) > 0);
    // It was up all the while: to resume needs no new process.
    expect(await activeWorker(world, 'forge')).toBe(before);

    await steer(world, 'forge', 'restart');
    await within(world, 'another worker of forge', 20_000, async () => {
      const now = await activeWorker(world, 'forge');
      return now !== undefined && now !== before;
    });
    await within(world, 'and it works', 20_000, async () => (await on('forge')) > 0);
    expect(await count(world, burnt)).toBe(0);

    // As an operator who updates the machine ends it: what runs is handed back before the process is gone.
    process.kill(world.children.get('host-forge')?.pid as number, 'SIGTERM');
    await within(world, 'anvil took over', 20_000, async () => (await on('anvil')) > 0);
    expect(await count(world, burnt)).toBe(0);
    expect(await invariants(world.services.db.pool, false)).toEqual([]);
  });
});

const built = existsSync('.next/BUILD_ID');
if (!built && process.env.CI) throw new Error('The pages are not built: run node scripts/build.ts first.');

describe.runIf(built)('the ten seconds of undo', () => {
  it('outlive the web server that took the answer', { timeout: 120_000 }, async () => {
    w = await startWorld({ backend: 'postgres', scale: 0.3, web: true });
    const world = w;
    const made = await createWork(
      world.services,
      createTasksSchema.parse({
        idempotencyKey: crypto.randomUUID(),
        project: makeProject(path.join(world.home, 'projects/psd2')),
        pipelineTitle: null,
        tasks: [{ title: 'Approve the PSD2 go-live' }],
      }),
      ceo,
    );
    const client = createTRPCClient<AppRouter>({
      links: [
        httpLink({
          url: `${world.url}/api/trpc`,
          transformer: superjson,
          headers: { authorization: `Bearer ${world.token}` },
        }),
      ],
    });
    await staged(
      world,
      'the web server answers',
      30_000,
      async () => (await fetch(`${world.url}/health`).catch(() => null))?.ok ?? false,
    );
    const { open } = await client.queue.list.query();
    const asked = await client.queue.get.query({ id: open[0]?.id as number });
    await client.queue.decide.mutate({ id: asked.id, answer: 'approve', digest: asked.digest, note: '' });
    process.kill(world.children.get('web')?.pid as number, 'SIGKILL');
    const taskId = made.taskIds[0] as number;
    expect(await count(world, `SELECT count(*) n FROM decision`)).toBe(0);
    await within(
      world,
      'the decision lands',
      20_000,
      async () => (await count(world, `SELECT count(*) n FROM decision WHERE answer = 'approve'`)) === 1,
    );
    await within(
      world,
      'and the task starts',
      20_000,
      async () => (await count(world, `SELECT count(*) n FROM attempt WHERE task_id = ${taskId}`)) > 0,
    );
  });
});
