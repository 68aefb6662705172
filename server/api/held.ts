import type { Catalogue } from '#server/catalogue/data.ts';
import type { Rail, RailEffect, SafetyView } from '#server/domain/safety.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { judgeSafety } from '#server/intake/policy.ts';
import { exceptionsIn, type PastTask, type Rails, readPastTasks, readRails } from '#server/safety/data.ts';
import { judgeRails, type TaskText } from '#server/safety/policy.ts';
import type { Services } from './services.ts';

/** How many of the last tasks a rail is tried on before it counts. */
const PAST = 500;

/** Why a task waits for a person before any agent sees it: the owner's rails first, then the patterns of the file. */
export function heldOf(
  catalogue: Catalogue,
  rails: Rails,
  task: TaskText & { projectId: string | null },
  tier: number | null,
): Route['held'] {
  if (tier === 5) return { pattern: 'tier-5', reason: 'Tier 5 is the human himself.' };
  return (
    judgeRails(rails.rails, task, task.projectId) ??
    judgeSafety(catalogue.safety, task, exceptionsIn(rails, task.projectId))
  );
}

interface Change {
  rail: Rail | null;
  /** The saved rail that it stands for; null for a new one. */
  id: number | null;
}

/** What saving (or, without a rail, removing) would hold and free among the last tasks. Nothing is written. */
export async function railEffect(s: Services, change: Change): Promise<RailEffect> {
  const catalogue = s.catalogue();
  const [rails, past] = await Promise.all([readRails(s.db.pool), readPastTasks(s.db.pool, PAST)]);
  const others = rails.rails.filter((r) => r.id !== change.id);
  const draft = change.rail && { ...change.rail, id: 0, version: 0, changedBy: '', changedAt: new Date(0) };
  const after = { ...rails, rails: draft ? [draft, ...others] : others };
  const effect: RailEffect = { tasks: past.length, held: [], freed: [], holds: 0 };
  for (const t of past) {
    const was = heldOf(catalogue, rails, t, null);
    const becomes = heldOf(catalogue, after, t, null);
    if (draft && judgeRails([draft], t, t.projectId)) effect.holds++;
    if (!was && becomes) effect.held.push({ id: t.id, title: t.title, pattern: becomes.pattern });
    if (was && !becomes) effect.freed.push({ id: t.id, title: t.title, pattern: was.pattern });
  }
  return effect;
}

/** Rails, patterns and capabilities as they stand, with how often each held one of the last tasks. */
export async function safetyView(s: Services): Promise<SafetyView> {
  const catalogue = s.catalogue();
  const [rails, past, projects] = await Promise.all([
    readRails(s.db.pool),
    readPastTasks(s.db.pool, PAST),
    s.db.pool.query<{ id: string; name: string }>('SELECT id, name FROM project ORDER BY name'),
  ]);
  const counts: Record<string, number> = {};
  for (const t of past) {
    const held = heldOf(catalogue, rails, t, null);
    if (held) counts[held.pattern] = (counts[held.pattern] ?? 0) + 1;
  }
  return {
    rails: rails.rails,
    patterns: catalogue.safety.patterns.map(({ name, reason }) => ({
      name,
      reason,
      offIn: rails.exceptions.filter((e) => e.pattern === name).map((e) => e.projectId),
    })),
    capabilities: rails.capabilities,
    projects: projects.rows,
    counts,
    tasks: past.length,
  };
}

/** Tasks without a project that its rails would hold, by their id. */
export async function heldByProject(
  s: Services,
  taskId: number,
  projectId: string,
): Promise<ReadonlyMap<number, NonNullable<Route['held']>>> {
  const catalogue = s.catalogue();
  const rails = await readRails(s.db.pool);
  const { rows } = await s.db.pool.query<PastTask>(
    `SELECT t.id, t.title, t.description, t.tags, NULL "projectId" FROM task t
     WHERE t.pipeline_id = (SELECT pipeline_id FROM task WHERE id = $1) AND t.project_id IS NULL AND t.status = 'OPEN'`,
    [taskId],
  );
  return new Map(
    rows.flatMap((t) => {
      const held = heldOf(catalogue, rails, { ...t, projectId }, null);
      return held ? [[t.id, held] as const] : [];
    }),
  );
}
