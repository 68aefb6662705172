import { cliProviders } from '#server/domain/providers.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { type Db, type Queryable, transaction } from '#server/platform/db.ts';
import { ENGINE } from './event.ts';
import { tellTier } from './failure.ts';
import { type Delivery, type Publisher, publishDeliveries, relaneTasks } from './outbox.ts';

/** Work whose model cannot be asked for now: it waits without being claimed, or goes to another of its choices. */

/**
 * Why this job is not to be claimed now: its model stands behind an open breaker. Writes that down with the task, which is
 * looked at again when a probe is due. Null when it may be claimed. A host's own models are probed by its worker; work becomes
 * the probe only when that did not happen within `graceMs`, because for the other model it would not fit beside what runs.
 */
export async function waitsForModel(
  q: Queryable,
  job: { taskId: number; dispatch: number; host: string },
  graceMs: number,
): Promise<string | null> {
  const { rows } = await q.query<{ why: string }>(
    `UPDATE task t SET wait_for = 'model', wait_until = w.until,
       wait_why = format('%s cannot be asked: %s', w.model, w.error)
     FROM (SELECT CASE WHEN b.model = c.v->>'provider' THEN b.model ELSE c.v->>'model' END model, b.error, u.until FROM task k
         CROSS JOIN LATERAL (SELECT v FROM jsonb_array_elements(k.route->'choices') v
           WHERE v->>'host' = $3 AND (v->>'tier')::int = k.tier LIMIT 1) c
         JOIN breaker b ON b.state <> 'CLOSED' AND alai_breaks(b, c.v)
         CROSS JOIN LATERAL (SELECT b.probe_at + CASE WHEN b.host = '*' THEN interval '0' ELSE make_interval(secs => $4 / 1000.0) END until) u
       WHERE k.id = $1 AND u.until > clock_timestamp() ORDER BY u.until LIMIT 1) w
     WHERE t.id = $1 AND t.status = 'QUEUED' AND t.dispatch = $2 RETURNING t.wait_why why`,
    [job.taskId, job.dispatch, job.host, graceMs],
  );
  return rows[0]?.why ?? null;
}

interface Waiting {
  id: number;
  tier: number;
  host: string;
  route: Route;
  /** Of the route's choices, in their order: whether each may be asked and its host takes work. */
  open: boolean[];
  /** It waits for a service without a way to it. */
  offline: boolean;
  long: boolean;
}

type Detour = { host: string; tier: number; reason: string };

/** Where waiting work goes when its own model cannot be asked; null when it stays. Pure. */
export function detour(w: Waiting): Detour | null {
  const choices = w.route.choices
    .map((c, i) => ({ ...c, open: w.open[i] ?? false }))
    .filter((c): c is typeof c & { host: string } => c.open && c.host !== null);
  const home = choices.find((c) => c.tier === w.route.tier);
  // Only the want of a network takes work below the tier it began on: it goes back as soon as it can.
  if (w.tier < w.route.tier && home)
    return { host: home.host, tier: home.tier, reason: `${home.model} can be asked again` };
  if (choices.some((c) => c.tier === w.tier && c.host === w.host)) return null;
  const beside = choices.find((c) => c.tier === w.tier);
  if (beside) return { host: beside.host, tier: w.tier, reason: `${beside.host} can ask its model` };
  if (!w.offline && !w.long) return null;
  const other = choices.find((c) => c.tier > w.tier) ?? choices.find((c) => c.tier < w.tier);
  if (!other) return null;
  const why = w.offline ? 'There is no way to its service' : 'Its model could not be asked for too long';
  return { host: other.host, tier: other.tier, reason: `${why}: ${other.model} on ${other.host} takes it` };
}

/**
 * Since when a task waits for its model: since the first of its last attempts in a row, at this tier and since a person last answered for it,
 * that ended at the model; and not before the last answer it had in one of them, which was work and no wait. A coding agent's run is one call,
 * whatever it was answered meanwhile. To begin it anew is no answer.
 */
const WAITS_SINCE = `least(t.queued_at, (SELECT greatest(min(a.started_at), max(o.at)) FROM attempt a
    LEFT JOIN call o ON o.task_id = t.id AND o.attempt_id = a.id AND (o.ok OR o.tokens_out > 0 AND o.provider = ANY($3))
    WHERE a.task_id = t.id AND a.generation = t.generation AND a.id > coalesce((SELECT max(x.id) FROM attempt x
        WHERE x.task_id = t.id AND (x.generation = t.generation AND x.tier = t.tier AND x.state = 'FAILED' AND x.error_code LIKE 'MODEL\\_%') IS NOT TRUE), 0)
      AND a.started_at > coalesce((SELECT max(e.closed_at) FROM escalation e WHERE e.task_id = t.id), '-infinity')))`;

/** Sends waiting work round models that cannot be asked, and back when they can. Returns how many tasks moved. */
export async function goRound(
  db: Db,
  publisher: Publisher,
  t: { workerSeen: number; queueWait: number },
): Promise<number> {
  const deliveries = await transaction(db, async (q) => {
    const { rows } = await q.query<Waiting>(
      `SELECT t.id, t.tier, t.host, t.route,
         ARRAY(SELECT alai_available(c.v) AND EXISTS (SELECT 1 FROM host h WHERE h.name = c.v->>'host' AND h.state = 'LIVE'
             AND h.last_seen > now() - make_interval(secs => $1 / 1000.0))
           FROM jsonb_array_elements(t.route->'choices') WITH ORDINALITY c(v, ord) ORDER BY c.ord) open,
         EXISTS (SELECT 1 FROM jsonb_array_elements(t.route->'choices') c(v) JOIN breaker b ON b.host = '*' AND b.offline AND b.state <> 'CLOSED'
           AND b.model = coalesce(c.v->>'account', c.v->>'provider') WHERE (c.v->>'tier')::int = t.tier) offline,
         ${WAITS_SINCE} < now() - make_interval(secs => $2 / 1000.0) long
       FROM task t WHERE t.status = 'QUEUED' AND (t.tier < (t.route->>'tier')::int OR EXISTS (
         SELECT 1 FROM jsonb_array_elements(t.route->'choices') c(v)
         WHERE c.v->>'host' = t.host AND (c.v->>'tier')::int = t.tier AND NOT alai_available(c.v)))
         -- What has nowhere to go must not hide what has.
         AND EXISTS (SELECT 1 FROM jsonb_array_elements(t.route->'choices') c(v) WHERE alai_available(c.v))
       ORDER BY t.id LIMIT 100 FOR NO KEY UPDATE OF t SKIP LOCKED`,
      [t.workerSeen, t.queueWait, cliProviders],
    );
    const out: Delivery[] = [];
    for (const w of rows) {
      const to = detour(w);
      if (!to) continue;
      if (to.tier !== w.tier) {
        await q.query('UPDATE task SET tier = $2 WHERE id = $1', [w.id, to.tier]);
        await tellTier(q, w.id, w.tier, to.tier, to.reason);
      }
      await q.query(
        `UPDATE task SET wait_for = NULL, wait_why = NULL, wait_until = NULL WHERE id = $1 AND wait_for = 'model'`,
        [w.id],
      );
      out.push(...(await relaneTasks(q, [w.id], ENGINE, to.reason, to.host)));
    }
    return out;
  });
  await publishDeliveries(db.pool, publisher, deliveries).catch(() => {});
  return deliveries.length;
}
