import type { ModelFacts } from '#server/domain/agents.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import type { Provider } from './provider.ts';

/** A server that does not say what its model can do is asked to show it, once for each model. */

const ADD = {
  name: 'add',
  description: 'Adds two numbers.',
  parameters: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' } },
    required: ['a', 'b'],
  },
};
const PROBE_MS = 120_000;

/** What the model showed, with the date of it; null when it could not be asked. */
export async function probeTools(
  provider: Provider,
  model: string,
  signal: AbortSignal,
): Promise<(ModelFacts & { at: string }) | null> {
  const found = async (...capabilities: string[]) => ({
    name: model,
    capabilities,
    context: await provider.contextOf(model).catch(() => null),
    at: new Date().toISOString(),
  });
  try {
    const reply = await provider.chat({
      model,
      messages: [{ role: 'user', content: 'Call the tool add with {"a": 2, "b": 3}. Say nothing else.' }],
      tools: [ADD],
      maxTokens: 256,
      idleMs: PROBE_MS,
      totalMs: PROBE_MS,
      signal,
    });
    const called = reply.toolCalls.some((c) => c.name === ADD.name && isRight(c.arguments));
    return await found('completion', ...(called ? ['tools'] : []));
  } catch (e) {
    // Broken tool calls are an answer; a server that is busy or gone is none.
    return isAlaiError(e) && e.code === 'MODEL_GARBAGE' ? await found('completion') : null;
  }
}

function isRight(args: unknown): boolean {
  const given = typeof args === 'string' ? safely(args) : args;
  return (given as { a?: unknown } | null)?.a === 2 && (given as { b?: unknown }).b === 3;
}

function safely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
