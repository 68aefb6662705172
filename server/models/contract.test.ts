import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '#server/domain/accounts.ts';
import type { AlaiError } from '#server/domain/errors.ts';
import { startRehearsal } from '#test/rehearsal.ts';
import type { ChatRequest, Message, Provider } from './provider.ts';
import { providerAt, serviceOf } from './registry.ts';

/** What every provider must do, on the wire, against a server that speaks its protocol. */

const account = (kind: Account['kind'], base_url: string): Account => ({
  kind,
  base_url,
  key_env: null,
  allow_private: true,
  offline: false,
  requests_per_minute: 60,
  tokens_per_minute: 200_000,
  context: 64_000,
  structured: 'schema',
  models: { 'claude-sonnet': 'claude-sonnet-5-5' },
});
const makers = {
  ollama: (url: string) => providerAt('ollama', url),
  'llama-server': (url: string) => providerAt('llama-server', url),
  openai: (url: string) => serviceOf('openai', account('openai', `${url}/v1`), {}),
  anthropic: (url: string) => serviceOf('anthropic', account('anthropic', url), {}),
} as const;
type Kind = keyof typeof makers;
const kinds = Object.keys(makers) as Kind[];
const model = { ollama: 'qwen3:8b', 'llama-server': 'qwen3:8b', openai: 'gpt', anthropic: 'claude-sonnet' };

let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
beforeAll(async () => {
  rehearsal = await startRehearsal();
});
afterAll(() => rehearsal.stop());

const tools = ['list', 'write', 'report', 'finish'].map((name) => ({
  name,
  description: `The tool ${name}.`,
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: [] },
}));
const hello: Message[] = [{ role: 'user', content: 'Hello there, how are you?' }];
const failure = (p: Promise<unknown>) =>
  p.then(
    () => null,
    (e: AlaiError) => ({ code: e.code, kind: e.data.kind }),
  );

/** These end when our patience does, each by its own clock. What answers is given more, because a busy machine answers late. */
const SILENT = { idleMs: 500, totalMs: 20_000 };
const HANGS: Record<string, Pick<ChatRequest, 'idleMs' | 'totalMs'>> = {
  ...{ stall: SILENT, slow: SILENT, silent: SILENT, drip: SILENT },
  endless: { idleMs: 20_000, totalMs: 1_000 },
};

