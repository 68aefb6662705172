import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { registerWorker } from '#server/engine/hosts.ts';
import { createDb, type Db } from '#server/platform/db.ts';
import { startEmbeddedPostgres } from '#server/platform/embedded-postgres.ts';
import { migrate } from '#server/platform/migrate.ts';
import { freePort } from '#server/platform/ports.ts';
import { type LaneQueue, migrateQueue, openQueue } from '#server/platform/queue.ts';

export const SLOTS = 50;
export const HOST = 'bench';

export interface Bench {
  db: Db;
  databaseUrl: string;
  redisUrl: string | undefined;
  queue: LaneQueue;
  backend: string;
  /** Where the raw jobs run: a Redis of its own, or PostgreSQL where no redis-server is installed. */
  rawUrl: string | undefined;
  rawBackend: string;
  workerId: string;
  close(): Promise<void>;
}

function redisInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A database with the settings that are shipped (durable commits), a Redis where one is installed, one host with 50 slots. */
export async function openBench(): Promise<Bench> {
  const home = mkdtempSync(path.join(tmpdir(), 'alai-bench-'));
  // As root, PostgreSQL runs as another user: where it may not enter, its cluster would be left behind elsewhere.
  chmodSync(home, 0o755);
  const server = await startEmbeddedPostgres({ home, password: 'only-on-loopback-for-the-bench' });
  const admin = createDb(server.url, { max: 1 });
  await admin.pool.query('CREATE DATABASE bench');
  await admin.close();
  const target = new URL(server.url);
  target.pathname = '/bench';
  const databaseUrl = target.href;
  await migrate(databaseUrl);
  await migrateQueue(databaseUrl);
  let redis: ChildProcess | undefined;
  let redisUrl: string | undefined;
  if (redisInstalled()) {
    const port = await freePort();
    redis = spawn(
      'redis-server',
      ['--port', String(port), '--save', '', '--appendonly', 'no', '--dir', home],
      { stdio: 'ignore' },
    );
    redisUrl = `redis://127.0.0.1:${port}`;
  }
  const onPostgres = process.argv.includes('--postgres') || redisUrl === undefined;
  const db = createDb(databaseUrl, { max: 8 });
  const queue = openQueue({ databaseUrl, redisUrl: onPostgres ? undefined : redisUrl });
  const workerId = randomUUID();
  await registerWorker(db, queue, {
    id: workerId,
    pid: process.pid,
    host: { name: HOST, slots: SLOTS, memoryGb: null, models: [], scripted: true, sandbox: 'none' },
  });
  return {
    db,
    databaseUrl,
    redisUrl,
    queue,
    backend: queue.backend,
    rawUrl: redisUrl,
    rawBackend: redisUrl ? 'redis' : 'postgres',
    workerId,
    async close() {
      await queue.close();
      await db.close();
      redis?.kill('SIGKILL');
      server.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
