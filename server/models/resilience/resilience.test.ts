import { beforeEach, describe, expect, it } from 'vitest';
import type { AlaiError } from '#server/domain/errors.ts';
import { timing } from '#server/domain/timing.ts';
import { testDatabase } from '#test/database.ts';
import { puppet } from '#test/puppet.ts';
import { type ChatRequest, modelError, NO_USAGE, type Provider } from '../provider.ts';
import { withRetries } from '../retry.ts';
import { changeBreaker, draw, pause } from './commands.ts';
import { dueServices, readBreaker, readBreakers, SERVICE } from './data.ts';
import { afterFailure, afterListing, CLOSED, FAILURES_TO_OPEN, mayAsk } from './policy.ts';
import { resilient } from './resilient.ts';

const { db } = await testDatabase({ max: 24 });
const t = timing(1);
const KEY = { host: 'forge', model: 'qwen3:8b' };
let mark = 0;
beforeEach(async () => {
  await db.pool.query('DELETE FROM breaker; DELETE FROM provider_bucket');
  mark =
    (await db.pool.query<{ seq: number }>('SELECT coalesce(max(seq), 0)::int seq FROM event')).rows[0]?.seq ??
    0;
});

const request = (over: Partial<ChatRequest> = {}): ChatRequest => ({
  model: KEY.model,
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  maxTokens: 100,
  idleMs: 1_000,
  totalMs: 5_000,
  signal: new AbortController().signal,
  ...over,
});
const busy = () => modelError('MODEL_UNREACHABLE', 'It does not answer', 'Start it.', 'transient');
const answers: Provider['chat'] = async () => ({
  ...NO_USAGE,
  text: 'Yes.',
  toolCalls: [],
  ms: 1,
  stop: 'stop',
  scripted: false,
});
/** A model that does what it is told to now, and counts how often it was asked. */
function model(service: string | null = null, requestsPerMinute = 60_000) {
  const state = { asked: 0, chat: answers };
  const raw: Provider = {
    ...puppet([]),
    chat: (r) => {
      state.asked++;
      return state.chat(r);
    },
  };
  const rates = { requestsPerMinute, tokensPerMinute: 1_000_000 };
  const by = (host: string, task?: number, timed = t) =>
    resilient(raw, {
      ...{ db, host, timing: timed, service: service ? { name: service, rates } : null },
      ...(task ? { task } : {}),
    });
  return { state, by, ask: (over?: Partial<ChatRequest>) => by('forge').chat(request(over)) };
}
const failure = (p: Promise<unknown>) =>
  p.then(
    () => null,
    (e: AlaiError) => e.code,
  );
const due = () => db.pool.query(`UPDATE breaker SET probe_at = now() - interval '1 second'`);
const events = async () =>
  (
    await db.pool.query<{ type: string }>('SELECT type FROM event WHERE seq > $1 ORDER BY seq', [mark])
  ).rows.map((r) => r.type);
async function opened(m: ReturnType<typeof model>): Promise<void> {
  m.state.chat = () => Promise.reject(busy());
  for (let n = 0; n < FAILURES_TO_OPEN; n++) await failure(m.ask());
  m.state.chat = answers;
}

