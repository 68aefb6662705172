import { readFileSync } from 'node:fs';
import type { World } from '#test/faults/world.ts';

/** What is looked at while a day goes by. */
export interface Seen {
  /** The longest that a live attempt was not heard of, in milliseconds. */
  silentMs: number;
  /** The most attempts of a host beyond its slots. */
  overSlots: number;
  /** Resident memory by process, in megabytes, once a second. */
  memory: Map<string, number[]>;
  running: number[];
}

const rssMb = (pid: number): number => {
  try {
    const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kb ?? 0) / 1_024);
  } catch {
    return 0;
  }
};

/** Looks once; a process that was restarted begins its curve anew, because its memory is another's. */
export async function look(w: World, seen: Seen): Promise<void> {
  const { rows } = await w.services.db.pool.query<{ silent: number; over: number; running: number }>(
    `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - heard_at) * 1000), 0)::float8 silent, count(*)::int running,
       (SELECT coalesce(max(n - slots), 0)::int FROM (SELECT h.slots, count(a.id) n FROM host h
         LEFT JOIN attempt a ON a.host = h.name AND a.state IN ('LEASED', 'RUNNING') GROUP BY h.name) s) "over"
     FROM attempt WHERE state IN ('LEASED', 'RUNNING')`,
  );
  const [now] = rows;
  seen.silentMs = Math.max(seen.silentMs, now?.silent ?? 0);
  seen.overSlots = Math.max(seen.overSlots, now?.over ?? 0);
  seen.running.push(now?.running ?? 0);
  for (const [name, child] of w.children) {
    const key = `${name}:${child.pid ?? 0}`;
    const mb = child.pid ? rssMb(child.pid) : 0;
    if (mb > 0) seen.memory.set(key, [...(seen.memory.get(key) ?? []), mb]);
  }
}

const median = (ns: number[]) => ns.toSorted((a, b) => a - b)[Math.floor(ns.length / 2)] ?? 0;

/**
 * Memory of the last quarter over that of the second, for every process that lived at least a third of the time; 1 is flat. What is
 * younger is still warming up.
 */
export function growth(seen: Seen): Record<string, number> {
  const least = Math.max(60, seen.running.length / 3);
  return Object.fromEntries(
    [...seen.memory]
      .filter(([, mb]) => mb.length >= least)
      .map(([name, mb]) => {
        const quarter = Math.floor(mb.length / 4);
        const ratio = median(mb.slice(-quarter)) / median(mb.slice(quarter, 2 * quarter));
        return [name.split(':')[0] as string, Number(ratio.toFixed(2))];
      }),
  );
}
