import { statfs } from 'node:fs/promises';
import type { Timing } from '#server/domain/timing.ts';
import { hostDisk } from '#server/engine/hosts.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { every } from '../conductor/every.ts';

/** What an ordinary user may still write where this folder lies, and how large that disk is, in bytes. */
export async function diskOf(folder: string): Promise<{ free: number; total: number }> {
  const s = await statfs(folder);
  return { free: s.bavail * s.bsize, total: s.blocks * s.bsize };
}

/** Tells how much disk the host's worktrees have left, at once and then with every third heartbeat. */
export async function watchDisk(c: {
  db: Db;
  host: string;
  folder: string;
  timing: Timing;
  log: Logger;
}): Promise<{ stop(): void }> {
  const look = async () => hostDisk(c.db, c.host, await diskOf(c.folder));
  const failed = (err: unknown) => c.log.warn({ err }, 'the disk could not be looked at');
  await look().catch(failed);
  return every(3 * c.timing.heartbeat, look, failed);
}