describe('a breaker', () => {
  it('opens after some failures in passing, lets one probe through, and closes by its answer', async () => {
    const m = model();
    await opened(m);
    const asked = m.state.asked;
    expect(await failure(m.ask())).toBe('MODEL_PAUSED');
    expect(m.state.asked).toBe(asked);
    expect(await readBreakers(db)).toMatchObject([{ ...KEY, state: 'OPEN', code: 'MODEL_UNREACHABLE' }]);
    await due();
    expect((await m.ask()).text).toBe('Yes.');
    expect(await readBreakers(db)).toEqual([]);
    expect(await events()).toEqual(['breaker.opened', 'breaker.probed', 'breaker.closed']);
  });

  it('is for that model of that host only, and for all hosts where it is a service', async () => {
    await opened(model());
    expect((await model().by('anvil').chat(request())).text).toBe('Yes.');
    const cloud = model('anthropic');
    await opened(cloud);
    expect(await failure(cloud.by('anvil').chat(request()))).toBe('MODEL_PAUSED');
    const { breaker } = await readBreaker(db.pool, { host: SERVICE, model: 'anthropic' });
    expect(breaker.state).toBe('OPEN');
  });

  it('is not moved by what is no fault of the server, and forgets failures after an answer', async () => {
    const m = model();
    m.state.chat = () => Promise.reject(modelError('MODEL_MISSING', 'Not there', 'Pull it.', 'permanent'));
    for (let n = 0; n < 5; n++) await failure(m.ask());
    m.state.chat = () => Promise.reject(busy());
    await failure(m.ask());
    await failure(m.ask());
    m.state.chat = answers;
    await m.ask();
    m.state.chat = () => Promise.reject(busy());
    await failure(m.ask());
    await failure(m.ask());
    expect((await readBreaker(db.pool, KEY)).breaker).toMatchObject({ state: 'CLOSED', failures: 2 });
    expect(await events()).toEqual([]);
  });

  it('a probe that fails keeps it open for twice as long; one that is stopped leaves the next to another', async () => {
    const m = model();
    await opened(m);
    await due();
    m.state.chat = () => Promise.reject(busy());
    await failure(m.ask());
    const { breaker, now } = await readBreaker(db.pool, KEY);
    expect(breaker).toMatchObject({ state: 'OPEN', opens: 2 });
    expect((breaker.probeAt?.getTime() ?? 0) - now.getTime()).toBeGreaterThan(t.breakerOpen * 1.5);
    await due();
    const stop = new AbortController();
    m.state.chat = async () => {
      stop.abort(new Error('stopped'));
      throw new Error('stopped');
    };
    await m.ask({ signal: stop.signal }).catch(() => {});
    m.state.chat = answers;
    expect((await m.ask()).text).toBe('Yes.');
  });

  it('opens also where the server is gone before anything could be asked', async () => {
    const gone: Provider = { ...puppet([]), contextOf: () => Promise.reject(busy()) };
    const asks = resilient(gone, { db, host: 'forge', timing: t, service: null });
    for (let n = 0; n < FAILURES_TO_OPEN; n++)
      expect(await failure(asks.contextOf(KEY.model))).toBe('MODEL_UNREACHABLE');
    expect(await failure(asks.contextOf(KEY.model))).toBe('MODEL_PAUSED');
  });

  it('of twenty workers that see it due, one probes', async () => {
    const m = model();
    await opened(m);
    await due();
    const before = m.state.asked;
    const probe = Promise.withResolvers<void>();
    m.state.chat = async (r) => {
      await probe.promise;
      return await answers(r);
    };
    const codes: (string | null)[] = [];
    const all = Array.from({ length: 20 }, async () => {
      codes.push(await failure(m.ask()));
      // The probe is answered when all the others were told to wait.
      if (codes.length === 19) probe.resolve();
    });
    await Promise.all(all);
    expect(codes.filter((c) => c === 'MODEL_PAUSED')).toHaveLength(19);
    expect(codes.at(-1)).toBeNull();
    expect(m.state.asked - before).toBe(1);
  });

  it('that one task alone opened asks the model itself at once, while the others wait in place and lose nothing', async () => {
    const m = model();
    m.state.chat = () => Promise.reject(busy());
    const suspect = m.by('forge', 7);
    for (let n = 0; n < FAILURES_TO_OPEN; n++) await failure(suspect.chat(request()));
    const { breaker, now } = await readBreaker(db.pool, KEY);
    expect(breaker).toMatchObject({ state: 'OPEN', suspect: 7, opens: 0 });
    expect((breaker.probeAt?.getTime() ?? 0) - now.getTime()).toBeLessThanOrEqual(t.breakerDoubt);
    // A machine that was busy for that long has let nobody probe.
    await db.pool.query(`UPDATE breaker SET probe_at = now() + interval '1 hour'`);
    // Itself it waits for nothing: its attempt is over.
    expect(await failure(suspect.chat(request()))).toBe('MODEL_PAUSED');
    m.state.chat = answers;
    const before = m.state.asked;
    const others = Promise.all(Array.from({ length: 20 }, (_, n) => m.by('forge', 8 + n).chat(request())));
    await due();
    // The worker's own question, which is nobody's.
    expect((await m.ask()).text).toBe('Yes.');
    expect((await others).map((r) => r.text)).toEqual(Array(20).fill('Yes.'));
    expect(m.state.asked - before).toBe(21);
    expect((await readBreaker(db.pool, KEY)).breaker).toMatchObject({ state: 'CLOSED', suspect: 7 });
    expect(await events()).toEqual(['breaker.opened', 'breaker.probed', 'breaker.closed']);
    await suspect.chat(request());
    expect((await readBreaker(db.pool, KEY)).breaker).toMatchObject({ state: 'CLOSED', suspect: null });
  });

  it('that one task alone opened is left alone as always when the model does not answer the small question either', async () => {
    const m = model();
    m.state.chat = () => Promise.reject(busy());
    for (let n = 0; n < FAILURES_TO_OPEN; n++) await failure(m.by('forge', 7).chat(request()));
    await due();
    expect(await failure(m.ask())).toBe('MODEL_UNREACHABLE');
    const { breaker, now } = await readBreaker(db.pool, KEY);
    expect(breaker).toMatchObject({ state: 'OPEN', suspect: null, opens: 1 });
    expect((breaker.probeAt?.getTime() ?? 0) - now.getTime()).toBeGreaterThan(t.breakerOpen * 0.9);
    expect(await failure(m.by('forge', 8).chat(request()))).toBe('MODEL_PAUSED');
  });

  describe('of a service that lists its models and answers nobody', () => {
    const KEY = { host: SERVICE, model: 'anthropic' };
    const state = async () => await readBreaker(db.pool, KEY);
    /** What the conductor does when the pause is over. */
    const listed = async () => {
      await due();
      expect(await dueServices(db.pool)).toEqual([KEY]);
      await changeBreaker(db, KEY, 'conductor', (b, now) => afterListing(b, now));
      expect(await dueServices(db.pool), 'is not asked for them again and again').toEqual([]);
    };
    const fails = async (m: ReturnType<typeof model>, task: number) => {
      for (let n = 0; n < FAILURES_TO_OPEN; n++) await failure(m.by('forge', task).chat(request()));
    };

    it('stays open, longer and longer, whoever asks, until a call is answered', async () => {
      const m = model('anthropic');
      m.state.chat = () => Promise.reject(busy());
      await fails(m, 7);
      const pauses: number[] = [];
      for (let task = 8; task < 13; task++) {
        await listed();
        expect((await state()).breaker.state).not.toBe('CLOSED');
        await db.pool.query(`UPDATE breaker SET opened_at = now() - interval '2 s'`);
        const asked = m.state.asked;
        await fails(m, task);
        expect(m.state.asked - asked, 'one call decides').toBe(1);
        const { breaker, now } = await state();
        expect(breaker).toMatchObject({ state: 'OPEN', suspect: null });
        pauses.push(Math.round(((breaker.probeAt?.getTime() ?? 0) - now.getTime()) / t.breakerOpen));
      }
      expect(pauses).toEqual([1, 2, 4, 8, 16]);
      await listed();
      m.state.chat = answers;
      expect((await m.by('anvil', 20).chat(request())).text).toBe('Yes.');
      expect((await state()).breaker).toMatchObject({ state: 'CLOSED', opens: 0 });
    });

    it('also where one task alone asks it', async () => {
      const m = model('anthropic');
      m.state.chat = () => Promise.reject(busy());
      const pauses: number[] = [];
      for (let n = 0; n < 4; n++) {
        await fails(m, 7);
        const { breaker, now } = await state();
        pauses.push((breaker.probeAt?.getTime() ?? 0) - now.getTime());
        await listed();
      }
      expect(pauses.map((ms) => Math.round(ms / t.breakerOpen))).toEqual([0, 1, 2, 4]);
    });

    it('keeps others in place while one of them finds out, and costs them nothing when it answers', async () => {
      const m = model('anthropic');
      m.state.chat = () => Promise.reject(busy());
      await fails(m, 7);
      await fails(m, 8);
      await listed();
      const found = Promise.withResolvers<void>();
      const asked = m.state.asked;
      m.state.chat = async (r) => {
        await found.promise;
        return await answers(r);
      };
      const both = [9, 10].map((task) => m.by('forge', task).chat(request()));
      await expect.poll(async () => (await state()).breaker.probeBy).toBe('forge');
      expect(m.state.asked - asked).toBeLessThanOrEqual(1);
      found.resolve();
      expect((await Promise.all(both)).map((r) => r.text)).toEqual(['Yes.', 'Yes.']);
    });

    it('is left alone for long when another task than the suspect finds its account empty', () => {
      const now = new Date();
      const failed = { code: 'MODEL_TIMEOUT', error: 'It hangs', offline: false, task: 7 };
      let b = { ...CLOSED };
      for (let n = 0; n < FAILURES_TO_OPEN; n++) b = afterFailure(b, failed, false, now, t);
      expect(b).toMatchObject({ state: 'OPEN', suspect: 7 });
      const empty = {
        code: 'PROVIDER_QUOTA',
        error: 'No money left',
        offline: false,
        lasting: true,
        task: 8,
      };
      const next = afterFailure(b, empty, false, now, t);
      expect(next).toMatchObject({ state: 'OPEN', suspect: null, code: 'PROVIDER_QUOTA' });
      expect((next.probeAt?.getTime() ?? 0) - now.getTime()).toBe(t.breakerMost);
    });

    it('is over where it could not even list them before: that is what failed', () => {
      const now = new Date();
      const failed = { code: 'MODEL_UNREACHABLE', error: 'no way', offline: true };
      let b = { ...CLOSED };
      for (let n = 0; n < FAILURES_TO_OPEN; n++) b = afterFailure(b, failed, false, now, t);
      expect(afterListing(b, now)).toMatchObject({ state: 'CLOSED' });
      expect(afterListing({ ...b, offline: false }, now)).toMatchObject({ state: 'HALF_OPEN', probeAt: now });
    });

    it('lets others go on beside one whose calls alone fail, all at once', async () => {
      const m = model('anthropic');
      m.state.chat = () => Promise.reject(busy());
      await fails(m, 7);
      await listed();
      await db.pool.query(`UPDATE breaker SET opened_at = now() - interval '2 s'`);
      const together = Promise.withResolvers<void>();
      let n = 0;
      m.state.chat = async (r) => {
        if (++n === 3) together.resolve();
        await together.promise;
        return await answers(r);
      };
      await Promise.all([8, 9, 10].map((task) => m.by('forge', task).chat(request())));
      expect((await state()).breaker).toMatchObject({ state: 'CLOSED', suspect: 7 });
    });
  });

  it('nobody waits in place for longer than the first pause, nor when he is told to stop', async () => {
    const quick = timing(0.01);
    const m = model();
    m.state.chat = () => Promise.reject(busy());
    for (let n = 0; n < FAILURES_TO_OPEN; n++) await failure(m.by('forge', 7).chat(request()));
    await db.pool.query(`UPDATE breaker SET probe_at = now() + interval '1 hour'`);
    expect(await failure(m.by('forge', 8, quick).chat(request()))).toBe('MODEL_PAUSED');
    const stop = new AbortController();
    const waits = m.by('forge', 8).chat(request({ signal: stop.signal }));
    stop.abort(new Error('stopped'));
    await expect(waits).rejects.toThrow('stopped');
  });

  it('that several tasks opened, or fail at while one is doubted, is left alone as always', () => {
    const now = new Date();
    const of = (task: number | null) => ({ code: 'MODEL_BUSY', error: 'busy', offline: false, task });
    const fails = (...tasks: (number | null)[]) =>
      tasks.reduce((b, task) => afterFailure(b, of(task), false, now, t), { ...CLOSED });
    const pause = (b: typeof CLOSED) => (b.probeAt?.getTime() ?? 0) - now.getTime();
    for (const b of [
      fails(7, 8, 7),
      fails(7, 7, 8),
      fails(null, 7, 7),
      fails(null, null, null),
      fails(7, 7, 7, 8),
    ]) {
      expect(b).toMatchObject({ state: 'OPEN', suspect: null, opens: 1 });
      expect(pause(b)).toBe(t.breakerOpen);
    }
    expect(fails(7, 7, 7, 7)).toMatchObject({ suspect: 7, opens: 0 });
    // Another day, another suspect.
    const next = afterFailure(fails(7, 7), of(8), false, new Date(now.getTime() + t.breakerWindow), t);
    expect(next).toMatchObject({ state: 'CLOSED', failures: 1, suspect: 8 });
  });

  it('a prober that died does not keep it half open for ever', () => {
    const now = new Date();
    const half = { ...CLOSED, ver: 3, state: 'HALF_OPEN' as const, probeBy: 'anvil', probeAt: now };
    expect(mayAsk(half, new Date(now.getTime() - 1), 'forge', t)).toMatchObject({ kind: 'wait' });
    expect(mayAsk(half, now, 'forge', t)).toMatchObject({ kind: 'probe', next: { probeBy: 'forge' } });
  });

  it('failures far apart do not add up', () => {
    const f = { code: 'MODEL_BUSY', error: 'busy', offline: false };
    let b = { ...CLOSED };
    for (let n = 0; n < 10; n++) b = afterFailure(b, f, false, new Date(n * t.breakerWindow), t);
    expect(b).toMatchObject({ state: 'CLOSED', failures: 1 });
  });

  it('opens at once for a key that is not taken, for everybody and for long', async () => {
    const m = model('openai');
    m.state.chat = () => Promise.reject(modelError('PROVIDER_KEY', 'Not taken', 'Set it.', 'permanent'));
    expect(await failure(m.ask())).toBe('PROVIDER_KEY');
    expect(await failure(m.by('anvil').chat(request()))).toBe('MODEL_PAUSED');
    const { breaker, now } = await readBreaker(db.pool, { host: SERVICE, model: 'openai' });
    expect((breaker.probeAt?.getTime() ?? 0) - now.getTime()).toBeGreaterThan(t.breakerMost * 0.9);
  });

  it('says that there is no way to a service', async () => {
    const m = model('anthropic');
    const lost = busy();
    lost.data.network = 'dns';
    m.state.chat = () => Promise.reject(lost);
    for (let n = 0; n < FAILURES_TO_OPEN; n++) await failure(m.ask());
    expect(await readBreakers(db)).toMatchObject([{ host: SERVICE, model: 'anthropic', offline: true }]);
  });
});

