import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { SLOTS } from './machine.ts';

/** No-op jobs through BullMQ alone, on Redis: what a job costs that remembers nothing. */
async function raw<T>(
  url: string | undefined,
  use: (queue: Queue, onJob: (fn: (data: { i: number }) => void) => void) => Promise<T>,
  concurrency: number,
): Promise<T> {
  if (!url) throw new Error('The bench compares with BullMQ on Redis: install redis-server.');
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const name = `raw-${Math.random().toString(36).slice(2)}`;
  const queue = new Queue(name, { connection });
  let seen: (data: { i: number }) => void = () => {};
  const worker = new Worker(name, async (job) => seen(job.data), { connection, concurrency });
  await worker.waitUntilReady();
  try {
    return await use(queue, (fn) => {
      seen = fn;
    });
  } finally {
    await worker.close();
    await queue.close();
    connection.disconnect();
  }
}

const options = { removeOnComplete: true, removeOnFail: true };

export function rawJobs(url: string | undefined, n: number): Promise<{ jobsPerSecond: number }> {
  return raw(
    url,
    async (queue, onJob) => {
      const done = Promise.withResolvers<void>();
      let left = n;
      onJob(() => {
        if (--left === 0) done.resolve();
      });
      const start = performance.now();
      let next = 0;
      const adder = async () => {
        while (next < n) await queue.add('noop', { i: next++ }, options);
      };
      await Promise.all(Array.from({ length: SLOTS }, adder));
      await done.promise;
      return { jobsPerSecond: n / ((performance.now() - start) / 1000) };
    },
    SLOTS,
  );
}

export function percentiles(values: number[]): { p50: number; p99: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

export function rawLatency(url: string | undefined, n: number): Promise<{ p50: number; p99: number }> {
  return raw(
    url,
    async (queue, onJob) => {
      const waits: number[] = [];
      for (let i = 0; i < n; i++) {
        const started = Promise.withResolvers<number>();
        onJob(() => started.resolve(performance.now()));
        const submitted = performance.now();
        await queue.add('noop', { i }, options);
        waits.push((await started.promise) - submitted);
        await new Promise((r) => setTimeout(r, 5));
      }
      return percentiles(waits);
    },
    SLOTS,
  );
}
