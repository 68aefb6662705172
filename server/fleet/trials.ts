import { AlaiError } from '#server/domain/errors.ts';
import { modelKey } from '#server/domain/host.ts';
import type { ModelProvider } from '#server/domain/providers.ts';
import type { CallRecord } from '#server/domain/records.ts';
import { fitsBeside } from '#server/domain/schedule.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { TrialView } from '#server/domain/views/agents.ts';
import { type Actor, appendEvents } from '#server/engine/event.ts';
import { readHostsNow } from '#server/engine/pick.ts';
import { type Db, type Queryable, toJson, toText, transaction } from '#server/platform/db.ts';

/** Trials: a person asks one agent one thing, a host's worker asks it, and the log keeps that it was asked. */

type Usage = Pick<
  CallRecord,
  'tokensIn' | 'tokensOut' | 'tokensCacheRead' | 'tokensCacheWrite' | 'tokensThinking'
>;

export interface NewTrial {
  host: string;
  name: string;
  provider: ModelProvider;
  account: string | null;
  model: string;
  prompt: string;
}
export interface Trial extends NewTrial {
  id: number;
}
export interface TrialEnd {
  answer: string;
  usage: Usage;
  ms: number;
  eur: number | null;
  scripted: boolean;
  estimated?: boolean | undefined;
  error: { code: string; message: string; hint: string } | null;
}

/** A host answers so many at once, beside its work. */
const MOST_OPEN = 4;