describe('retries', () => {
  const signal = new AbortController().signal;

  it('stop when the breaker opened on the way, with what opened it', async () => {
    const m = model();
    m.state.chat = () => Promise.reject(busy());
    const call = withRetries(() => m.ask(), { signal, backoffMs: 1, max: 9 });
    expect(await failure(call)).toBe('MODEL_UNREACHABLE');
    expect(m.state.asked).toBe(FAILURES_TO_OPEN);
  });

  it('wait as long as the server asked for, and not at all when that is too long', async () => {
    const patient = (retryAfterMs: number) =>
      modelError('MODEL_BUSY', 'busy', '', 'transient', { retryAfterMs });
    let asked = 0;
    const once = (ms: number) => async () => {
      if (asked++ === 0) throw patient(ms);
      return 'yes';
    };
    const from = performance.now();
    expect(await withRetries(once(120), { signal, backoffMs: 1 })).toBe('yes');
    expect(performance.now() - from).toBeGreaterThan(110);
    asked = 0;
    expect(await failure(withRetries(once(3_600_000), { signal, backoffMs: 1 }))).toBe('MODEL_BUSY');
  });
});

describe('a service is asked no faster than it allows', () => {
  /** One more request in ten seconds: what is drawn at once is drawn before, however slow the machine is. */
  const rates = { requestsPerMinute: 6, tokensPerMinute: 6_000 };

  it('by requests and by tokens, for all workers together', async () => {
    const waits = await Promise.all(Array.from({ length: 8 }, () => draw(db, 'a', rates, 1, 60_000)));
    const late = waits.filter((w) => w !== null && w > 0).sort((x, y) => Number(x) - Number(y));
    expect(late).toHaveLength(2);
    expect(late[1]).toBeGreaterThan(10_000);
    expect(await draw(db, 'b', rates, 5_000, 60_000)).toBe(0);
    expect(await draw(db, 'b', rates, 2_000, 60_000)).toBeGreaterThan(5_000);
  });

  it('who would wait too long is told at once, and takes nothing', async () => {
    await draw(db, 'c', rates, 6_000, 60_000);
    expect(await draw(db, 'c', rates, 6_000, 1_000)).toBeNull();
    expect(await draw(db, 'c', rates, 50, 1_000)).toBeLessThan(1_000);
  });

  it('and is left alone by all when it says so', async () => {
    await draw(db, 'd', rates, 1, 1_000);
    await pause(db, 'd', 30_000);
    expect(await draw(db, 'd', rates, 1, 60_000)).toBeGreaterThan(15_000);
    expect(await draw(db, 'd', rates, 1, 1_000)).toBeNull();
    const m = model('e');
    const wish = modelError('MODEL_BUSY', 'slow down', '', 'transient', { retryAfterMs: 20_000 });
    m.state.chat = () => Promise.reject(wish);
    await failure(m.ask());
    // The next one waits for its turn, and is told to stop meanwhile.
    await failure(m.ask({ signal: AbortSignal.timeout(200) }));
    // It answers: no breaker opens over it.
    expect(await readBreakers(db)).toEqual([]);
    expect(await draw(db, 'e', rates, 1, 60_000)).toBeGreaterThan(15_000);
  });
});

