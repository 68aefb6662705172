import Anthropic from '@anthropic-ai/sdk';
import type { Account } from '#server/domain/accounts.ts';
import { modelAt, wayTo } from './account.ts';
import {
  answeredNothing,
  asRecord,
  parsedArguments,
  refusedToAnswer,
  wireId,
  withAnswers,
} from './conversation.ts';
import { failureOf } from './failure.ts';
import { type GuardOptions, guardedFetch } from './guard.ts';
import { unreachable } from './openai.ts';
import { type ChatRequest, type Message, NO_USAGE, type Provider, type Usage } from './provider.ts';

const CACHED = { cache_control: { type: 'ephemeral' as const } };

/** Anthropic's own API: the prompt's beginning is cached, and the answer can be held to a schema. */
export function createAnthropic(account: Account, key: string): Provider {
  const url = account.base_url.replace(/\/$/, '');
  const via = wayTo(account);

  /** A client for one call: only its own fetch can be aborted before headers. */
  async function called<T>(
    r: { model: string } & Omit<GuardOptions, 'via'>,
    partial: () => string,
    work: (client: Anthropic, scripted: () => boolean) => Promise<T>,
  ): Promise<T> {
    const guard = guardedFetch({ ...r, via });
    try {
      const client = new Anthropic({
        apiKey: key,
        authToken: null,
        baseURL: url,
        fetch: guard.fetch,
        maxRetries: 0,
        timeout: 24 * 60 * 60_000,
        logLevel: 'off',
      });
      const done = await work(client, () => guard.answered()?.headers.has('x-rehearsal') ?? false);
      if (guard.cut()) throw new Error('cut');
      r.signal.throwIfAborted();
      return done;
    } catch (e) {
      throw failureOf(e, {
        guard,
        url,
        model: r.model,
        signal: r.signal,
        partial: partial(),
        keyEnv: account.key_env,
      });
    } finally {
      guard.close();
    }
  }

  return {
    id: 'anthropic',
    url,
    contextOf: async () => account.context,

    async chat(r) {
      const started = performance.now();
      let text = '';
      return await called(
        r,
        () => text,
        async (client, scripted) => {
          const stream = await client.messages.create(bodyOf(account, r), { signal: r.signal });
          const calls = new Map<number, { id: string; name: string; text: string }>();
          let usage: Usage = NO_USAGE;
          let stop = '';
          let ended = false;
          for await (const e of stream) {
            if (e.type === 'message_start') usage = usageOf(e.message.usage, usage);
            else if (e.type === 'content_block_start' && e.content_block.type === 'tool_use')
              calls.set(e.index, { id: e.content_block.id, name: e.content_block.name, text: '' });
            else if (e.type === 'content_block_delta' && e.delta.type === 'text_delta') {
              text += e.delta.text;
              r.onText?.(e.delta.text);
            } else if (e.type === 'content_block_delta' && e.delta.type === 'input_json_delta') {
              const call = calls.get(e.index);
              if (call) call.text += e.delta.partial_json;
            } else if (e.type === 'message_delta') {
              stop = e.delta.stop_reason ?? stop;
              usage = usageOf(e.usage, usage);
            } else if (e.type === 'message_stop') ended = true;
          }
          r.signal.throwIfAborted();
          if (!ended) throw new Error('ended without message_stop');
          if (stop === 'refusal') throw refusedToAnswer(r.model, text);
          const toolCalls = [...calls.values()].map((c) => ({
            id: c.id,
            name: c.name,
            arguments: parsedArguments(r.model, c.name, c.text),
          }));
          if (!text && toolCalls.length === 0) throw answeredNothing(r.model);
          return {
            ...usage,
            text,
            toolCalls,
            ms: Math.round(performance.now() - started),
            stop: stop === 'max_tokens' || stop === 'model_context_window_exceeded' ? 'length' : 'stop',
            scripted: scripted(),
          };
        },
      );
    },

    async probe(outer) {
      const signal = outer ?? new AbortController().signal;
      try {
        const ms = 10_000;
        return await called(
          { model: '', signal, idleMs: ms, totalMs: ms },
          () => '',
          async (client, scripted) => {
            const { data } = await client.models.list({}, { signal });
            const models = data.map((m) => ({
              name: m.id,
              bytes: 0,
              family: 'claude',
              tools: true,
              embedding: false,
              contextLength: account.context,
              scripted: scripted(),
            }));
            return { reachable: true, version: null, models, scripted: scripted(), problem: null };
          },
        );
      } catch (e) {
        return unreachable(e);
      }
    },
  };
}

