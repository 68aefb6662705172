/** How well work is given to ANVIL and FORGE, by simulation with the engine's own choice. `npm run bench -- schedule [--json]` */
import {
  firstInFirstOut,
  lowerBound,
  type SimResult,
  type SimTask,
  simulate,
  theSchedulers,
} from './schedule/simulate.ts';
import { bento, day, hosts, MINUTE } from './schedule/workloads.ts';

const json = process.argv.includes('--json');
const minutes = (ms: number) => Number((ms / MINUTE).toFixed(1));
const median = (ns: number[]) => {
  const s = ns.toSorted((a, b) => a - b);
  return s[Math.floor(s.length / 2)] ?? 0;
};

/** The longest wait of each class of priority beside its median. */
function fairness(tasks: readonly SimTask[], r: SimResult) {
  return (['H', 'M', 'L'] as const).map((priority) => {
    const waits = tasks.filter((t) => t.priority === priority).map((t) => r.waits.get(t.id) ?? 0);
    const worst = Math.max(0, ...waits);
    return {
      priority,
      medianMinutes: minutes(median(waits)),
      worstMinutes: minutes(worst),
      /** Null where half of them did not wait at all. */
      ratio: median(waits) < MINUTE ? null : Number((worst / median(waits)).toFixed(2)),
    };
  });
}

function figures(tasks: SimTask[]) {
  const bound = lowerBound(hosts, tasks);
  const ours = simulate(hosts, tasks, theSchedulers());
  const fifo = simulate(hosts, tasks, firstInFirstOut);
  const show = (r: SimResult) => ({
    makespanMinutes: minutes(r.makespanMs),
    overBound: Number((r.makespanMs / bound).toFixed(3)),
    reloads: r.reloads,
    loadingMinutes: minutes(r.loadingMs),
    slotUse: Number(r.slotUse.toFixed(3)),
  });
  return {
    tasks: tasks.length,
    boundMinutes: minutes(bound),
    ours: show(ours),
    fifo: show(fifo),
    waits: fairness(tasks, ours),
    fifoWaits: fairness(tasks, fifo),
  };
}

const result = { bento: figures(bento()), day: figures(day()) };
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
else
  for (const [name, f] of Object.entries(result)) {
    process.stdout.write(`${name}: ${f.tasks} tasks, no plan ends before ${f.boundMinutes} minutes\n`);
    for (const [who, r] of [
      ['scheduler', f.ours],
      ['first in, first out', f.fifo],
    ] as const)
      process.stdout.write(
        `  ${who.padEnd(20)} ${r.makespanMinutes} min, ${r.overBound} of the bound, ${r.reloads} loads (${r.loadingMinutes} min), slots ${Math.round(r.slotUse * 100)} % used\n`,
      );
    for (const w of f.waits)
      process.stdout.write(
        `  priority ${w.priority}: waits ${w.medianMinutes} min in the median, ${w.worstMinutes} at most${w.ratio === null ? '' : ` (${w.ratio} times)`}\n`,
      );
  }
