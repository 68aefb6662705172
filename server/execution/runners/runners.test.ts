import { describe, expect, it } from 'vitest';
import { AlaiError } from '#server/domain/errors.ts';
import { choicePipelines, type PipelineName } from '#server/domain/pipelines.ts';
import { Asked } from '../asked.ts';
import type { Transcript } from '../transcript.ts';
import { createStepRunner } from './registry.ts';
import type { Spent, StepRunner } from './runner.ts';

const garbage = () => new AlaiError('MODEL_GARBAGE', 'no tool call', 'Another model.', { transient: false });
const busy = () => new AlaiError('MODEL_BUSY', 'the server is busy', 'Wait.', { transient: true });
const missing = () => new AlaiError('MODEL_MISSING', 'not pulled', 'Pull it.', { transient: false });

/** A step over these pipelines; each answers with its error, or is done. */
function step(pipelines: PipelineName[], errors: Partial<Record<PipelineName, unknown>>) {
  const asked: { pipeline: PipelineName; spent: Spent }[] = [];
  const said: Record<string, unknown>[] = [];
  const runner = createStepRunner({
    pipelines,
    before: { messages: [], turns: 1, tokens: 10 },
    stepKey: 'build',
    transcript: {
      add: (_s: string, _k: string, data: Record<string, unknown>) => said.push(data),
    } as unknown as Transcript,
    signal: new AbortController().signal,
    async make(pipeline, _kind, spent): Promise<StepRunner> {
      asked.push({ pipeline, spent });
      return {
        run: async () => {
          if (errors[pipeline]) throw errors[pipeline];
        },
        tell: () => {},
        soFar: () => ({ messages: [], turns: spent.turns + 2, tokens: spent.tokens + 100 }),
        waiting: () => null,
      };
    },
  });
  return { run: () => runner.run(), asked, said };
}

describe('a step that can be asked for in several ways', () => {
  it('goes to the next when the first stays transient, and gives no limit back', async () => {
    const s = step(['ollama-tool', 'ollama-simple'], { 'ollama-tool': busy() });
    await s.run();
    expect(s.asked.map((a) => [a.pipeline, a.spent.turns, a.spent.tokens])).toEqual([
      ['ollama-tool', 1, 10],
      ['ollama-simple', 3, 110],
    ]);
    expect(s.said[0]).toMatchObject({ code: 'MODEL_BUSY', pipeline: 'ollama-tool', next: 'ollama-simple' });
  });

  it('asks for text where the model does not master its tools, and only there', async () => {
    const text = step(['llama-tool', 'llama-server'], { 'llama-tool': garbage() });
    await text.run();
    expect(text.asked).toHaveLength(2);
    const loops = step(['ollama-tool', 'openai-tool'], { 'ollama-tool': garbage() });
    await expect(loops.run()).rejects.toMatchObject({ code: 'MODEL_GARBAGE' });
    expect(loops.asked).toHaveLength(1);
  });

  it('keeps both errors when both fail', async () => {
    const s = step(['claude-cli', 'claude-api'], { 'claude-cli': busy(), 'claude-api': missing() });
    const e = await s.run().catch((x: AlaiError) => x);
    expect(e).toMatchObject({
      code: 'MODEL_MISSING',
      data: { errors: [{ pipeline: 'claude-cli' }, { pipeline: 'claude-api', code: 'MODEL_MISSING' }] },
    });
    expect((e as AlaiError).message).toContain('claude-cli: the server is busy');
  });

  it('does not try another way for what would fail in it too, or what a human has to hear', async () => {
    for (const why of [missing(), new Asked('question', 'Which one?'), new Error('broken')]) {
      const s = step(['ollama-tool', 'ollama-simple'], { 'ollama-tool': why });
      await expect(s.run()).rejects.toBe(why);
      expect(s.asked).toHaveLength(1);
    }
  });

  it('never puts the human to work', async () => {
    await expect(step(['human-queue'], {}).run()).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    const s = step(['claude-cli', 'human-queue'], { 'claude-cli': busy() });
    await expect(s.run()).rejects.toMatchObject({ code: 'MODEL_BUSY' });
  });
});

it('a route from before choices named pipelines gets those of its provider', () => {
  expect(choicePipelines({ provider: 'ollama' })).toEqual(['ollama-tool', 'ollama-simple']);
  expect(choicePipelines({ provider: 'ollama', pipelines: ['ollama-tool'] })).toEqual(['ollama-tool']);
  expect(choicePipelines({ provider: 'nobody' })).toEqual([]);
});
