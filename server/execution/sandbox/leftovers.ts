import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Kills a process group; it may be gone already. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody left.
  }
}

/** Kills one process; it may be gone already. */
export function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it is gone.
  }
}

/** When a process started, in the system's own words: tells a process from a later one with the same number. */
export function startTimeOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const fields = statOf(String(pid));
      // A zombie holds its number until its parent looks, but nothing of it runs.
      return fields[0] === 'Z' ? null : (fields[19] ?? null);
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

/** The fields of /proc/<pid>/stat after the program's name, which may hold blanks and brackets. */
export function statOf(pid: string): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const pidFileSchema = z.object({ pid: z.number().int().positive(), start: z.string().nullable() });

/**
 * Called once when a host starts, before it takes work: kills what its predecessor left running and removes its
 * throwaway folders. Returns how many process groups were killed.
 */
export async function reapLeftovers(hostDir: string): Promise<number> {
  const runDir = join(hostDir, 'run');
  let killed = 0;
  for (const name of await readdir(runDir).catch(() => [] as string[])) {
    const path = join(runDir, name);
    if (name.endsWith('.json')) {
      const parsed = pidFileSchema.safeParse(parseJson(await readFile(path, 'utf8').catch(() => '')));
      if (parsed.success && groupIsOurs(parsed.data.pid, parsed.data.start)) {
        killGroup(parsed.data.pid);
        killed++;
      }
    }
    await rm(path, { recursive: true, force: true });
  }
  killed += killMarked(`TMPDIR=${runDir}/`);
  for (const clone of await readdir(join(hostDir, 'clones')).catch(() => [] as string[])) {
    await removeLocks(join(hostDir, 'clones', clone));
  }
  for (const folder of ['work', 'scratch', 'index']) {
    await rm(join(hostDir, folder), { recursive: true, force: true });
  }
  return killed;
}

/**
 * Without a sandbox a command can leave its process group. What it started still carries the temporary folder that only
 * this command was given, and is found by that (Linux only). Returns how many were killed.
 */
export function killMarked(marker: string): number {
  if (process.platform !== 'linux') return 0;
  let killed = 0;
  for (const pid of readdirSync('/proc').filter((d) => /^\d+$/.test(d))) {
    try {
      if (
        !readFileSync(`/proc/${pid}/environ`, 'latin1')
          .split('\0')
          .some((v) => v.startsWith(marker))
      )
        continue;
      process.kill(Number(pid), 'SIGKILL');
      killed++;
    } catch {
      // Not ours to see, or gone.
    }
  }
  return killed;
}

/** Lock files of a git that was killed would make every later fetch of that clone fail. */
async function removeLocks(clone: string): Promise<void> {
  const folders = await readdir(join(clone, 'refs'), { recursive: true }).catch(() => [] as string[]);
  const refs = folders.filter((f) => f.endsWith('.lock')).map((f) => join('refs', f));
  for (const lock of [...refs, 'packed-refs.lock', 'config.lock', 'HEAD.lock', 'shallow.lock']) {
    await rm(join(clone, lock), { force: true });
  }
}

/** The leader may have ended while its children live on: the group is still the command's then. */
function groupIsOurs(pid: number, start: string | null): boolean {
  const now = startTimeOf(pid);
  if (now !== null) return start === null || now === start;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc')
    .filter((d) => /^\d+$/.test(d))
    .some((d) => {
      try {
        const fields = statOf(d);
        return fields[0] !== 'Z' && fields[2] === String(pid);
      } catch {
        return false;
      }
    });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
