import { afterAll, beforeAll, expect, it } from 'vitest';
import { puppet } from '#test/puppet.ts';
import { startRehearsal } from '#test/rehearsal.ts';
import { createLlamaServer } from './llama-server.ts';
import { modelError } from './provider.ts';
import { probeTools } from './tool-probe.ts';

let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
beforeAll(async () => {
  rehearsal = await startRehearsal();
});
afterAll(() => rehearsal.stop());
const { signal } = new AbortController();

it('finds over the wire that a model calls tools, and its context', async () => {
  const server = createLlamaServer(rehearsal.url);
  const [model] = (await server.probe()).models;
  expect(await probeTools(server, model?.name ?? '', signal)).toMatchObject({
    ...{ name: model?.name, capabilities: ['completion', 'tools'] },
    ...{ context: expect.any(Number), at: expect.any(String) },
  });
});

it('believes no call that is not the one asked for', async () => {
  const of = async (name: string, args: unknown) =>
    (await probeTools(puppet([[{ name, arguments: args }]]), 'm', signal))?.capabilities;
  expect(await of('add', { a: 2, b: 3 })).toContain('tools');
  expect(await of('add', '{"a":2,"b":3}')).toContain('tools');
  expect(await of('add', { a: '2' })).toEqual(['completion']);
  expect(await of('sum', { a: 2, b: 3 })).toEqual(['completion']);
});

it('takes a broken call for an answer, and a busy server for none', async () => {
  const failing = (code: 'MODEL_GARBAGE' | 'MODEL_BUSY') => ({
    ...puppet([]),
    chat: () =>
      Promise.reject(modelError(code, 'no', 'no', code === 'MODEL_BUSY' ? 'transient' : 'permanent')),
  });
  expect((await probeTools(failing('MODEL_GARBAGE'), 'm', signal))?.capabilities).toEqual(['completion']);
  expect(await probeTools(failing('MODEL_BUSY'), 'm', signal)).toBeNull();
});
