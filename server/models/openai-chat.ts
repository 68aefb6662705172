import OpenAI from 'openai';
import {
  answeredNothing,
  asRecord,
  brokeOff,
  parsedArguments,
  refusedToAnswer,
  wireId,
  withAnswers,
} from './conversation.ts';
import { failureOf } from './failure.ts';
import { type GuardOptions, guardedFetch } from './guard.ts';
import {
  type ChatReply,
  type ChatRequest,
  type Embeddings,
  type EmbedRequest,
  type Message,
  NO_USAGE,
  type ToolCall,
  type Usage,
} from './provider.ts';

/** Chat completions as OpenAI made them and llama-server, LocalAI, DeepSeek and others copy them. */
export interface OpenAiServer {
  /** With the path up to and without `/chat/completions`. */
  baseUrl: string;
  key: string;
  via?: typeof fetch | undefined;
  /** How a schema is asked for. */
  structured: 'schema' | 'object' | 'prompt';
  /** The name the server knows the model by. */
  nameOf(model: string): string;
  missing?: string;
  /** The variable that holds the key; null where none is asked for. */
  keyEnv?: string | null;
}

/** A client for one call: only its own fetch can be aborted before headers. */
function client(s: OpenAiServer, guarded: typeof fetch): OpenAI {
  return new OpenAI({
    apiKey: s.key,
    baseURL: s.baseUrl,
    fetch: guarded,
    maxRetries: 0,
    organization: null,
    project: null,
    // Our own deadlines count.
    timeout: 24 * 60 * 60_000,
    logLevel: 'off',
  });
}

/** Runs one call inside a guard, with every failure in our words. */
export async function called<T>(
  s: OpenAiServer,
  r: { model: string; signal: AbortSignal } & Omit<GuardOptions, 'via'>,
  partial: () => string,
  work: (client: OpenAI, scripted: () => boolean) => Promise<T>,
): Promise<T> {
  const guard = guardedFetch({ ...r, via: s.via });
  try {
    const scripted = () => guard.answered()?.headers.has('x-rehearsal') ?? false;
    const done = await work(client(s, guard.fetch), scripted);
    // An aborted stream ends in silence.
    if (guard.cut()) throw new Error('cut');
    r.signal.throwIfAborted();
    return done;
  } catch (e) {
    throw failureOf(e, {
      guard,
      url: s.baseUrl,
      model: r.model,
      signal: r.signal,
      partial: partial(),
      ...(s.missing ? { missing: s.missing } : {}),
      keyEnv: s.keyEnv ?? null,
    });
  } finally {
    guard.close();
  }
}

/** One streamed chat completion. */
export async function chatCompletion(s: OpenAiServer, r: ChatRequest): Promise<ChatReply> {
  const started = performance.now();
  let text = '';
  return await called(
    s,
    r,
    () => text,
    async (openai, scripted) => {
      const stream = await openai.chat.completions.create(bodyOf(s, r), { signal: r.signal });
      const calls: { id: string; name: string; text: string }[] = [];
      let usage: Usage = NO_USAGE;
      let finish = '';
      let refusal = '';
      for await (const part of stream) {
        if (part.usage) usage = usageOf(part.usage);
        const [choice] = part.choices;
        if (!choice) continue;
        if (choice.finish_reason) finish = choice.finish_reason;
        const { delta } = choice;
        refusal += delta.refusal ?? '';
        if (delta.content) {
          text += delta.content;
          r.onText?.(delta.content);
        }
        for (const c of delta.tool_calls ?? []) {
          const call = (calls[c.index] ??= { id: '', name: '', text: '' });
          call.id ||= c.id ?? '';
          call.name ||= c.function?.name ?? '';
          call.text += c.function?.arguments ?? '';
        }
      }
      r.signal.throwIfAborted();
      if (refusal || finish === 'content_filter') throw refusedToAnswer(r.model, refusal);
      if (!finish) throw brokeOff(r.model);
      const toolCalls = calls.filter(Boolean).map(
        (c, i): ToolCall => ({
          id: c.id || `call_${i + 1}`,
          name: c.name,
          arguments: parsedArguments(r.model, c.name, c.text),
        }),
      );
      if (!text && toolCalls.length === 0) throw answeredNothing(r.model);
      return {
        ...usage,
        text,
        toolCalls,
        ms: Math.round(performance.now() - started),
        stop: finish === 'length' ? 'length' : 'stop',
        scripted: scripted(),
      };
    },
  );
}

export async function embeddings(s: OpenAiServer, r: EmbedRequest): Promise<Embeddings> {
  const ms = r.totalMs ?? 60_000;
  return await called(
    s,
    { model: r.model, signal: r.signal, idleMs: ms, totalMs: ms },
    () => '',
    async (openai, scripted) => {
      const said = await openai.embeddings.create(
        { model: s.nameOf(r.model), input: r.input, encoding_format: 'float' },
        { signal: r.signal },
      );
      const vectors = [...said.data].sort((a, b) => a.index - b.index).map((d) => d.embedding);
      return { vectors, tokensIn: said.usage?.prompt_tokens ?? 0, scripted: scripted() };
    },
  );
}

function bodyOf(s: OpenAiServer, r: ChatRequest): OpenAI.ChatCompletionCreateParamsStreaming {
  const own = new URL(s.baseUrl).hostname === 'api.openai.com';
  const asked =
    r.format && s.structured !== 'schema'
      ? [
          ...r.messages,
          {
            role: 'system' as const,
            content: `Answer with one JSON object and nothing else, by this JSON Schema:\n${JSON.stringify(r.format)}`,
          },
        ]
      : r.messages;
  return {
    model: s.nameOf(r.model),
    messages: withAnswers(asked).map(toOpenAi),
    stream: true,
    stream_options: { include_usage: true },
    // The copies know only the older name.
    ...(own ? { max_completion_tokens: r.maxTokens } : { max_tokens: r.maxTokens }),
    ...(r.tools.length > 0
      ? { tools: r.tools.map((t) => ({ type: 'function' as const, function: { ...t } })) }
      : {}),
    ...(r.format && s.structured === 'schema'
      ? {
          response_format: {
            type: 'json_schema' as const,
            json_schema: { name: 'answer', schema: r.format },
          },
        }
      : {}),
    ...(r.format && s.structured === 'object' ? { response_format: { type: 'json_object' as const } } : {}),
  };
}

function toOpenAi(m: Message): OpenAI.ChatCompletionMessageParam {
  switch (m.role) {
    case 'system':
    case 'user':
      return { role: m.role, content: m.content };
    case 'tool':
      return { role: 'tool', content: m.content, tool_call_id: wireId(m.toolCallId ?? '') };
    case 'assistant':
      return {
        role: 'assistant',
        content: m.content || null,
        ...(m.toolCalls?.length
          ? {
              tool_calls: m.toolCalls.map((c) => ({
                id: wireId(c.id),
                type: 'function' as const,
                function: { name: c.name, arguments: JSON.stringify(asRecord(c.arguments)) },
              })),
            }
          : { content: m.content || ' ' }),
      };
  }
}

function usageOf(u: OpenAI.CompletionUsage): Usage {
  const cached = u.prompt_tokens_details?.cached_tokens ?? 0;
  return {
    ...NO_USAGE,
    tokensIn: Math.max(0, u.prompt_tokens - cached),
    tokensOut: u.completion_tokens,
    tokensCacheRead: cached,
    tokensThinking: u.completion_tokens_details?.reasoning_tokens ?? 0,
  };
}
