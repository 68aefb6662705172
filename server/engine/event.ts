import type { ActorKind } from '#server/domain/status.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';

/** Who does it. `name` is a user's name, a host, `sweep`, `engine` or the name of a safety pattern. */
export interface Actor {
  kind: ActorKind;
  name: string;
}
export const ENGINE: Actor = { kind: 'engine', name: 'engine' };
export const REAPER: Actor = { kind: 'reaper', name: 'sweep' };

export interface NewEvent {
  type: string;
  entity: string;
  id: number | string;
  ver: number;
  from?: string | null;
  to?: string | null;
  actor: Actor;
  reason?: string;
  projectId?: string | null;
  pipelineId?: number | null;
  taskId?: number | null;
  data?: Record<string, unknown>;
}

/** Appends events in the caller's transaction: a transition without its event must not be able to commit. */
export async function appendEvents(q: Queryable, events: NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await q.query(
    `INSERT INTO event(type, entity, entity_id, ver, from_state, to_state, actor_kind, actor, reason, project_id, pipeline_id, task_id, data)
     SELECT e.type, e.entity, e.id, e.ver, e."from", e."to", e.kind, e.actor, e.reason, e.project_id, e.pipeline_id, e.task_id, e.data
     FROM jsonb_to_recordset($1::jsonb) e(type text, entity text, id text, ver int, "from" text, "to" text, kind text, actor text,
       reason text, project_id text, pipeline_id bigint, task_id bigint, data jsonb)`,
    [
      toJson(
        events.map((e) => ({
          type: e.type,
          entity: e.entity,
          id: String(e.id),
          ver: e.ver,
          from: e.from ?? null,
          to: e.to ?? null,
          kind: e.actor.kind,
          actor: e.actor.name,
          reason: e.reason ?? '',
          project_id: e.projectId ?? null,
          pipeline_id: e.pipelineId ?? null,
          task_id: e.taskId ?? null,
          data: e.data ?? {},
        })),
      ),
    ],
  );
}
