import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlaiError } from '#server/domain/errors.ts';
import { startRehearsal } from '#test/rehearsal.ts';
import { createOllama } from './ollama.ts';
import type { ChatRequest, Provider } from './provider.ts';
import { withRetries } from './retry.ts';

let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
let provider: Provider;
beforeAll(async () => {
  rehearsal = await startRehearsal();
  provider = rehearsal.provider;
});
afterAll(() => rehearsal.stop());

const ask = (over: Partial<ChatRequest> = {}, p = provider) =>
  p.chat({
    model: 'qwen3:8b',
    messages: [{ role: 'user', content: 'Hello there, how are you?' }],
    tools: [],
    maxTokens: 100,
    idleMs: 10_000,
    totalMs: 20_000,
    signal: new AbortController().signal,
    ...over,
  });
const failure = (p: Promise<unknown>) =>
  p.then(
    () => null,
    (e: AlaiError) => ({ code: e.code, transient: e.data.transient }),
  );

describe('a server that misbehaves', () => {
  it('a broken tool call, which Ollama reports as 500, is not repeated blindly', async () => {
    const broken = await serve(
      'error parsing tool call: raw=\'{"path": "a\', err=unexpected end of JSON input',
    );
    expect(await failure(ask({}, createOllama(broken.url)))).toEqual({
      code: 'MODEL_GARBAGE',
      transient: false,
    });
    broken.server.close();
  });
});

describe('retries', () => {
  const signal = new AbortController().signal;
  const plan = (fault: string, times: number) =>
    fetch(`${rehearsal.url}/rehearsal/faults`, { method: 'POST', body: JSON.stringify({ fault, times }) });

  let tries = 0;
  const count = <T>(p: Promise<T>) => {
    tries++;
    return p;
  };

  it('a busy server is asked again, twice at most', async () => {
    await plan('503', 2);
    expect((await withRetries(() => ask(), { signal, backoffMs: 5 })).text).not.toBe('');
    await plan('503', 3);
    tries = 0;
    const call = withRetries(() => count(ask()), { signal, backoffMs: 5 });
    expect(await failure(call)).toEqual({ code: 'MODEL_BUSY', transient: true });
    expect(tries).toBe(3);
  });

  it('what cannot become better is not asked again', async () => {
    tries = 0;
    await failure(withRetries(() => count(ask({ model: 'nothing:1b' })), { signal, backoffMs: 5 }));
    expect(tries).toBe(1);
  });
});

describe('the probe', () => {
  it('lists what is installed, what can use tools, and that all is scripted', async () => {
    const p = await provider.probe();
    expect(p).toMatchObject({
      reachable: true,
      version: expect.stringMatching(/-rehearsal$/),
      scripted: true,
    });
    expect(p.models.find((m) => m.name === 'qwen3:8b')).toMatchObject({ tools: true, embedding: false });
    expect(p.models.find((m) => m.name === 'bge-m3:latest')).toMatchObject({ tools: false, embedding: true });
  });
});

describe('the care of models', () => {
  const { admin } = createOllama('http://127.0.0.1:9');
  const care = () => {
    const found = provider.admin;
    if (!found) throw new Error('Ollama looks after its models.');
    return found;
  };
  const signal = () => new AbortController().signal;

  it('pulls with progress, lists what is loaded, and removes', async () => {
    const seen: number[] = [];
    await care().pull('tiny:1b', { signal: signal(), onProgress: (p) => seen.push(p.completed) });
    expect(Math.max(...seen)).toBeGreaterThan(0);
    await ask({ model: 'tiny:1b' });
    expect((await care().loaded()).map((m) => m.model)).toContain('tiny:1b');
    await care().remove('tiny:1b');
    expect(await failure(ask({ model: 'tiny:1b' }))).toEqual({ code: 'MODEL_MISSING', transient: false });
  });

  it('says that nobody has a model, though the server answers 200', async () => {
    expect(await failure(care().pull('missing:1b', { signal: signal() }))).toEqual({
      code: 'MODEL_MISSING',
      transient: false,
    });
    expect(await failure(care().remove('missing:1b'))).toMatchObject({ code: 'MODEL_MISSING' });
    expect(await failure(admin?.loaded() ?? Promise.resolve())).toMatchObject({ code: 'MODEL_UNREACHABLE' });
  });
});

/** A server that describes one model and fails every chat with this message. */
async function serve(error: string): Promise<{ url: string; server: Server }> {
  const server = createServer((req, res) => {
    const show = req.url === '/api/show';
    res.writeHead(show ? 200 : 500, { 'content-type': 'application/json' });
    res.end(
      JSON.stringify(
        show ? { details: { family: 'qwen3' }, capabilities: ['completion', 'tools'] } : { error },
      ),
    );
  });
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