/** Asks a host's worker. Refused while the factory is stopped, and where no worker would hear it. */
export async function askTrial(db: Db, t: NewTrial, actor: Actor, timing: Timing): Promise<number> {
  return await transaction(db, async (q) => {
    const { rows } = await q.query<{ heard: boolean; stopped: boolean; open: number }>(
      `SELECT EXISTS (SELECT 1 FROM worker w WHERE w.host = h.name AND w.state = 'ACTIVE'
           AND w.last_seen > clock_timestamp() - make_interval(secs => $2 / 1000.0)) heard,
         (SELECT engaged FROM kill_switch WHERE scope = 'factory') stopped,
         (SELECT count(*)::int FROM agent_trial a WHERE a.host = h.name AND a.state IN ('QUEUED', 'RUNNING')) "open"
       FROM host h WHERE h.name = $1 FOR NO KEY UPDATE`,
      [t.host, timing.workerSeen],
    );
    const host = rows[0];
    if (!host) throw new AlaiError('HOST_UNKNOWN', `There is no host ${t.host}.`, 'See npx alai agents.');
    if (host.stopped)
      throw new AlaiError('FACTORY_STOPPED', 'The factory is stopped.', 'Resume it, then ask again.');
    if (!host.heard)
      throw new AlaiError(
        'CONFLICT',
        `The worker of ${t.host} is not running, so nobody would answer.`,
        `Start it: npx alai worker --host ${t.host}`,
      );
    if (host.open >= MOST_OPEN)
      throw new AlaiError(
        'RATE_LIMITED',
        `${t.host} answers ${MOST_OPEN} questions already.`,
        'Wait for one.',
      );
    await refuseTooLarge(q, t, timing);
    const made = await q.query<{ id: number }>(
      `INSERT INTO agent_trial(host, name, provider, account, model, prompt, asked_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
      [t.host, t.name, t.provider, t.account, t.model, toText(t.prompt), actor.name],
    );
    const data = { name: t.name, provider: t.provider, model: t.model };
    await appendEvents(q, [{ type: 'host.agent-tested', entity: 'host', id: t.host, ver: 0, actor, data }]);
    return (made.rows[0] as { id: number }).id;
  });
}

/** A question is no reason to ask a host for more memory than it has, or to put out what somebody works with. */
async function refuseTooLarge(q: Queryable, t: NewTrial, timing: Timing): Promise<void> {
  const here = (await readHostsNow(q, timing.workerSeen)).find((h) => h.state.name === t.host)?.state;
  if (!here || t.provider !== 'ollama') return;
  const model = modelKey(t.model);
  if (!fitsBeside({ ...here, running: [] }, model))
    throw new AlaiError(
      'CONFLICT',
      `${t.model} is larger than the ${here.memoryGb} GB of ${t.host}.`,
      'Ask it on a larger host, or raise memory_gb in fleet.yaml if the machine has more.',
    );
  if (!fitsBeside(here, model))
    throw new AlaiError(
      'CONFLICT',
      `${t.model} does not fit into the memory of ${t.host} beside what runs there (${[...new Set(here.running)].join(', ')}).`,
      'Ask again when that is done.',
    );
}

/** The oldest open question to this host, taken by its worker; null when there is none. */
export async function takeTrial(db: Db, worker: { id: string; host: string }): Promise<Trial | null> {
  const { rows } = await db.pool.query<Trial>(
    `UPDATE agent_trial SET state = 'RUNNING', worker_id = $2, started_at = clock_timestamp()
     WHERE id = (SELECT id FROM agent_trial WHERE host = $1 AND state = 'QUEUED' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, host, name, provider, account, model, prompt`,
    [worker.host, worker.id],
  );
  return rows[0] ?? null;
}

/** What it said until now. */
export async function noteTrial(db: Db, id: number, answer: string): Promise<void> {
  await db.pool.query(`UPDATE agent_trial SET answer = $2 WHERE id = $1 AND state = 'RUNNING'`, [
    id,
    toText(answer),
  ]);
}

export async function endTrial(db: Db, id: number, e: TrialEnd): Promise<void> {
  await db.pool.query(
    `UPDATE agent_trial SET state = $2, answer = $3, usage = $4, ms = $5, cost_eur = $6, scripted = $7, error = $8,
       ended_at = clock_timestamp() WHERE id = $1 AND state = 'RUNNING'`,
    [
      id,
      e.error ? 'FAILED' : 'DONE',
      toText(e.answer),
      toJson(e.estimated ? { ...e.usage, estimated: true } : e.usage),
      Math.round(e.ms),
      e.eur,
      e.scripted,
      e.error && toJson(e.error),
    ],
  );
}

/** Questions a killed predecessor was asked are over; nobody waits for them any more. */
export async function dropTrials(db: Db, host: string): Promise<void> {
  const error = { code: 'ABORTED', message: 'Its worker was restarted.', hint: 'Ask again.' };
  await db.pool.query(
    `UPDATE agent_trial SET state = 'FAILED', error = $2, ended_at = clock_timestamp()
     WHERE host = $1 AND state IN ('QUEUED', 'RUNNING')`,
    [host, toJson(error)],
  );
}

/** What answers on this host for its own models are scripts. */
export async function isRehearsed(db: Db, host: string): Promise<boolean> {
  const { rows } = await db.pool.query<{ scripted: boolean }>('SELECT scripted FROM host WHERE name = $1', [
    host,
  ]);
  return rows[0]?.scripted ?? false;
}

export async function readTrial(db: Db, id: number): Promise<TrialView | undefined> {
  const { rows } = await db.pool.query<
    Omit<TrialView, 'tokensIn' | 'tokensOut' | 'estimated'> & {
      usage: Partial<Usage> & { estimated?: boolean };
    }
  >(
    `SELECT id, name, host, provider, model, state, answer, usage, ms, cost_eur::float8 eur, scripted, error, ended_at "endedAt"
     FROM agent_trial WHERE id = $1`,
    [id],
  );
  const row = rows[0];
  if (!row) return undefined;
  const { usage, ...rest } = row;
  const { tokensIn = 0, tokensCacheRead = 0, tokensCacheWrite = 0, tokensOut = 0, estimated = false } = usage;
  return { ...rest, tokensIn: tokensIn + tokensCacheRead + tokensCacheWrite, tokensOut, estimated };
}
