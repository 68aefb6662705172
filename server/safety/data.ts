import type { Capability } from '#server/domain/capabilities.ts';
import type { CapabilityMode, SafetyView, SavedRail } from '#server/domain/safety.ts';
import type { Queryable } from '#server/platform/db.ts';

/** All that the owner set: rails, exceptions from the file's patterns, and what agents may do. */
export interface Rails {
  rails: SavedRail[];
  exceptions: { pattern: string; projectId: string }[];
  capabilities: SafetyView['capabilities'];
}

export async function readRails(q: Queryable): Promise<Rails> {
  const [rails, exceptions, capabilities] = await Promise.all([
    q.query<SavedRail>(
      `SELECT id, name, reason, words, unless, labels, paths, project_id "projectId", ver version, changed_by "changedBy",
         changed_at "changedAt" FROM safety_rail WHERE removed_at IS NULL ORDER BY lower(name)`,
    ),
    q.query<{ pattern: string; projectId: string }>(
      'SELECT pattern, project_id "projectId" FROM safety_exception ORDER BY 1, 2',
    ),
    q.query<{ capability: Capability; projectId: string; mode: CapabilityMode; by: string; at: Date }>(
      'SELECT capability, project_id "projectId", mode, set_by "by", set_at "at" FROM capability_rule ORDER BY 1, 2',
    ),
  ]);
  return { rails: rails.rows, exceptions: exceptions.rows, capabilities: capabilities.rows };
}

/** Patterns of the file that do not count in this project. */
export function exceptionsIn(rails: Rails, projectId: string | null): ReadonlySet<string> {
  return new Set(
    rails.exceptions.filter((e) => e.projectId === '' || e.projectId === projectId).map((e) => e.pattern),
  );
}

export interface PastTask {
  id: number;
  title: string;
  description: string;
  tags: string[];
  projectId: string | null;
}

/** The last tasks that people wrote, the newest first: what a changed rail is tried on before it counts. */
export async function readPastTasks(q: Queryable, limit: number): Promise<PastTask[]> {
  const { rows } = await q.query<PastTask>(
    `SELECT id, title, left(description, 60000) description, tags, project_id "projectId" FROM task
     WHERE origin = 'human' AND parent_id IS NULL ORDER BY id DESC LIMIT $1`,
    [limit],
  );
  return rows;
}