describe.concurrent.each(kinds)('%s', (kind) => {
  let provider: Provider;
  beforeAll(() => {
    provider = makers[kind](rehearsal.url);
  });
  const ask = (over: Partial<ChatRequest> = {}) =>
    provider.chat({
      model: model[kind],
      messages: hello,
      tools: [],
      maxTokens: 500,
      idleMs: 10_000,
      totalMs: 20_000,
      signal: new AbortController().signal,
      ...over,
    });
  const faulty = (fault: string, over: Partial<ChatRequest> = {}) =>
    ask({ model: `${model[kind]}+${fault}`, ...HANGS[fault], ...over });

  it('streams an answer, counts its tokens and says that it is scripted', async () => {
    const parts: string[] = [];
    const reply = await ask({ onText: (d) => parts.push(d) });
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.join('')).toBe(reply.text);
    expect(reply).toMatchObject({ scripted: true, stop: 'stop', toolCalls: [] });
    expect(reply.tokensIn).toBeGreaterThan(0);
    expect(reply.tokensOut).toBeGreaterThan(0);
  });

  it('calls tools and goes on from their results', async () => {
    const facts = {
      task: 7,
      title: 'Bento: Frontend — meal selection',
      stage: 'BUILD',
      cycle: 0,
      step: 'build',
    };
    const messages: Message[] = [
      { role: 'system', content: 'You build.' },
      { role: 'user', content: `Do it.\n<data kind="facts">\n${JSON.stringify(facts)}\n</data>` },
    ];
    const made: string[] = [];
    for (let turn = 0; turn < 30 && !made.includes('finish'); turn++) {
      const reply = await ask({ messages, tools });
      expect(reply.toolCalls.length).toBeGreaterThan(0);
      const calls = reply.toolCalls.map((c, i) => ({ ...c, id: `build-${turn}-${i}` }));
      messages.push({ role: 'assistant', content: reply.text, toolCalls: calls });
      for (const c of calls) {
        expect(c.arguments).toBeTypeOf('object');
        made.push(c.name);
        if (c.name !== 'finish')
          messages.push({ role: 'tool', content: 'ok', toolCallId: c.id, toolName: c.name });
      }
    }
    expect(made).toContain('write');
    expect(made.at(-1)).toBe('finish');
    // The last call was never answered, and the conversation goes on all the same.
    messages.push({ role: 'user', content: 'A gate failed: mend it.' });
    await expect(ask({ messages, tools })).resolves.toMatchObject({ scripted: true });
  });

  it('holds an answer to a schema', async () => {
    const format = {
      type: 'object',
      required: ['verdict', 'score'],
      properties: {
        verdict: { type: 'string', enum: ['pass', 'reject'] },
        score: { type: 'integer', minimum: 1 },
      },
    };
    expect(JSON.parse((await ask({ format })).text)).toEqual({ verdict: 'pass', score: 1 });
  });

  it.skipIf(kind === 'llama-server')('tells thinking from answering', async () => {
    const thinker = kind === 'ollama' ? 'deepseek-r1:8b' : 'a-reasoner';
    const reply = await ask({ model: thinker });
    expect(reply.text).not.toContain('Thinking it over');
    expect(reply.tokensThinking).toBeGreaterThan(0);
    expect(reply.tokensThinking).toBeLessThanOrEqual(reply.tokensOut);
  });

  it.each([
    ['404', 'MODEL_MISSING', 'permanent'],
    ['401', 'PROVIDER_KEY', 'permanent'],
    ['402', 'PROVIDER_QUOTA', 'over-budget'],
    ['429', 'MODEL_BUSY', 'transient'],
    ['503', 'MODEL_BUSY', 'transient'],
    ['500', 'MODEL_UNREACHABLE', 'transient'],
    ['hang-up', 'MODEL_UNREACHABLE', 'transient'],
    ['stall', 'MODEL_TIMEOUT', 'transient'],
    ['slow', 'MODEL_TIMEOUT', 'transient'],
    ['silent', 'MODEL_TIMEOUT', 'transient'],
    ['drip', 'MODEL_TIMEOUT', 'transient'],
    ['endless', 'MODEL_TIMEOUT', 'permanent'],
    ['truncated', 'MODEL_GARBAGE', 'permanent'],
    ['reset', 'MODEL_GARBAGE', 'permanent'],
    ['bad-json', 'MODEL_GARBAGE', 'permanent'],
    ['huge', 'MODEL_GARBAGE', 'permanent'],
    ['truncated-call', 'MODEL_GARBAGE', 'permanent'],
    ['empty', 'MODEL_GARBAGE', 'permanent'],
  ])('%s is %s, %s', async (fault, code, errorKind) => {
    expect(await failure(faulty(fault))).toEqual({ code, kind: errorKind });
  });

  it('says when a refusal is one', async () => {
    const said = await faulty('refusal').then(
      (reply) => reply.text,
      (e: AlaiError) => e.data.kind,
    );
    // Ollama has no word for it: the refusal is its answer.
    expect(said).toBe(kind === 'ollama' ? 'I cannot help with that.' : 'refused');
  });

  it.each([
    ['in seconds', '429-later'],
    ['as a date of a clock that is a day ahead', 'clock-skew'],
  ])('hears how long to wait, %s', async (_, fault) => {
    const waits = await faulty(fault).catch((e: AlaiError) => e.data.retryAfterMs);
    expect(waits).toBe(1_000);
  });

  it.each([
    ['before headers', 'stall', 50],
    ['in the stream', 'endless', 200],
  ])('an abort %s ends the call at once, with its own reason', async (_, fault, after) => {
    const controller = new AbortController();
    const call = faulty(fault, { idleMs: 60_000, totalMs: 60_000, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('factory stop')), after);
    const from = Date.now();
    await expect(call).rejects.toThrow('factory stop');
    // Not by its own clocks, which run for a minute.
    expect(Date.now() - from).toBeLessThan(after + 15_000);
  });

  it('follows no redirect', async () => {
    const elsewhere = createServer((_, res) => {
      res.writeHead(307, { location: `${rehearsal.url}/api/chat` });
      res.end();
    });
    await new Promise<void>((r) => elsewhere.listen(0, '127.0.0.1', r));
    const moved = makers[kind](`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`);
    const call = moved.chat({
      model: model[kind],
      messages: hello,
      tools: [],
      maxTokens: 10,
      idleMs: 10_000,
      totalMs: 20_000,
      signal: new AbortController().signal,
    });
    expect(await failure(call)).toEqual({ code: 'ADDRESS_REFUSED', kind: 'permanent' });
    elsewhere.close();
  });

  it('that is not there is unreachable, and the probe says so', async () => {
    const gone = makers[kind]('http://127.0.0.1:9');
    expect(await gone.probe()).toMatchObject({ reachable: false, problem: { code: 'MODEL_UNREACHABLE' } });
    expect(await provider.probe()).toMatchObject({ reachable: true, scripted: true });
  });

  it.skipIf(kind === 'anthropic')('embeds, as its protocol can', async () => {
    if (!provider.embed) throw new Error(`${kind} has no embeddings.`);
    const name = kind === 'llama-server' ? model[kind] : 'bge-m3:latest';
    const signal = new AbortController().signal;
    const { vectors } = await provider.embed({ model: name, input: ['meal', 'meal', 'law'], signal });
    expect(vectors[0]).toHaveLength(1_024);
    expect(vectors[1]).toEqual(vectors[0]);
    expect(vectors[2]).not.toEqual(vectors[0]);
  });
});