function bodyOf(account: Account, r: ChatRequest): Anthropic.MessageCreateParamsStreaming {
  const system = r.messages
    .filter((m) => m.role === 'system')
    .map((m) => m.content)
    .join('\n\n');
  const last = r.tools.length - 1;
  return {
    model: modelAt(account, r.model),
    max_tokens: r.maxTokens,
    stream: true,
    // Tools, system prompt, and the conversation so far: what the next call sends again is read from the cache.
    ...(system ? { system: [{ type: 'text' as const, text: system, ...CACHED }] } : {}),
    messages: turnsOf(withAnswers(r.messages.filter((m) => m.role !== 'system'))),
    ...(r.tools.length > 0
      ? {
          tools: r.tools.map((t, i) => ({
            name: t.name,
            description: t.description,
            input_schema: t.parameters as Anthropic.Tool.InputSchema,
            ...(i === last ? CACHED : {}),
          })),
        }
      : {}),
    ...(r.format ? { output_config: { format: { type: 'json_schema' as const, schema: r.format } } } : {}),
  };
}

type Block = Anthropic.TextBlockParam | Anthropic.ToolResultBlockParam | Anthropic.ToolUseBlockParam;
type Blocks = Block[];

/** Results of one turn's calls belong into one message, and no text may be empty. */
function turnsOf(messages: Message[]): Anthropic.MessageParam[] {
  const turns: { role: 'user' | 'assistant'; content: Blocks }[] = [];
  const add = (role: 'user' | 'assistant', blocks: Blocks) => {
    const before = turns.at(-1);
    if (before?.role === role) before.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role, content: blocks });
  };
  for (const m of messages) {
    if (m.role === 'tool')
      add('user', [
        { type: 'tool_result', tool_use_id: wireId(m.toolCallId ?? ''), content: m.content || '(nothing)' },
      ]);
    else if (m.role === 'assistant')
      add('assistant', [
        ...(m.content.trim() ? [{ type: 'text' as const, text: m.content.trimEnd() }] : []),
        ...(m.toolCalls ?? []).map((c) => ({
          type: 'tool_use' as const,
          id: wireId(c.id),
          name: c.name,
          input: asRecord(c.arguments),
        })),
      ]);
    else add('user', [{ type: 'text', text: m.content || '(nothing)' }]);
  }
  const end = turns.at(-1)?.content.at(-1);
  if (end) Object.assign(end, CACHED);
  return turns;
}

/** Their counts; what a later event does not say stays as it was. */
function usageOf(
  u: {
    input_tokens?: number | null;
    output_tokens?: number | null;
    cache_read_input_tokens?: number | null;
    cache_creation_input_tokens?: number | null;
    output_tokens_details?: { thinking_tokens: number } | null;
  },
  before: Usage,
): Usage {
  return {
    tokensIn: u.input_tokens ?? before.tokensIn,
    tokensOut: u.output_tokens ?? before.tokensOut,
    tokensCacheRead: u.cache_read_input_tokens ?? before.tokensCacheRead,
    tokensCacheWrite: u.cache_creation_input_tokens ?? before.tokensCacheWrite,
    tokensThinking: u.output_tokens_details?.thinking_tokens ?? before.tokensThinking,
  };
}