describe('a call that was never made', () => {
  it('because its turn is too far off, pauses nobody, and says nothing of the service', async () => {
    const m = model('busy', 1);
    for (let n = 0; n < 5; n++)
      await draw(db, 'busy', { requestsPerMinute: 1, tokensPerMinute: 1_000_000 }, 1, 3_600_000);
    await db.pool.query(
      `INSERT INTO breaker(host, model, state, probe_at, error) VALUES ('*', 'busy', 'OPEN', now() - interval '1 second', 'It was gone')`,
    );
    expect(await failure(m.ask())).toBe('MODEL_BUSY');
    expect(m.state.asked).toBe(0);
    const { rows } = await db.pool.query('SELECT paused_until FROM provider_bucket');
    expect(rows).toEqual([{ paused_until: null }]);
    expect(await readBreakers(db)).toMatchObject([{ model: 'busy', state: 'OPEN' }]);
  });
});

it('a service that wants to be left alone for long is left alone by its breaker, at most an hour', async () => {
  const m = model('later');
  const wish = (retryAfterMs: number) => modelError('MODEL_BUSY', 'later', '', 'transient', { retryAfterMs });
  const left = async () => {
    const { breaker, now } = await readBreaker(db.pool, { host: SERVICE, model: 'later' });
    return ((breaker.probeAt?.getTime() ?? 0) - now.getTime()) / 60_000;
  };
  m.state.chat = () => Promise.reject(wish(20 * 60_000));
  expect(await failure(m.ask())).toBe('MODEL_BUSY');
  expect(await left()).toBeGreaterThan(19);
  await due();
  m.state.chat = () => Promise.reject(wish(7 * 24 * 3_600_000));
  expect(await failure(m.ask())).toBe('MODEL_BUSY');
  expect(await left()).toBeGreaterThan(50);
  expect(await left()).toBeLessThan(61);
});

it('a change that loses the race is decided anew', async () => {
  await Promise.all(
    Array.from({ length: 10 }, () =>
      changeBreaker(db, KEY, 'forge', (b, now) =>
        afterFailure(b, { code: 'X', error: 'x', offline: false }, false, now, t),
      ),
    ),
  );
  expect((await events()).filter((e) => e === 'breaker.opened')).toHaveLength(1);
});
