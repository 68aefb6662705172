import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * What tells one process from a later one with the same id: its start time. Taken from /proc where there is one (ticks
 * since boot), else from ps (macOS). Undefined when no such process lives; zombies count as dead.
 */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      // The name (field 2) may hold spaces and parentheses, so fields are counted from its end.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim();
  if (!ps || ps.startsWith('Z')) return undefined;
  return ps.replace(/^\S+\s+/, '');
}

/** The command of a live process, or undefined. */
export function commandOf(pid: number): string | undefined {
  const ps = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  if (!ps.error) return ps.stdout.trim() || undefined;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** A process as remembered on disk. */
export interface ProcessMark {
  pid: number;
  startTime: string;
}

/** The mark of a live process of ours, to be written down. */
export function markOf(pid: number): ProcessMark | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Whether exactly that process still lives, and not another one that was given its id. */
export function isAlive(mark: ProcessMark): boolean {
  return startTimeOf(mark.pid) === mark.startTime;
}

/** Signals the whole process group of a marked process (its own group when it leads one), only if it is still that one. */
export function signalMarked(mark: ProcessMark, signal: NodeJS.Signals): boolean {
  if (!isAlive(mark)) return false;
  for (const target of [-mark.pid, mark.pid]) {
    try {
      process.kill(target, signal);
      return true;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'ESRCH') return false;
    }
  }
  return false;
}
