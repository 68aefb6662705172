import type { ProjectView } from '#server/domain/views/project.ts';
import type { Db } from '#server/platform/db.ts';

/** Every project, the one used last first. */
export async function readProjects(db: Db): Promise<ProjectView[]> {
  const { rows } = await db.pool.query<ProjectView>(
    `SELECT p.id, p.name, p.path, p.url, p.default_branch "defaultBranch", p.is_sample "isSample", p.merge, p.created_at "createdAt"
     FROM project p LEFT JOIN LATERAL (SELECT max(created_at) used FROM pipeline l WHERE l.project_id = p.id) l ON true
     ORDER BY l.used DESC NULLS LAST, p.created_at DESC`,
  );
  return rows;
}
