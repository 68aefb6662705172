import { type ChainPlan, chainPlanSchema } from '#server/domain/plan.ts';
import { type Route, routeSchema } from '#server/domain/views/routing.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { appendEvents, ENGINE } from './event.ts';

/** A route with models, for one that had none; null while there is still none. Routing knows, the engine does not. */
export type Replan = (route: Route) => Route | null;

/**
 * Gives work that found no model when it was created the ones that are there now. Company, blueprint and what is held
 * stay; the sweep queues what may start. Returns how many tasks got a route.
 */
export async function placeAnew(q: Queryable, replan: Replan): Promise<number> {
  const chains = await q.query<{ id: number; plan: unknown }>(
    `SELECT id, plan FROM chain WHERE state NOT IN ('FINISHED', 'CANCELLED')
       AND jsonb_path_exists(plan, '$.stages[*].route ? (@.choices.size() == 0)') ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`,
  );
  for (const { id, plan } of chains.rows) {
    const old = chainPlanSchema.parse(plan);
    const stages = old.stages.map((s) =>
      s.route.choices.length ? s : { ...s, route: replan(s.route) ?? s.route },
    );
    if (stages.some((s, i) => s.route !== old.stages[i]?.route))
      await q.query('UPDATE chain SET plan = $2 WHERE id = $1', [id, toJson({ stages } satisfies ChainPlan)]);
  }
  const tasks = await q.query<{
    id: number;
    ver: number;
    route: unknown;
    project_id: string | null;
    pipeline_id: number;
  }>(
    `SELECT id, ver, route, project_id, pipeline_id FROM task WHERE status = 'OPEN' AND route->'choices' = '[]'::jsonb
     ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`,
  );
  let placed = 0;
  for (const t of tasks.rows) {
    const route = replan(routeSchema.parse(t.route));
    if (!route) continue;
    await q.query('UPDATE task SET route = $2, tier = $3, ver = ver + 1 WHERE id = $1', [
      t.id,
      toJson(route),
      route.tier,
    ]);
    await appendEvents(q, [
      {
        type: 'task.routed',
        entity: 'task',
        id: t.id,
        ver: t.ver + 1,
        actor: ENGINE,
        reason: `A model is there now. ${route.reasons.join(' ')}`,
        projectId: t.project_id,
        pipelineId: t.pipeline_id,
        taskId: t.id,
        data: { route },
      },
    ]);
    placed++;
  }
  return placed;
}
