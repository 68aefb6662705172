import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { InstalledAgent } from './detect.ts';

const UNPACK_MS = 60_000;
const making = new Map<string, Promise<string | null>>();

/**
 * The folder of this host where an agent's program lies unpacked, made once for each version of it; null where it has
 * nothing to unpack, or could not. Then it unpacks itself into its home, as at every start before.
 */
export async function unpackedFor(found: InstalledAgent, hostDir: string): Promise<string | null> {
  const { agent, program } = found;
  if (!agent.unpacks) return null;
  const version = createHash('sha256')
    .update(`${program} ${statSync(program).mtimeMs}`)
    .digest('hex');
  const folder = join(hostDir, 'agents', `${agent.binary}-${version.slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  const made =
    making.get(folder) ?? unpack(found, agent.unpacks, folder).finally(() => making.delete(folder));
  making.set(folder, made);
  return await made;
}

async function unpack(
  { agent, program }: InstalledAgent,
  by: { into: string; alone: Record<string, string> },
  folder: string,
): Promise<string | null> {
  const all = dirname(folder);
  // Half of it is never taken for all of it.
  const part = join(all, `part-${randomUUID()}`);
  const into = join(part, 'unpacked');
  try {
    await mkdir(into, { recursive: true });
    // No key and nothing of ours, as when it is asked for its version.
    const bare = { PATH: process.env.PATH ?? '', HOME: part, ...by.alone, [by.into]: into };
    const env = bare as unknown as NodeJS.ProcessEnv;
    await promisify(execFile)(program, ['--version'], { timeout: UNPACK_MS, env, cwd: part });
    if ((await readdir(into)).length === 0) return null;
    // The one of a version that was replaced would be kept for ever.
    for (const name of await readdir(all))
      if (name.startsWith(`${agent.binary}-`)) await rm(join(all, name), { recursive: true, force: true });
    await rename(into, folder);
    return folder;
  } catch {
    return null;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}
