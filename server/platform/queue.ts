import { createHash } from 'node:crypto';
import {
  type ConnectionOptions,
  createPostgresBackend,
  Queue,
  type QueueOptions,
  runMigrations,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import type { Db } from './db.ts';

/** All that a job carries: rows decide, the queue delivers. */
const jobSchema = z.object({ taskId: z.number().int().positive(), dispatch: z.number().int().positive() });
export type LaneJob = z.infer<typeof jobSchema>;

export type QueueBackendName = 'postgres' | 'redis';

export interface LaneConsumer {
  close(): Promise<void>;
}

export interface LaneQueue {
  readonly backend: QueueBackendName;
  /**
   * Delivers ids; a message seen before is ignored (jobId is task and dispatch). Throws QUEUE_UNREACHABLE when the server does not take them in
   * time: rows decide and every worker looks by itself, so nobody has to wait for it.
   */
  publish(deliveries: { taskId: number; dispatch: number; host: string }[]): Promise<void>;
  /** Runs `process` for each message of the host's lane, at most `concurrency` at a time. */
  consume(
    host: string,
    concurrency: number,
    process: (job: LaneJob) => Promise<void>,
    onError: (e: Error) => void,
  ): Promise<LaneConsumer>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

const laneName = (host: string) => `lane-${host.toLowerCase()}`;
/** Two installations may share one Redis. */
const prefixOf = (databaseUrl: string) =>
  `alai-${createHash('sha256')
    .update(new URL(databaseUrl).pathname + new URL(databaseUrl).host)
    .digest('hex')
    .slice(0, 8)}`;

const SCHEMA = 'bullmq';
const PUBLISH_WITHIN_MS = 3_000;
/** Without enable_sort=off the planner sorts the whole backlog for each job (STACK: 340 instead of 1,800 jobs a second). */
const PG_OPTIONS = `-c jit=off -c search_path=public,${SCHEMA} -c enable_sort=off`;

/** Creates BullMQ's own tables; once, at deploy. */
export async function migrateQueue(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, options: PG_OPTIONS });
  await client.connect();
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    await client.end();
  }
}

/**
 * The one backend of this installation. A process that was given another one must not start: half of the work would be
 * delivered where nobody listens. Throws QUEUE_BACKEND_MISMATCH.
 */
export async function claimQueueBackend(db: Pick<Db, 'pool'>, backend: QueueBackendName): Promise<void> {
  await db.pool.query('INSERT INTO installation(id, queue_backend) VALUES (1, $1) ON CONFLICT DO NOTHING', [
    backend,
  ]);
  const { rows } = await db.pool.query<{ queue_backend: QueueBackendName }>(
    'SELECT queue_backend FROM installation',
  );
  const known = rows[0]?.queue_backend;
  if (known !== backend)
    throw new AlaiError(
      'QUEUE_BACKEND_MISMATCH',
      `This installation delivers through ${known}, and this process was started for ${backend}.`,
      backend === 'redis'
        ? "Unset REDIS_URL, or move the whole installation: UPDATE installation SET queue_backend = 'redis' while everything is stopped."
        : 'Set REDIS_URL to the Redis of this installation.',
    );
}

const away = (backend: QueueBackendName) =>
  new AlaiError(
    'QUEUE_UNREACHABLE',
    `The queue's ${backend === 'redis' ? 'Redis' : 'database'} does not take messages.`,
    'Nothing is lost: workers look for work by themselves, and messages are sent when it is back.',
  );

/** Opens the queue: Redis when `redisUrl` is given, else PostgreSQL. */
export function openQueue(o: {
  databaseUrl: string;
  redisUrl: string | undefined;
  publishWithinMs?: number;
}): LaneQueue {
  const queues = new Map<string, Queue>();
  const prefix = prefixOf(o.databaseUrl);
  const backend: QueueBackendName = o.redisUrl ? 'redis' : 'postgres';
  const pool = o.redisUrl
    ? null
    : new pg.Pool({
        connectionString: o.databaseUrl,
        options: PG_OPTIONS,
        max: 6,
        application_name: 'alai-queue',
      });
  pool?.on('error', () => {});
  const redis = o.redisUrl ? new Redis(o.redisUrl, { maxRetriesPerRequest: null }) : null;
  redis?.on('error', () => {});
  // A backend takes a pool as its connection; BullMQ's types only know Redis there.
  const connection = (redis ?? pool) as unknown as ConnectionOptions;
  const factory = redis ? undefined : createPostgresBackend;
  const shared = { connection, prefix, skipVersionCheck: true, ...(pool ? { skipMigrations: true } : {}) };

  const queueOf = (host: string): Queue => {
    const name = laneName(host);
    const known = queues.get(name);
    if (known) return known;
    const made = new Queue(name, shared as QueueOptions, factory as never);
    made.on('error', () => {});
    queues.set(name, made);
    return made;
  };
  async function deliver(deliveries: Parameters<LaneQueue['publish']>[0]): Promise<void> {
    const byHost = Map.groupBy(deliveries, (d) => d.host);
    for (const [host, list] of byHost) {
      const jobs = list.map((d) => ({
        name: 'task',
        data: { taskId: d.taskId, dispatch: d.dispatch },
        opts: {
          jobId: `${d.taskId}-${d.dispatch}`,
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
        },
      }));
      const [only] = jobs;
      // A bulk is a transaction of its own; a single message is one script.
      if (only && jobs.length === 1) await queueOf(host).add(only.name, only.data, only.opts);
      else await queueOf(host).addBulk(jobs);
    }
  }

  /** So many messages wait for a server that does not answer. Its client keeps them all, so no more are given to it. */
  let overdue = 0;
  return {
    backend,
    async publish(deliveries) {
      if (redis && overdue > 0) throw away(backend);
      let late = false;
      const delivered = deliver(deliveries).finally(() => {
        if (late) overdue--;
      });
      const ms = o.publishWithinMs ?? PUBLISH_WITHIN_MS;
      const { promise: tooLate, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        late = true;
        overdue++;
        delivered.catch(() => {});
        reject(away(backend));
      }, ms);
      try {
        await Promise.race([delivered, tooLate]);
      } finally {
        clearTimeout(timer);
      }
    },
    async consume(host, concurrency, process, onError) {
      const worker = new Worker(
        laneName(host),
        async (job) => {
          const parsed = jobSchema.safeParse(job.data);
          // A forged or foreign message names nothing we have; the rows decide.
          if (parsed.success) await process(parsed.data);
        },
        {
          ...shared,
          concurrency,
          // Whether work is alive is decided by the attempt's lease; a stalled message is only a message.
          maxStalledCount: 0,
          lockDuration: 60_000,
          removeOnComplete: { count: 0 },
          removeOnFail: { count: 0 },
        } as unknown as WorkerOptions,
        factory as never,
      );
      worker.on('error', onError);
      // A Redis that is away keeps no worker from its work: messages only wake it.
      if (pool) await worker.waitUntilReady();
      return { close: () => worker.close(true) };
    },
    async ping() {
      if (redis) await redis.ping();
      else await pool?.query('SELECT 1');
    },
    async close() {
      await Promise.allSettled([...queues.values()].map((q) => q.close()));
      redis?.disconnect();
      await pool?.end();
    },
  };
}
