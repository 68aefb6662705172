import { orphanEffects, recordDelivery, settleEffect, undeliveredMerges } from '#server/engine/effect.ts';
import { reconcile } from '#server/integration/reconcile.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { deliver } from '#server/projects/deliver.ts';
import { bareRepositoryOf } from '#server/projects/git.ts';

/** One project whose repository is broken must not keep the others waiting. */
async function each<T>(
  items: T[],
  log: Logger,
  what: string,
  run: (item: T) => Promise<void>,
): Promise<void> {
  for (const item of items) await run(item).catch((err) => log.warn({ err, item }, what));
}

/** A worker died between plan and answer: the branch itself says whether the push landed. */
export async function reconcileEffects(db: Db, home: string, log: Logger): Promise<void> {
  await each(await orphanEffects(db), log, 'a merge could not be reconciled', async (e) => {
    const found = await reconcile(bareRepositoryOf(home, e.projectId), {
      oldSha: e.oldSha,
      newSha: e.newSha,
      branch: e.branch,
    });
    await settleEffect(db, e.id, found === 'done' ? 'DONE' : 'ABANDONED', 'sweep');
    log.info({ effect: e.id, found }, 'merge reconciled');
  });
}

/** Brings merged work back to the folders the projects came from; never over the operator's own changes. */
export async function deliverMerges(db: Db, home: string, log: Logger): Promise<void> {
  await each(await undeliveredMerges(db), log, 'merged work could not be delivered', async (m) => {
    const result = await deliver({
      path: m.path,
      bareRepository: bareRepositoryOf(home, m.projectId),
      branch: m.branch,
    });
    await recordDelivery(db, m, result);
    log.info({ project: m.projectId, result: result.result }, 'delivered');
  });
}
