import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Services } from '#server/api/services.ts';
import { readCatalogue } from '#server/catalogue/data.ts';
import { timing } from '#server/domain/timing.ts';
import { createDb } from '#server/platform/db.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#server/platform/embedded-postgres.ts';
import { parseEnv } from '#server/platform/env.ts';
import { createLogger } from '#server/platform/logger.ts';
import { freePort } from '#server/platform/ports.ts';
import { openQueue } from '#server/platform/queue.ts';
import { secrets as readSecrets } from '#server/platform/secrets.ts';
import { Child } from '#workers/supervisor/child.ts';
import { migrateDatabase, prepareSignIn } from '#workers/supervisor/database.ts';
import { machinePlan } from '#workers/supervisor/processes.ts';
import type { Machine } from './network.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** A whole factory of real processes, in a home of its own, that may be killed. */
export interface World {
  home: string;
  services: Services;
  children: Map<string, Child>;
  redis: ChildProcess | undefined;
  databaseUrl: string;
  url: string;
  rehearsalUrl: string;
  token: string;
  stop(): Promise<void>;
}

export function redisInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts PostgreSQL, Redis where asked, the rehearsal, the conductor, both hosts and (with `web`) the built pages.
 * @param scale of all durations; 0.1 makes a lease three seconds.
 */
export async function startWorld(o: {
  backend: 'postgres' | 'redis';
  scale: number;
  web: boolean;
  pace?: number;
  /** Machines of their own for processes, by name. */
  at?: Record<string, Machine>;
  /** Companies of its own, for prices and tiers that are not the shipped ones. */
  companies?: string;
}): Promise<World> {
  const home = mkdtempSync(path.join(tmpdir(), 'alai-world-'));
  // A folder only root may enter would send the database of a test run by root elsewhere, where nobody removes it.
  chmodSync(home, 0o755);
  const postgres: EmbeddedPostgres = await startEmbeddedPostgres({
    home,
    password: 'only-on-loopback-for-tests',
  });
  let redis: ChildProcess | undefined;
  let redisUrl: string | undefined;
  if (o.backend === 'redis') {
    const port = await freePort();
    mkdirSync(path.join(home, 'redis'));
    redis = spawn(
      'redis-server',
      ['--port', String(port), '--save', '', '--appendonly', 'no', '--dir', path.join(home, 'redis')],
      { stdio: 'ignore' },
    );
    redisUrl = `redis://127.0.0.1:${port}`;
  }
  const [web, git, rehearsal] = [await freePort(), await freePort(), await freePort()];
  const env = parseEnv({
    PORT: String(web),
    ALAI_HOME: home,
    DATABASE_URL: postgres.url,
    REDIS_URL: redisUrl,
    ALAI_TIMING_SCALE: String(o.scale),
    ALAI_GIT_PORT: String(git),
    ALAI_REHEARSAL_PORT: String(rehearsal),
    ALAI_REHEARSAL: 'always',
  });
  await migrateDatabase(root, postgres.url, redisUrl);
  const secrets = readSecrets(env);
  await prepareSignIn(postgres.url, secrets.apiToken);
  const log = createLogger('supervisor', { home, level: 'info', tty: false });
  const plan = machinePlan(root, {
    env,
    databaseUrl: postgres.url,
    secrets,
    ports: { git, rehearsal, postgres: 0 } as never,
    models: { kind: 'rehearsal', url: `http://127.0.0.1:${rehearsal}`, said: '' },
  }).filter((spec) => spec.name !== 'web' || o.web);
  const children = new Map<string, Child>();
  for (const spec of plan) {
    const machine = o.at?.[spec.name];
    const over = machine ? await reachedFrom(machine, { postgres: postgres.url, git, rehearsal }) : {};
    const child = new Child(
      {
        ...spec,
        env: {
          ...spec.env,
          ALAI_REHEARSAL_PACE: String(o.pace ?? 0),
          ...(o.companies ? { ALAI_COMPANIES: o.companies } : {}),
          ...over,
        },
        ...(machine ? { within: machine.within } : {}),
      },
      home,
      log,
      () => {},
    );
    children.set(spec.name, child);
    child.start();
  }
  const db = createDb(postgres.url, { max: 6 });
  const services: Services = {
    env,
    db,
    queue: openQueue({ databaseUrl: postgres.url, redisUrl }),
    timing: timing(o.scale),
    catalogue: () => readCatalogue(o.companies ?? path.join(root, 'companies')),
  };
  await hostsUp(services, 2);
  return {
    home,
    services,
    children,
    redis,
    databaseUrl: postgres.url,
    url: `http://127.0.0.1:${web}`,
    rehearsalUrl: `http://127.0.0.1:${rehearsal}`,
    token: secrets.apiToken,
    async stop() {
      await Promise.all([...children.values()].map((c) => c.stop(3_000)));
      await services.queue.close();
      await db.close();
      redis?.kill('SIGKILL');
      postgres.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Where a process on another machine finds the database, the repositories and the model server. */
async function reachedFrom(
  machine: Machine,
  o: { postgres: string; git: number; rehearsal: number },
): Promise<Record<string, string>> {
  const database = new URL(o.postgres);
  database.host = await machine.line(Number(database.port));
  return {
    DATABASE_URL: database.href,
    ALAI_GIT_URL: `http://${await machine.line(o.git)}`,
    OLLAMA_HOST: `http://${await machine.line(o.rehearsal)}`,
  };
}

async function hostsUp(s: Services, n: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { rows } = await s.db.pool.query(`SELECT 1 FROM worker WHERE state = 'ACTIVE'`);
    if (rows.length >= n) return;
    if (Date.now() > deadline) throw new Error('the workers did not come up; see the logs in the home');
    await new Promise((r) => setTimeout(r, 100));
  }
}
