import { readdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { statOf } from './leftovers.ts';

/** A build with many workers stays far below; a fork bomb does not. */
const MAX_PROCESSES = 400;
const LOOK_MS = 100;
const MEMORY_EVERY = 10;
const PAGE = 4_096;
const maxMemory = (): number => Math.max(2 * 1024 ** 3, Math.floor(totalmem() * 0.6));

export interface Bounds {
  processes: number;
  bytes: number;
}

/**
 * Watches what a command started, where the kernel's own limits do not reach (root, or no cgroups), and says why it has
 * to be stopped. Linux only; elsewhere its time limit bounds it. Returns how to end the watch.
 */
export function watchTree(
  pid: number,
  exceeded: (why: string) => void,
  limits: Bounds = { processes: MAX_PROCESSES, bytes: maxMemory() },
): () => void {
  if (process.platform !== 'linux') return () => {};
  const before = pids().length;
  let round = 0;
  const timer = setInterval(() => {
    const now = pids();
    const many = now.length - before > limits.processes;
    if (!many && ++round % MEMORY_EVERY !== 0) return;
    const { count, bytes } = measure(pid, now);
    if (count > limits.processes) exceeded(`it started more than ${limits.processes} processes`);
    else if (bytes > limits.bytes)
      exceeded(`it used more than ${Math.round(limits.bytes / 1024 ** 2)} MB of memory`);
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

const pids = (): string[] => readdirSync('/proc').filter((d) => /^\d+$/.test(d));

/** How many processes descend from this one, and the memory they hold together. */
function measure(root: number, all: string[]): { count: number; bytes: number } {
  const children = new Map<string, string[]>();
  const pages = new Map<string, number>();
  for (const pid of all) {
    try {
      const fields = statOf(pid);
      const parent = fields[1] ?? '';
      children.set(parent, [...(children.get(parent) ?? []), pid]);
      pages.set(pid, Number(fields[21] ?? 0));
    } catch {
      // Ended meanwhile.
    }
  }
  let count = 0;
  let bytes = 0;
  const waiting = [String(root)];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    count++;
    bytes += (pages.get(pid) ?? 0) * PAGE;
    waiting.push(...(children.get(pid) ?? []));
  }
  return { count, bytes };
}
