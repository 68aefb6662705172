import { type ChatResponse, Ollama, type Message as OllamaMessage } from 'ollama';
import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import { failureOf } from './failure.ts';
import { type GuardOptions, guardedFetch } from './guard.ts';
import { ollamaAdmin } from './ollama-admin.ts';
import {
  type ChatReply,
  type ChatRequest,
  type InstalledModel,
  type Message,
  modelError,
  NO_USAGE,
  type Probe,
  type Provider,
  type ToolCall,
} from './provider.ts';

/** Changing num_ctx reloads a model, so every call to one model asks for the same; larger costs memory. */
const MAX_CONTEXT = 32_768;
const SHOW_FRESH_MS = 60_000;

const showSchema = z.object({
  details: z.object({ family: z.string().catch('') }).catch({ family: '' }),
  capabilities: z.array(z.string()).catch([]),
  model_info: z.record(z.string(), z.unknown()).catch({}),
});

/** The Ollama server at `url`. Each call has its own client, because only its fetch can be aborted before headers. */
export function createOllama(url: string): Provider {
  const shown = new Map<string, { at: number; model: InstalledModel }>();

  async function describe(name: string, signal: AbortSignal): Promise<InstalledModel> {
    const known = shown.get(name);
    if (known && Date.now() - known.at < SHOW_FRESH_MS) return known.model;
    const guard = guardedFetch({ signal, idleMs: 15_000, totalMs: 15_000 });
    try {
      const said = showSchema.parse(
        await new Ollama({ host: url, fetch: guard.fetch }).show({ model: name }),
      );
      const context = Object.entries(said.model_info).find(([k]) => k.endsWith('.context_length'))?.[1];
      const model: InstalledModel = {
        name,
        bytes: 0,
        family: said.details.family,
        tools: said.capabilities.includes('tools'),
        embedding: said.capabilities.includes('embedding'),
        capabilities: said.capabilities,
        contextLength: typeof context === 'number' ? context : null,
        scripted: said.details.family === 'scripted',
      };
      shown.set(name, { at: Date.now(), model });
      return model;
    } catch (e) {
      throw failureOf(e, { guard, url, model: name, signal, missing: pullHint(name) });
    } finally {
      guard.close();
    }
  }

  const contextFor = (m: InstalledModel) => Math.min(m.contextLength ?? 8_192, MAX_CONTEXT);

  return {
    id: 'ollama',
    url,

    async contextOf(model) {
      return contextFor(await describe(model, AbortSignal.timeout(15_000)));
    },

    async chat(r: ChatRequest): Promise<ChatReply> {
      const started = performance.now();
      const about = await describe(r.model, r.signal);
      const guard = guardedFetch({
        signal: r.signal,
        firstTokenMs: r.firstTokenMs,
        idleMs: r.idleMs,
        totalMs: r.totalMs,
        onAnswer: r.onAnswer,
      });
      let text = '';
      let thought = '';
      const toolCalls: ToolCall[] = [];
      let last: ChatResponse | undefined;
      try {
        const stream = await new Ollama({ host: url, fetch: guard.fetch }).chat({
          model: r.model,
          stream: true,
          messages: r.messages.map(toOllama),
          ...(r.tools.length > 0 && about.tools
            ? { tools: r.tools.map((t) => ({ type: 'function', function: { ...t } })) }
            : {}),
          // A model that thinks aloud first would use up the answer's tokens.
          ...(r.format ? { format: r.format, think: false } : {}),
          options: { num_predict: r.maxTokens, num_ctx: contextFor(about) },
        });
        for await (const part of stream) {
          if (part.message?.content) {
            text += part.message.content;
            r.onText?.(part.message.content);
          }
          thought += part.message?.thinking ?? '';
          for (const c of part.message?.tool_calls ?? []) {
            const id = `call_${toolCalls.length + 1}`;
            toolCalls.push({
              id,
              name: String(c.function?.name ?? ''),
              arguments: c.function?.arguments ?? {},
            });
          }
          last = part;
        }
      } catch (e) {
        throw failureOf(e, {
          guard,
          url,
          model: r.model,
          signal: r.signal,
          partial: text,
          missing: pullHint(r.model),
        });
      } finally {
        guard.close();
      }
      r.signal.throwIfAborted();
      if (!text && toolCalls.length === 0) {
        throw modelError(
          'MODEL_GARBAGE',
          `${r.model} answered nothing`,
          'The agent is told so and asked again.',
          'permanent',
        );
      }
      return {
        text,
        toolCalls,
        ...NO_USAGE,
        tokensIn: last?.prompt_eval_count ?? 0,
        tokensOut: last?.eval_count ?? 0,
        // Ollama does not part them: by length.
        tokensThinking: Math.round(
          ((last?.eval_count ?? 0) * thought.length) / Math.max(1, thought.length + text.length),
        ),
        ms: Math.round(performance.now() - started),
        stop: last?.done_reason === 'length' ? 'length' : 'stop',
        scripted: about.scripted,
      };
    },

    async embed(r) {
      const guard = guardedFetch({ signal: r.signal, ...sameMs(r.totalMs ?? 60_000) });
      try {
        const about = await describe(r.model, r.signal);
        const said = await new Ollama({ host: url, fetch: guard.fetch }).embed({
          model: r.model,
          input: r.input,
        });
        return {
          vectors: said.embeddings,
          tokensIn: said.prompt_eval_count ?? 0,
          scripted: about.scripted,
        };
      } catch (e) {
        throw failureOf(e, { guard, url, model: r.model, signal: r.signal, missing: pullHint(r.model) });
      } finally {
        guard.close();
      }
    },

    admin: ollamaAdmin(url, (name) => shown.delete(name)),

    async probe(outer) {
      const signal = outer
        ? AbortSignal.any([outer, AbortSignal.timeout(10_000)])
        : AbortSignal.timeout(10_000);
      const guard = guardedFetch({ signal, idleMs: 10_000, totalMs: 10_000 });
      try {
        const client = new Ollama({ host: url, fetch: guard.fetch });
        const [{ version }, { models: listed }] = await Promise.all([client.version(), client.list()]);
        const models = await Promise.all(
          listed.map(async (m) => ({ ...(await describe(m.name, signal)), bytes: m.size ?? 0 })),
        );
        const scripted = models.length > 0 && models.every((m) => m.scripted);
        return { reachable: true, version, models, scripted, problem: null };
      } catch (e) {
        const p = e instanceof AlaiError ? e : failureOf(e, { guard, url, model: '', signal });
        const problem = p instanceof AlaiError ? p : null;
        return {
          reachable: false,
          version: null,
          models: [],
          scripted: false,
          problem: problem && { code: problem.code, message: problem.message, hint: problem.hint },
        } satisfies Probe;
      } finally {
        guard.close();
      }
    },
  };
}

const pullHint = (model: string) => `Run: npx alai models pull HOST ${model}`;
const sameMs = (ms: number): Pick<GuardOptions, 'idleMs' | 'totalMs'> => ({ idleMs: ms, totalMs: ms });

function toOllama(m: Message): OllamaMessage {
  return {
    role: m.role,
    content: m.content,
    ...(m.toolCalls?.length
      ? {
          tool_calls: m.toolCalls.map((c) => ({
            function: { name: c.name, arguments: asRecord(c.arguments) },
          })),
        }
      : {}),
    ...(m.role === 'tool' ? { tool_name: m.toolName ?? '' } : {}),
  } as OllamaMessage;
}

function asRecord(a: unknown): Record<string, unknown> {
  return a !== null && typeof a === 'object' && !Array.isArray(a)
    ? (a as Record<string, unknown>)
    : { value: a };
}
