import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { freePort } from './ports.ts';
import { claimQueueBackend, migrateQueue, openQueue } from './queue.ts';

const { db, url } = await testDatabase();
await migrateQueue(url);

function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A Redis of this test's own, on a free port, without persistence. */
async function startRedis(): Promise<string> {
  const port = await freePort();
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      mkdtempSync(path.join(tmpdir(), 'alai-redis-')),
    ],
    {
      stdio: 'ignore',
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return `redis://127.0.0.1:${port}`;
}

const backends: ['postgres' | 'redis', () => Promise<string | undefined>][] = [
  ['postgres', async () => undefined],
];
if (hasRedis()) backends.push(['redis', startRedis]);
else if (process.env.CI) throw new Error('redis-server is missing: CI must run these tests on both backends');

describe.each(backends)('the queue on %s', (_name, redis) => {
  it('delivers each id once, to its host only, and ignores what it has seen', async () => {
    const queue = openQueue({ databaseUrl: url, redisUrl: await redis() });
    const got: string[] = [];
    const all = Promise.withResolvers<void>();
    const consumer = await queue.consume(
      'FORGE',
      2,
      async (job) => {
        got.push(`${job.taskId}-${job.dispatch}`);
        if (got.length === 3) all.resolve();
      },
      () => {},
    );
    await queue.publish([
      { taskId: 4001, dispatch: 1, host: 'FORGE' },
      { taskId: 4002, dispatch: 1, host: 'FORGE' },
      { taskId: 4003, dispatch: 1, host: 'ANVIL' },
    ]);
    await queue.publish([{ taskId: 4001, dispatch: 2, host: 'FORGE' }]);
    await all.promise;
    expect(got.toSorted()).toEqual(['4001-1', '4001-2', '4002-1']);
    await consumer.close();
    await queue.close();
  });
});

it('lets workers start and gives a message up while its server is away, because rows decide', async () => {
  const queue = openQueue({
    databaseUrl: url,
    redisUrl: `redis://127.0.0.1:${await freePort()}`,
    publishWithinMs: 50,
  });
  const consumer = await queue.consume(
    'FORGE',
    1,
    async () => {},
    () => {},
  );
  await expect(queue.publish([{ taskId: 4001, dispatch: 1, host: 'FORGE' }])).rejects.toMatchObject({
    code: 'QUEUE_UNREACHABLE',
  });
  await consumer.close();
  await queue.close();
});

describe('the queue backend of an installation', () => {
  it('is one, and a process that was given another refuses to start', async () => {
    await claimQueueBackend(db, 'postgres');
    await claimQueueBackend(db, 'postgres');
    await expect(claimQueueBackend(db, 'redis')).rejects.toMatchObject({ code: 'QUEUE_BACKEND_MISMATCH' });
  });
});
