import { expect, it } from 'vitest';
import type { ToolCall } from '#server/models/provider.ts';
import { Asked } from '../asked.ts';
import { toolSpecs } from '../tools/registry.ts';
import type { RunnerInput } from './runner.ts';
import { createToolCalls } from './tool-calls.ts';

function calls() {
  const { signal } = new AbortController();
  const mask = (text: string) => text;
  const step = { key: 'work', tools: ['ask_human'], limits: { outputBytes: 1_000 } };
  const input = {
    specs: toolSpecs(['ask_human']),
    step,
    tools: { extra: [], withheld: {}, step, signal, mask, asked: () => [] },
    context: { signal, transcript: { add: () => {} } },
  } as unknown as RunnerInput;
  let held: ToolCall | null = null;
  const made = createToolCalls(input, {
    most: 10,
    id: (n) => `c${n}`,
    hold: (call) => {
      held = call;
    },
    begun: () => {},
  });
  return { made, held: () => held };
}

it('a question of an agent that ends without waiting for its answer is asked all the same', async () => {
  const { made, held } = calls();
  const ended: Error[] = [];
  void made.call('ask_human', { question: 'Which currency?' }, (why) => ended.push(why));
  await expect(made.settled()).rejects.toBeInstanceOf(Asked);
  expect(ended).toHaveLength(1);
  expect(held()).toMatchObject({ name: 'ask_human' });
});

it('a call that is refused ends nothing', async () => {
  const { made, held } = calls();
  const answer = await made.call('write', { path: 'a' }, () => expect.unreachable());
  expect(answer).toMatchObject({ ok: false, output: expect.stringContaining('REFUSED') });
  await made.settled();
  expect(held()).toBeNull();
});
