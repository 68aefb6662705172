/** What a durable step of the engine costs beside a raw BullMQ job on Redis, in one run. `npm run bench -- engine --json` */
import { type Bench, openBench } from './engine/machine.ts';
import { rawJobs, rawLatency } from './engine/raw.ts';
import { chainOfSteps, fan, latency } from './engine/workloads.ts';

const json = process.argv.includes('--json');
const round = (v: number, digits = 2) => Number(v.toFixed(digits));

async function measure(bench: Bench) {
  await chainOfSteps(bench, 100);
  await rawJobs(bench.rawUrl, 500);
  const raw = await rawJobs(bench.rawUrl, 5_000);
  const w1 = await chainOfSteps(bench, 1_000);
  const w2 = await fan(bench, 1_000);
  const rawWait = await rawLatency(bench.rawUrl, 200);
  const w3 = await latency(bench, 200);
  return {
    backend: bench.backend,
    raw: {
      backend: bench.rawBackend,
      jobsPerSecond: round(raw.jobsPerSecond, 0),
      p50Ms: round(rawWait.p50),
      p99Ms: round(rawWait.p99),
    },
    w1: {
      stepsPerSecond: round(w1.stepsPerSecond, 0),
      ratio: round(w1.stepsPerSecond / raw.jobsPerSecond),
      commitsPerStep: round(w1.commitsPerStep, 3),
      seconds: round(w1.seconds),
    },
    w2: { seconds: round(w2.seconds), tasks: w2.tasks, commitsPerTask: round(w2.commitsPerTask, 3) },
    w3: {
      p50Ms: round(w3.p50),
      p99Ms: round(w3.p99),
      ratioP50: round(w3.p50 / rawWait.p50),
      ratioP99: round(w3.p99 / rawWait.p99),
    },
  };
}

const bench = await openBench();
try {
  const result = await measure(bench);
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    const { raw, w1, w2, w3 } = result;
    process.stdout.write(
      [
        `engine delivered by BullMQ on ${result.backend}; raw: no-op BullMQ jobs on ${raw.backend}, ${raw.jobsPerSecond} jobs/s`,
        `W1  1,000 tasks x 5 checkpoints     ${w1.stepsPerSecond} durable steps/s, ratio ${w1.ratio}, ${w1.commitsPerStep} commits a step`,
        `W2  1 -> 1,000 -> 1                 ${w2.seconds} s`,
        `W3  submit to start, idle           p50 ${w3.p50Ms} ms, p99 ${w3.p99Ms} ms (raw ${raw.p50Ms} / ${raw.p99Ms}), ratio ${w3.ratioP50}`,
        '',
      ].join('\n'),
    );
  }
} finally {
  await bench.close();
}
