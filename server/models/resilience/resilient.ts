import { setTimeout as sleep } from 'node:timers/promises';
import { isAlaiError } from '#server/domain/errors.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { Db } from '#server/platform/db.ts';
import { type ChatRequest, isTransient, modelError, type Provider, retryAfterOf } from '../provider.ts';
import { changeBreaker, draw, pause, type Rates, settleDraw, writeBreaker } from './commands.ts';
import { type BreakerKey, readBreaker, SERVICE } from './data.ts';
import { afterAbort, afterAnswer, afterFailure, inDoubt, mayAsk, mayGoInDoubt } from './policy.ts';

export interface Resilience {
  db: Db;
  /** The host that asks. */
  host: string;
  timing: Timing;
  /** The service of providers.yaml with its rates; null for a host's own model server. */
  service: { name: string; rates: Rates } | null;
  /** The task that asks; absent where somebody else does. */
  task?: number;
}

/** What no other call of a service would find otherwise: all its work waits or goes round, instead of failing one by one. */
const LASTING: readonly string[] = ['PROVIDER_KEY', 'PROVIDER_QUOTA'];

/** How many tokens a request may come to, roughly: a bucket needs no more. */
const guess = (r: ChatRequest) =>
  Math.ceil(JSON.stringify([r.messages, r.tools]).length / 4) + Math.min(r.maxTokens, 1_000);

/**
 * A provider that leaves a failing model alone: its breaker is looked at before each call and told how the call ended, a
 * service is asked no faster than it allows, and no call is without a deadline.
 */
export function resilient(provider: Provider, c: Resilience): Provider {
  const { db, timing: t, service } = c;
  const task = c.task ?? null;

  const keyOf = (model: string): BreakerKey =>
    service ? { host: SERVICE, model: service.name } : { host: c.host, model };

  function paused(key: BreakerKey, ms: number, error: string) {
    const who = key.host === SERVICE ? `The service ${key.model}` : `${key.model} on ${key.host}`;
    return modelError(
      'MODEL_PAUSED',
      `${who} is not asked for another ${Math.ceil(ms / 1_000)} s, because it failed: ${error}`,
      'Another choice of the task can take over meanwhile.',
      'transient',
      { retryAfterMs: ms },
    );
  }

  /**
   * Throws MODEL_PAUSED while the breaker is open. `probe`: this call is the one probe; `doubt`: it goes although another task's calls fail,
   * and any answer to it is one for all.
   */
  async function enter(key: BreakerKey, signal: AbortSignal): Promise<'free' | 'probe' | 'doubt'> {
    const patient = Date.now() + t.breakerOpen;
    for (;;) {
      const { breaker, now } = await readBreaker(db.pool, key);
      const may = mayAsk(breaker, now, c.host, t);
      if (may.kind === 'go') return 'free';
      if (service && mayGoInDoubt(breaker, task, now, t)) return 'doubt';
      // A service is asked by work alone, and by one call until that is answered: it is soon known for all.
      const probed = service !== null && breaker.state === 'HALF_OPEN' && may.kind === 'wait';
      if (task !== null && (inDoubt(breaker, task) || probed) && Date.now() < patient) {
        await sleep(t.breakerDoubt / 4, undefined, { signal }).catch(() => signal.throwIfAborted());
        continue;
      }
      if (may.kind === 'wait') throw paused(key, may.ms, breaker.error);
      if (await writeBreaker(db, key, breaker, may.next, c.host)) return 'probe';
    }
  }

  async function takeTurn(r: ChatRequest): Promise<number> {
    if (!service) return 0;
    const tokens = guess(r);
    const ms = await draw(db, service.name, service.rates, tokens, t.turnWait);
    if (ms === null)
      throw modelError(
        'MODEL_BUSY',
        `${service.name} was asked as often as it may be, and the turn of this call is too far off`,
        'Raise requests_per_minute or tokens_per_minute in providers.yaml if the account allows more.',
        'transient',
        { retryAfterMs: t.turnWait },
      );
    if (ms > 0) await sleep(ms, undefined, { signal: r.signal }).catch(() => r.signal.throwIfAborted());
    return tokens;
  }

  return {
    ...provider,

    /** Asked before every call, and often the first to find a server gone. It answers for no model, so it closes nothing. */
    async contextOf(model) {
      const key = keyOf(model);
      const { breaker, now } = await readBreaker(db.pool, key);
      const may = mayAsk(breaker, now, c.host, t);
      if (may.kind === 'wait' && breaker.state === 'OPEN' && !(task !== null && inDoubt(breaker, task)))
        throw paused(key, may.ms, breaker.error);
      try {
        return await provider.contextOf(model);
      } catch (e) {
        await tell(key, e, breaker.state !== 'CLOSED', false);
        throw e;
      }
    },

    async chat(request) {
      const key = keyOf(request.model);
      const as = await enter(key, request.signal);
      const probing = as === 'probe';
      let answered = false;
      let asked = false;
      try {
        const drawn = await takeTurn(request);
        asked = true;
        const reply = await provider.chat({
          ...request,
          firstTokenMs: request.firstTokenMs ?? Math.max(request.idleMs, t.firstToken),
          totalMs: Math.min(request.totalMs, t.wholeCall),
        });
        answered = true;
        await changeBreaker(db, key, c.host, (b) =>
          b.state === 'CLOSED' && b.failures === 0 && (task === null || b.suspect !== task)
            ? b
            : afterAnswer(b, task),
        );
        if (service) await settleDraw(db, service.name, reply.tokensIn + reply.tokensOut - drawn);
        return reply;
      } catch (e) {
        // What follows an answer is bookkeeping: it must not cost the answer's breaker.
        if (asked && !answered) await tell(key, e, probing, request.signal.aborted, as === 'doubt');
        // Its turn never came, which says nothing of the service: the probe is left to the next.
        else if (!asked && probing) await leaveProbe(key);
        throw e;
      }
    },
  };

  /** The probe was not made after all: the next one may at once. */
  async function leaveProbe(key: BreakerKey): Promise<void> {
    await changeBreaker(db, key, c.host, (b, now) => (b.state === 'HALF_OPEN' ? afterAbort(b, now) : b));
  }

  async function tell(
    key: BreakerKey,
    e: unknown,
    probing: boolean,
    aborted: boolean,
    inDoubtOfOthers = false,
  ): Promise<void> {
    const decides = probing || inDoubtOfOthers;
    const patience = retryAfterOf(e);
    const busy = service !== null && patience !== undefined && isAlaiError(e) && e.code === 'MODEL_BUSY';
    if (busy && patience <= t.turnWait) {
      await pause(db, service.name, patience);
      // It answers, and said what it wants: no reason to think that it is gone.
      if (decides) await changeBreaker(db, key, c.host, (b) => afterAnswer(b, task));
      return;
    }
    if (aborted) {
      if (probing) await leaveProbe(key);
      return;
    }
    const lasting = busy || (service !== null && isAlaiError(e) && LASTING.includes(e.code));
    if (isAlaiError(e) && (isTransient(e) || lasting)) {
      const network = e.data.network;
      const offline = network === 'dns' || network === 'route' || network === 'refused';
      const failed = { code: e.code, error: e.message, offline, lasting, patience, task };
      await changeBreaker(db, key, c.host, (b, now) => afterFailure(b, failed, probing, now, t));
    } else if (decides) await changeBreaker(db, key, c.host, (b) => afterAnswer(b, task));
  }
}
