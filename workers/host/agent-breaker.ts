import { setTimeout as sleep } from 'node:timers/promises';
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
  inDoubt,
  mayAsk,
  mayGoInDoubt,
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

interface Asked {
  name: CliProvider;
  /** Whose work it is to do; null where it is nobody's. */
  task: number | null;
  signal: AbortSignal;
}

/**
 * Runs it unless it stands behind its breaker, and tells the breaker how it ended. A task whose runs alone fail is its suspect, as with
 * models: others wait for a moment and go on.
 */
export async function guardAgent<T>(c: Context, asked: Asked, run: () => Promise<T>): Promise<T> {
  const { name, task, signal } = asked;
  const key = { host: c.host, model: name };
  const change = (decide: (b: Breaker, now: Date) => Breaker) => changeBreaker(c.db, key, c.host, decide);
  const as = await enter(c, asked);
  const probing = as === 'probe';
  try {
    const answer = await run();
    await change((b) =>
      b.state === 'CLOSED' && b.failures === 0 && b.suspect !== task ? b : afterAnswer(b, task),
    );
    return answer;
  } catch (e) {
    const lasting = isAlaiError(e) && LASTING.includes(e.code);
    if (signal.aborted) {
      if (probing) await change((b, now) => (b.state === 'HALF_OPEN' ? afterAbort(b, now) : b));
    } else if (isAlaiError(e) && (lasting || isTransient(e))) {
      const failed = { code: e.code, error: e.message, offline: false, lasting, task };
      // It asked its model again and again by itself before it gave up: that is as much as three calls of ours.
      await change((b, now) => {
        const many =
          b.state === 'CLOSED' ? { ...b, failures: FAILURES_TO_OPEN - 1, windowFrom: now, suspect: task } : b;
        return afterFailure(many, failed, probing, now, c.timing);
      });
    } else if (as !== 'free') await change((b) => afterAnswer(b, task));
    throw e;
  }
}

/** Throws MODEL_PAUSED while the agent is left alone. `probe`: this run is the one probe; `doubt`: others fail, and it goes all the same. */
async function enter(c: Context, { name, task, signal }: Asked): Promise<'free' | 'probe' | 'doubt'> {
  const key = { host: c.host, model: name };
  for (;;) {
    const { breaker, now } = await readBreaker(c.db.pool, key);
    const may = mayAsk(breaker, now, c.host, c.timing);
    if (may.kind === 'go') return 'free';
    if (mayGoInDoubt(breaker, task, now, c.timing)) return 'doubt';
    if (task !== null && inDoubt(breaker, task)) {
      await sleep(c.timing.breakerDoubt / 4, undefined, { signal }).catch(() => signal.throwIfAborted());
      continue;
    }
    if (may.kind === 'wait')
      throw modelError(
        'MODEL_PAUSED',
        `${name} on ${c.host} is not asked for another ${Math.ceil(may.ms / 1_000)} s, because it failed: ${breaker.error}`,
        `Sooner by: npx alai test-agent ${name}@${c.host} "hello"`,
        'transient',
        { retryAfterMs: may.ms },
      );
    if (await writeBreaker(c.db, key, breaker, may.next, c.host)) return 'probe';
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
