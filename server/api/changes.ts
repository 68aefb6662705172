import type { Changes } from '#server/domain/views/changes.ts';
import { readChangeRange } from '#server/engine/data/changes.ts';
import { MAX_PATCH, readChanges } from '#server/engine/data/evidence.ts';
import { filesOf } from '#server/engine/data/patch.ts';
import { diffIn } from '#server/projects/diff.ts';
import type { Services } from './services.ts';

/** What a task changed: as proven, as pushed so far while it runs, or what it judges. */
export async function changesOf(s: Services, taskId: number): Promise<Changes> {
  const [proven, range] = await Promise.all([
    readChanges(s.db, taskId),
    readChangeRange(s.db, taskId).catch(() => null),
  ]);
  if (!range) return proven;
  const found = await diffIn(s.env.ALAI_HOME, range.projectId, range.range, MAX_PATCH);
  if (!found?.patch) return proven;
  return {
    files: filesOf(found.patch),
    patch: found.patch,
    truncated: found.cut,
    commit: range.range.to,
    branch: range.subject === 'running' ? proven.branch : null,
    subject: range.subject,
  };
}
