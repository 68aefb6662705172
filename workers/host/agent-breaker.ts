import { isAlaiError } from '#server/domain/errors.ts';
import { type CliProvider, cliProviders } from '#server/domain/providers.ts';
import type { Timing } from '#server/domain/timing.ts';
import { isTransient, modelError } from '#server/models/provider.ts';
import { changeBreaker, writeBreaker } from '#server/models/resilience/commands.ts';
import { readBreaker } from '#server/models/resilience/data.ts';
import {
  afterAbort,
  afterAnswer,
  afterFailure,
  type Breaker,
  FAILURES_TO_OPEN,
  mayAsk,
} from '#server/models/resilience/policy.ts';
import type { Db } from '#server/platform/db.ts';

/** The breaker of a coding agent: one for each host and agent, because program and key are this machine's. */

interface Context {
  db: Db;
  host: string;
  timing: Timing;
}

/** Troubles that every run would meet until a person did something. */
const LASTING: readonly string[] = ['PROVIDER_KEY', 'PROVIDER_QUOTA'];

/** Runs it unless it stands behind its breaker, and tells the breaker how it ended. */
export async function guardAgent<T>(
  c: Context,
  name: CliProvider,
  signal: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  const key = { host: c.host, model: name };
  const change = (decide: (b: Breaker, now: Date) => Breaker) => changeBreaker(c.db, key, c.host, decide);
  const probing = await enter(c, name);
  try {
    const answer = await run();
    await change((b) => (b.state === 'CLOSED' && b.failures === 0 ? b : afterAnswer(b)));
    return answer;
  } catch (e) {
    const lasting = isAlaiError(e) && LASTING.includes(e.code);
    if (signal.aborted) {
      if (probing) await change((b, now) => (b.state === 'HALF_OPEN' ? afterAbort(b, now) : b));
    } else if (isAlaiError(e) && (lasting || isTransient(e))) {
      const failed = { code: e.code, error: e.message, offline: false, lasting };
      // It asked its model again and again by itself before it gave up: that is as much as three calls of ours.
      await change((b, now) => {
        const many = b.state === 'CLOSED' ? { ...b, failures: FAILURES_TO_OPEN - 1, windowFrom: now } : b;
        return afterFailure(many, failed, probing, now, c.timing);
      });
    } else if (probing) await change((b) => afterAnswer(b));
    throw e;
  }
}

/** Throws MODEL_PAUSED while the agent is left alone. True when this run is the one probe. */
async function enter(c: Context, name: CliProvider): Promise<boolean> {
  const key = { host: c.host, model: name };
  for (;;) {
    const { breaker, now } = await readBreaker(c.db.pool, key);
    const may = mayAsk(breaker, now, c.host, c.timing);
    if (may.kind === 'go') return false;
    if (may.kind === 'wait')
      throw modelError(
        'MODEL_PAUSED',
        `${name} on ${c.host} is not asked for another ${Math.ceil(may.ms / 1_000)} s, because it failed: ${breaker.error}`,
        `Sooner by: npx alai test-agent ${name}@${c.host} "hello"`,
        'transient',
        { retryAfterMs: may.ms },
      );
    if (await writeBreaker(c.db, key, breaker, may.next, c.host)) return true;
  }
}

/** A person asked it and it answered: whatever was known of it is over. */
export async function agentAnswered(c: Context, name: CliProvider): Promise<void> {
  const closed = (b: Breaker) => (b.state === 'CLOSED' && b.failures === 0 ? b : afterAnswer(b));
  await changeBreaker(c.db, { host: c.host, model: name }, c.host, closed);
}

/** A worker that starts has the keys of now, which may be right: the next run may find out at once. Until then nothing is over. */
export async function forgetKeys(c: Context): Promise<void> {
  for (const name of cliProviders)
    await changeBreaker(c.db, { host: c.host, model: name }, c.host, (b, now) =>
      b.state !== 'CLOSED' && b.code === 'PROVIDER_KEY' ? afterAbort(b, now) : b,
    );
}
