import type { Route } from '#server/domain/views/routing.ts';
import type { Queryable } from '#server/platform/db.ts';
import { askHuman } from './escalation.ts';
import { type Actor, appendEvents, ENGINE } from './event.ts';
import { lookAgain } from './wait.ts';

/** Where work can go instead of waiting for a key or for money; kept with the question, so that its button can say it. */
export interface Elsewhere {
  tier: number;
  host: string;
  model: string;
}

interface About {
  id: number;
  title: string;
  tier: number;
  route: Route;
}

/** The service or coding agent that the last attempt asked: whose key or account it is. */
async function serviceOf(q: Queryable, t: About): Promise<string> {
  const { rows } = await q.query<{ host: string }>(
    'SELECT host FROM attempt WHERE task_id = $1 ORDER BY id DESC LIMIT 1',
    [t.id],
  );
  const here = t.route.choices.filter((c) => c.tier === t.tier);
  const asked = here.find((c) => c.host === rows[0]?.host) ?? here[0];
  return asked ? (asked.account ?? asked.provider) : 'The service';
}

/** The nearest other tier that can be asked now, on a host that takes work, and needs nothing of this service. */
async function elsewhere(q: Queryable, t: About, service: string): Promise<Elsewhere | null> {
  const { rows } = await q.query<Elsewhere>(
    `SELECT (c.v->>'tier')::int tier, c.v->>'host' host, c.v->>'model' model
     FROM task t CROSS JOIN LATERAL jsonb_array_elements(t.route->'choices') WITH ORDINALITY c(v, n)
     WHERE t.id = $1 AND c.v->>'host' IS NOT NULL AND (c.v->>'tier')::int <> t.tier AND alai_available(c.v)
       AND coalesce(c.v->>'account', c.v->>'provider') <> $2
       AND EXISTS (SELECT 1 FROM host h JOIN worker w ON w.host = h.name AND w.state = 'ACTIVE' WHERE h.name = c.v->>'host' AND h.state = 'LIVE')
     ORDER BY abs((c.v->>'tier')::int - t.tier), (c.v->>'tier')::int DESC, c.n LIMIT 1`,
    [t.id, service],
  );
  return rows[0] ?? null;
}

/**
 * Asks about a key or an account that only a person can mend, and offers another tier where one can take the work. False when somebody is
 * asked about this very account already: then the task was not moved, and waits for that answer.
 */
export async function askAboutAccount(
  q: Queryable,
  t: About,
  kind: 'key' | 'quota',
  why: string,
): Promise<boolean> {
  const service = await serviceOf(q, t);
  const dedupeKey = kind === 'quota' ? `quota:s:${service}` : `key:t${t.id}`;
  if (kind === 'quota') {
    // Two that meet it at the same moment would both be moved, and one of them to a question that is not there.
    await q.query('SELECT pg_advisory_xact_lock(hashtext($1))', [dedupeKey]);
    const open = await q.query(
      `SELECT FROM escalation WHERE dedupe_key = $1 AND state IN ('OPEN', 'PENDING')`,
      [dedupeKey],
    );
    if (open.rowCount) return false;
  }
  await askHuman(q, {
    kind,
    taskId: t.id,
    from: ['RUNNING'],
    actor: ENGINE,
    question:
      kind === 'key'
        ? `The key of ${service} is not taken. Try "${t.title}" again once the right one is set?`
        : `The account of ${service} is empty. Try "${t.title}" again once it is topped up?`,
    why,
    context: { service, elsewhere: await elsewhere(q, t, service) },
    dedupeKey,
  });
  return true;
}

/**
 * A person says that the key is right or the account filled: what was left alone for that is asked again by this very work, which otherwise
 * would wait without a word until somebody else finds out.
 */
export async function askAnew(q: Queryable, taskId: number, human: Actor): Promise<void> {
  const { rows } = await q.query<{ host: string; model: string; ver: number; from: string }>(
    `WITH shut AS (SELECT b.host, b.model, b.state FROM breaker b
       WHERE b.state <> 'CLOSED' AND b.code IN ('PROVIDER_KEY', 'PROVIDER_QUOTA') AND EXISTS (
         SELECT FROM task t CROSS JOIN LATERAL jsonb_array_elements(t.route->'choices') c(v)
         WHERE t.id = $1 AND (c.v->>'tier')::int = t.tier AND alai_breaks(b, c.v)) FOR UPDATE OF b)
     UPDATE breaker b SET state = 'CLOSED', ver = b.ver + 1, failures = 0, window_from = NULL, opens = 0, opened_at = NULL, probe_at = NULL,
       probe_by = NULL, code = '', error = '', offline = false, suspect = NULL, changed_at = clock_timestamp()
     FROM shut WHERE b.host = shut.host AND b.model = shut.model RETURNING b.host, b.model, b.ver, shut.state "from"`,
    [taskId],
  );
  await appendEvents(
    q,
    rows.map((b) => ({
      type: 'breaker.closed',
      entity: 'host',
      id: b.host,
      ver: b.ver,
      from: b.from,
      to: 'CLOSED',
      actor: human,
      reason: `${human.name} lets it be asked again`,
      data: { model: b.model },
    })),
  );
  await lookAgain(q, 'model');
}
