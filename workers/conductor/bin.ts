import { stat } from 'node:fs/promises';
import type { Timing } from '#server/domain/timing.ts';
import { discardedTasks } from '#server/engine/data/minions.ts';
import { discardBranch, emptyBin, minionBranches } from '#server/integration/bin.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { bareRepositoryOf } from '#server/projects/git.ts';

/** Moves the branches of what was discarded into the recovery bin, and drops what has lain there for its time. */
export async function tendBin(db: Db, home: string, t: Timing, log: Logger): Promise<void> {
  const { rows } = await db.pool.query<{ id: string }>('SELECT id FROM project');
  for (const { id } of rows) {
    const gitDir = bareRepositoryOf(home, id);
    if (!(await stat(gitDir).catch(() => null))) continue;
    await (async () => {
      const branches = await minionBranches(gitDir);
      const gone = new Set(await discardedTasks(db, [...new Set(branches.map((b) => b.taskId))]));
      for (const b of branches.filter((x) => gone.has(x.taskId))) {
        await discardBranch(gitDir, b, new Date());
        log.info({ project: id, branch: b.branch, sha: b.sha }, 'moved into the recovery bin');
      }
      const dropped = await emptyBin(gitDir, new Date(), t.binKept);
      if (dropped.length > 0) log.info({ project: id, dropped }, 'dropped from the recovery bin');
    })().catch((err) => log.warn({ err, project: id }, 'the recovery bin could not be tended'));
  }
}
