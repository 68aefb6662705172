import { AlaiError } from '#server/domain/errors.ts';
import { readChecks } from '#server/engine/data/checks.ts';
import { readGates, readPatch, readProof } from '#server/engine/data/evidence.ts';
import { readTask } from '#server/engine/data/task.ts';
import { bundleOf } from '#server/projects/bundle.ts';
import { buildArchive } from '#server/quality/archive.ts';
import type { Services } from './services.ts';

/** The proof of work of a task as one archive. Throws NOT_FOUND when the task has none yet. */
export async function proofArchive(s: Services, taskId: number): Promise<Uint8Array> {
  const task = await readTask(s.db, s.timing, taskId);
  const proof = await readProof(s.db, taskId);
  if (!proof)
    throw new AlaiError(
      'NOT_FOUND',
      `Task #${taskId} has no proof of work yet.`,
      'It is written when the task is done or has failed.',
    );
  const [gates, checks, patch] = await Promise.all([
    readGates(s.db, taskId),
    readChecks(s.db, taskId),
    readPatch(s.db, proof.patchHash),
  ]);
  const commit = (proof.manifest.git as { commit?: string } | undefined)?.commit ?? '';
  const bundle = task.projectId ? await bundleOf(s.env.ALAI_HOME, task.projectId, taskId, commit) : null;
  return buildArchive({ ...proof, patch, gates, checks: checks.items, bundle });
}
