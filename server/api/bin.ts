import { stat } from 'node:fs/promises';
import { AlaiError } from '#server/domain/errors.ts';
import type { BinEntry } from '#server/domain/views/minion.ts';
import { readBin, restoreFromBin } from '#server/integration/bin.ts';
import { bringBranch } from '#server/projects/deliver.ts';
import { bareRepositoryOf } from '#server/projects/git.ts';
import type { Services } from './services.ts';

/** The recovery bins of all projects, newest first. */
export async function binOfAll(s: Services): Promise<BinEntry[]> {
  const { rows } = await s.db.pool.query<{ id: string }>('SELECT id FROM project');
  const all = await Promise.all(
    rows.map(async ({ id }) => {
      const gitDir = bareRepositoryOf(s.env.ALAI_HOME, id);
      if (!(await stat(gitDir).catch(() => null))) return [];
      const entries = await readBin(gitDir, s.timing.binKept).catch(() => []);
      return entries.map((e) => ({ ...e, projectId: id }));
    }),
  );
  return all.flat().sort((a, b) => b.day.localeCompare(a.day) || b.taskId - a.taskId);
}

/** Puts an entry onto a branch again. Task numbers are unique, so its project need not be named. */
export async function restore(
  s: Services,
  key: string,
  projectId: string | null,
): Promise<{ branch: string; sha: string; projectId: string; folder: string | null }> {
  const entry = (await binOfAll(s)).find((e) => e.key === key && (!projectId || e.projectId === projectId));
  if (!entry)
    throw new AlaiError('NOT_FOUND', `"${key}" is not in the recovery bin.`, 'See `npx alai minion bin`.');
  const bareRepository = bareRepositoryOf(s.env.ALAI_HOME, entry.projectId);
  const made = await restoreFromBin(bareRepository, key);
  const { rows } = await s.db.pool.query<{ path: string | null }>('SELECT path FROM project WHERE id = $1', [
    entry.projectId,
  ]);
  const path = rows[0]?.path ?? null;
  const inFolder = path !== null && (await bringBranch({ path, bareRepository, branch: made.branch }));
  return { ...made, projectId: entry.projectId, folder: inFolder ? path : null };
}