it('what a cloud has in its cache is counted apart', async () => {
  const messages: Message[] = [{ role: 'system', content: `Rules. ${'Be kind. '.repeat(100)}` }, ...hello];
  const provider = makers.anthropic(rehearsal.url);
  const call = () =>
    provider.chat({
      model: 'claude-sonnet',
      messages,
      tools,
      maxTokens: 100,
      idleMs: 10_000,
      totalMs: 20_000,
      signal: new AbortController().signal,
    });
  const first = await call();
  const second = await call();
  expect(first.tokensCacheWrite).toBeGreaterThan(0);
  expect(first.tokensCacheRead).toBe(0);
  expect(second.tokensCacheRead).toBe(first.tokensCacheWrite);
  expect(second.tokensIn).toBe(first.tokensIn);
});

it('llama-server is asked which model it has, whatever name it would answer to', async () => {
  const provider = makers['llama-server'](rehearsal.url);
  const call = provider.chat({
    model: 'qwen3:32b',
    messages: hello,
    tools: [],
    maxTokens: 10,
    idleMs: 10_000,
    totalMs: 20_000,
    signal: new AbortController().signal,
  });
  expect(await failure(call)).toEqual({ code: 'MODEL_WRONG', kind: 'permanent' });
});

describe('a key', () => {
  const open = (over: Partial<Account>, env: Record<string, string>) => () =>
    serviceOf('x', { ...account('openai', 'https://api.openai.com/v1'), ...over }, env);
  const refusal = (make: () => unknown) => {
    try {
      make();
      return null;
    } catch (e) {
      return (e as AlaiError).message;
    }
  };

  it('goes to the address it belongs to and to no other', () => {
    const mine = { OPENAI_API_KEY: 'sk-1' };
    expect(refusal(open({ key_env: 'OPENAI_API_KEY' }, mine))).toBeNull();
    expect(refusal(open({ key_env: 'OPENAI_API_KEY' }, {}))).toMatch(/OPENAI_API_KEY is not set/);
    const moved = { key_env: 'OPENAI_API_KEY', base_url: 'https://gateway.example/v1' };
    expect(refusal(open(moved, mine))).toMatch(/belongs to api\.openai\.com, and x is at gateway\.example/);
    expect(refusal(open(moved, { ...mine, OPENAI_API_KEY_HOST: 'gateway.example' }))).toBeNull();
    expect(refusal(open({ key_env: 'MY_KEY' }, { MY_KEY: '1' }))).toMatch(/set MY_KEY_HOST=api\.openai\.com/);
  });

  it.each(['openai', 'anthropic'] as const)(
    'that %s does not take is named by its variable, never by its value',
    async (kind) => {
      const at = new URL(rehearsal.url);
      const own = {
        ...account(kind, kind === 'openai' ? `${rehearsal.url}/v1` : rehearsal.url),
        key_env: 'MY_KEY',
      };
      const asked = serviceOf('z', own, { MY_KEY: 'sk-secret', MY_KEY_HOST: at.host }).chat({
        model: `${model[kind]}+401`,
        messages: hello,
        tools: [],
        maxTokens: 10,
        idleMs: 10_000,
        totalMs: 20_000,
        signal: new AbortController().signal,
      });
      const refused = await asked.then(
        () => null,
        (e: AlaiError) => e,
      );
      expect(refused).toMatchObject({
        code: 'PROVIDER_KEY',
        message: expect.stringContaining('the key in MY_KEY'),
      });
      expect(refused?.hint).toContain('set the right MY_KEY in the file .env');
      expect(`${refused?.message} ${refused?.hint}`).not.toContain('sk-secret');
    },
  );

  it('an address inside the network is not connected to unless its entry allows it', async () => {
    const inner = serviceOf('y', { ...account('openai', `${rehearsal.url}/v1`), allow_private: false }, {});
    expect(await inner.probe()).toMatchObject({ reachable: false, problem: { code: 'ADDRESS_REFUSED' } });
  });
});
