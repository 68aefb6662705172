import { AlaiError } from '#server/domain/errors.ts';
import { allowedMoves, type MachineName, mayMove } from '#server/domain/status.ts';
import type { Queryable } from '#server/platform/db.ts';
import { type Actor, appendEvents } from './event.ts';

const tables = {
  task: 'task',
  chain: 'chain',
  step: 'step',
  attempt: 'attempt',
  escalation: 'escalation',
} as const;
type Value = string | number | boolean | Date | null | string[];

/** Columns set together with the move; keys are column names of ours, never text from outside. */
export type Patch = Record<string, Value | { sql: string }>;

export interface Move {
  machine: MachineName;
  id: number;
  from: string | readonly string[];
  to: string;
  actor: Actor;
  reason?: string;
  patch?: Patch;
  data?: Record<string, unknown>;
}

/** What a replay has to know besides the state, where a move sets it too. */
const replayed: Record<string, string> = {
  chain_id: 'chainId',
  generation: 'generation',
  verdict: 'verdict',
  tier: 'tier',
  started_at: 'startedAt',
};

function whatElse(m: Move, row: Record<string, unknown>): Record<string, unknown> {
  const set = Object.keys(m.patch ?? {}).filter((k) => m.machine === 'task' && k in replayed);
  return set.length > 0 ? { set: Object.fromEntries(set.map((k) => [replayed[k], row[k]])) } : {};
}

/**
 * One compare-and-set: moves the row only from the expected state, and writes the event in the same transaction.
 * Returns the row, or null when it was no longer there; the caller decides whether that is an error.
 * For single moves outside the hot path (which has its own batched functions).
 */
export async function move(q: Queryable, m: Move): Promise<Record<string, unknown> | null> {
  const column = m.machine === 'task' ? 'status' : 'state';
  const from = typeof m.from === 'string' ? [m.from] : [...m.from];
  for (const f of from) {
    if (!mayMove(m.machine, f, m.to, m.actor.kind)) {
      throw new AlaiError(
        'ILLEGAL_TRANSITION',
        `A ${m.machine} in ${f} cannot be moved to ${m.to} by ${m.actor.kind}.`,
        `From ${f} it can go to: ${allowedMoves(m.machine, f).join(', ') || 'nothing'}.`,
      );
    }
  }
  const values: Value[] = [m.id, m.to, from];
  const sets = Object.entries(m.patch ?? {}).map(([k, v]) => {
    if (v !== null && typeof v === 'object' && 'sql' in v) return `${k} = ${v.sql}`;
    values.push(v as Value);
    return `${k} = $${values.length}`;
  });
  const { rows } = await q.query(
    `WITH was AS (SELECT id, ${column} s FROM ${tables[m.machine]} WHERE id = $1 AND ${column} = ANY($3::text[]) FOR UPDATE)
     UPDATE ${tables[m.machine]} x SET ${column} = $2, ver = x.ver + 1${sets.length ? `, ${sets.join(', ')}` : ''}
     FROM was WHERE x.id = was.id RETURNING x.*, was.s was`,
    values,
  );
  const row = rows[0] as Record<string, unknown> | undefined;
  if (!row) return null;
  const taskId = (m.machine === 'task' ? row.id : (row.task_id ?? row.root_task_id ?? null)) as number | null;
  await appendEvents(q, [
    {
      type: `${m.machine}.${m.to.toLowerCase()}`,
      entity: m.machine,
      id: m.id,
      ver: row.ver as number,
      from: row.was as string,
      to: m.to,
      actor: m.actor,
      reason: m.reason,
      projectId: (row.project_id ?? null) as string | null,
      pipelineId: (row.pipeline_id ?? null) as number | null,
      taskId,
      data: { ...m.data, ...whatElse(m, row) },
    },
  ]);
  return row;
}
