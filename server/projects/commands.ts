import { AlaiError } from '#server/domain/errors.ts';
import type { MergeMode } from '#server/domain/merge.ts';
import type { Db, Queryable } from '#server/platform/db.ts';
import { type ImportedProject, importFolder } from './git.ts';
import { importUrl, type RemoteProject } from './remote.ts';

/** Chooses how accepted work meets the project's branch from now on. */
export async function setMergeMode(q: Queryable, id: string, merge: MergeMode): Promise<void> {
  const { rowCount } = await q.query('UPDATE project SET merge = $2 WHERE id = $1', [id, merge]);
  if (!rowCount) throw noProject(id);
}

/** Lets agents run commands in it on machines without an OS sandbox. Throws NOT_FOUND. */
export async function allowUnsandboxed(q: Queryable, id: string): Promise<void> {
  const { rowCount } = await q.query('UPDATE project SET unsandboxed_allowed = true WHERE id = $1', [id]);
  if (!rowCount) throw noProject(id);
}

const noProject = (id: string) =>
  new AlaiError('NOT_FOUND', `There is no project ${id}.`, 'See `npx alai project list`.');

/**
 * A folder becomes a project: its history is imported into the factory's own bare repository first, then the row is written.
 * The same folder again finds its project and brings news of the folder. Throws PROJECT_* errors; nothing half-made stays.
 */
export async function addProject(
  db: Db,
  home: string,
  path: string,
  o: { isSample?: boolean } = {},
): Promise<ImportedProject> {
  const found = await importFolder(path, home);
  await db.pool.query(
    `INSERT INTO project(id, name, path, default_branch, is_sample) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, path = excluded.path`,
    [found.id, found.name, found.path, found.defaultBranch, o.isSample ?? false],
  );
  return found;
}

/**
 * An address becomes a project: cloned first, then the row. It has no folder, so accepted work stays on the factory's branch.
 * The same address again brings what is new there. Throws PROJECT_* errors.
 */
export async function addRemoteProject(
  db: Db,
  home: string,
  reference: string,
  o: { files: boolean },
): Promise<RemoteProject> {
  const found = await importUrl(reference, home, o);
  await db.pool.query(
    `INSERT INTO project(id, name, url, default_branch) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET url = excluded.url`,
    [found.id, found.name, found.url, found.defaultBranch],
  );
  return found;
}
