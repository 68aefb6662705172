import { type Message, modelError, type ToolCall } from './provider.ts';

/** Ids that every protocol takes. */
export const wireId = (id: string): string => id.replace(/[^A-Za-z0-9_-]/g, '_');

/**
 * The messages with an answer to every tool call right after it: a step that finished or was interrupted leaves some
 * open, and the cloud's protocols refuse such a conversation as a whole.
 */
export function withAnswers(messages: Message[]): Message[] {
  const out: Message[] = [];
  let open: ToolCall[] = [];
  const settle = () => {
    for (const c of open)
      out.push({ role: 'tool', content: 'Not carried out.', toolCallId: c.id, toolName: c.name });
    open = [];
  };
  for (const m of messages) {
    if (m.role === 'tool') {
      open = open.filter((c) => c.id !== m.toolCallId);
      out.push(m);
      continue;
    }
    settle();
    out.push(m);
    if (m.role === 'assistant') open = [...(m.toolCalls ?? [])];
  }
  settle();
  return out;
}

/** Arguments as they were streamed, as an object; MODEL_GARBAGE when the call broke off or is no JSON. */
export function parsedArguments(model: string, name: string, text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (e) {
    throw modelError(
      'MODEL_GARBAGE',
      `${model} wrote a broken tool call: ${name} ${text.slice(0, 120)}`,
      'The agent is told so and asked again.',
      'permanent',
      { cause: e },
    );
  }
}

/** Arguments as an object, which is all that a history may hold. */
export function asRecord(a: unknown): Record<string, unknown> {
  return a !== null && typeof a === 'object' && !Array.isArray(a)
    ? (a as Record<string, unknown>)
    : { value: a };
}

export const answeredNothing = (model: string) =>
  modelError(
    'MODEL_GARBAGE',
    `${model} answered nothing`,
    'The agent is told so and asked again.',
    'permanent',
  );

export const refusedToAnswer = (model: string, said: string) =>
  modelError(
    'MODEL_REFUSED',
    `${model} refused to answer${said ? `: ${said.slice(0, 300)}` : ''}`,
    'Another model or another wording may take it.',
    'refused',
  );

export const brokeOff = (model: string) =>
  modelError(
    'MODEL_GARBAGE',
    `${model} broke off in the middle of an answer`,
    'The agent is told so and asked again.',
    'permanent',
  );
