import type { Queryable } from '#server/platform/db.ts';
import type { Delivery } from './outbox.ts';
import { holdBack, pauseText } from './wait.ts';

/** For what the task waits; the answer of its model to others does not end it. */
const OWN_CALLS = 'own calls';
const FIRST_PAUSE = 15_000;
/** The pause grows no further than to so many times the first. */
const MOST_PAUSES = 16;

/**
 * Holds a task back whose model was doubted because of its calls alone: it waits, longer each time, instead of standing in the way of others
 * again at once. The breaker's own pause, where the model answers nobody, counts beside it.
 */
export async function holdSuspect(
  q: Queryable,
  deliveries: Delivery[],
  a: { taskId: number; host: string; code: string; pauseMs?: number },
): Promise<void> {
  const mine = deliveries.find((d) => d.taskId === a.taskId);
  if (!mine || !a.code.startsWith('MODEL_') || a.code === 'MODEL_PAUSED') return;
  const { rows } = await q.query<{ losses: number }>(
    // Those in a row, at the tier where it goes on: another tier is another model.
    `WITH mine AS (SELECT a.id, a.state = 'FAILED' AND a.error_code LIKE 'MODEL\\_%' lost FROM attempt a
         JOIN task t ON t.id = a.task_id AND t.generation = a.generation AND t.tier = a.tier
       WHERE a.task_id = $1 AND a.error_code IS DISTINCT FROM 'MODEL_PAUSED')
     SELECT count(*)::int losses FROM mine m
     WHERE EXISTS (SELECT FROM breaker b JOIN task t ON t.id = $1 CROSS JOIN LATERAL jsonb_array_elements(t.route->'choices') c(v)
         WHERE b.suspect = $1 AND (b.host = '*' OR ((c.v->>'tier')::int = t.tier AND b.host = $2 AND alai_breaks(b, c.v))))
       AND NOT EXISTS (SELECT FROM mine later WHERE later.id >= m.id AND later.lost IS NOT TRUE)`,
    [a.taskId, a.host],
  );
  const losses = rows[0]?.losses ?? 0;
  if (losses === 0) return;
  const forMs = (a.pauseMs ?? FIRST_PAUSE) * Math.min(MOST_PAUSES, 2 ** (losses - 1));
  await holdBack(
    q,
    { id: mine.taskId, dispatch: mine.dispatch },
    {
      for: OWN_CALLS,
      why: `Only its own calls to the model are not answered, so others go on and it is tried again ${pauseText(forMs)} later.`,
      forMs,
    },
  );
}
