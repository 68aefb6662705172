import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** Another value after each start of the machine. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    const said = spawnSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).stdout?.trim();
    // To ten seconds, because the two clocks are not read at the same instant.
    return said || `up-since-${Math.round((Date.now() / 1000 - uptime()) / 10)}`;
  }
}

/** The exit code of a worker that wants to be started again, also where no supervisor watches over it. */
export const RESTART = 75;
