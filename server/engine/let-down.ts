import { nobodysFault } from '#server/domain/errors.ts';
import type { Queryable } from '#server/platform/db.ts';
import type { Delivery } from './outbox.ts';
import { holdBack, pauseText } from './wait.ts';

/** What a machine does to an attempt; a server of models has its own pauses. */
const machineCodes: string[] = [...nobodysFault, 'INTERNAL'].filter((c) => !/^(MODEL|PROVIDER)_/.test(c));

/** After the second loss, as a share of the pause that a caller gives: two seconds of the breaker's fifteen. */
const FIRST_SHARE = 1 / 8;
const FIRST_PAUSE = 15_000;
/** The pause grows no further than to so many times what the caller gives. */
const MOST_PAUSES = 4;

/**
 * Holds a task back that its machine let down again (a clone that cannot be read, a disk that is full), longer each time: without a pause its
 * losses would be used up within seconds, before anybody could mend what is broken. What its model's server did is not counted here.
 */
export async function holdLetDown(
  q: Queryable,
  deliveries: Delivery[],
  a: { taskId: number; code: string; pauseMs?: number },
): Promise<void> {
  const mine = deliveries.find((d) => d.taskId === a.taskId);
  if (!mine || !machineCodes.includes(a.code)) return;
  const { rows } = await q.query<{ losses: number }>(
    `WITH mine AS (SELECT a.id, a.state = 'FAILED' AND a.error_code = ANY($2) lost
       FROM attempt a JOIN task t ON t.id = a.task_id AND t.generation = a.generation WHERE a.task_id = $1)
     SELECT count(*)::int losses FROM mine m WHERE NOT EXISTS (SELECT FROM mine l WHERE l.id >= m.id AND l.lost IS NOT TRUE)`,
    [a.taskId, machineCodes],
  );
  const losses = rows[0]?.losses ?? 0;
  if (losses < 2) return;
  const base = a.pauseMs ?? FIRST_PAUSE;
  const forMs = Math.min(base * MOST_PAUSES, base * FIRST_SHARE * 2 ** (losses - 2));
  await holdBack(
    q,
    { id: mine.taskId, dispatch: mine.dispatch },
    {
      for: 'machine',
      why: `${losses} times in a row its machine let it down, so it is tried again ${pauseText(forMs)} later.`,
      forMs,
    },
  );
}
