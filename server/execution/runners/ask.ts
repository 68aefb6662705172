import { isAlaiError } from '#server/domain/errors.ts';
import { limitReached } from '#server/domain/limit-words.ts';
import type { CallRecord } from '#server/domain/records.ts';
import type { ChatReply, Message, ToolSpec } from '#server/models/provider.ts';
import { withRetries } from '#server/models/retry.ts';
import { makeRoom, roomText } from '../make-room.ts';
import { mayStillTell, shortOf } from '../paid.ts';
import { tokensOf } from '../prompt/tokens.ts';
import type { RunnerInput } from './runner.ts';
import { errorData } from './transcribe.ts';

/** The model calls of one step: counted, bounded by the step's limits, written into transcript and records. */
export interface Calls {
  turns: number;
  tokens: number;
  /** One answer. Throws LIMIT_REACHED before the call when a limit is used up. */
  ask(
    messages: Message[],
    o: { tools: ToolSpec[]; format?: Record<string, unknown> | undefined },
  ): Promise<ChatReply>;
  limit(name: string, value: number, detail?: string): never;
}

const MAX_ANSWER_TOKENS = 8_192;

export function modelCalls(l: RunnerInput): Calls {
  const { step } = l;
  const { transcript, signal } = l.context;
  const provider = l.provider();
  const limits = step.limits;

  const limit = (name: string, value: number, detail = ''): never => {
    throw limitReached(`the step "${step.key}"`, name, value, detail);
  };
  const secondsLeft = () => limits.seconds - (performance.now() - l.spent.since) / 1_000;
  const record = (r: Partial<CallRecord>, from: number) =>
    l.recordCall({
      stepKey: step.key,
      provider: provider.id,
      model: l.model,
      tokensIn: 0,
      tokensOut: 0,
      tokensCacheRead: 0,
      tokensCacheWrite: 0,
      tokensThinking: 0,
      ms: Math.round(performance.now() - from),
      ok: false,
      errorCode: null,
      scripted: false,
      ...r,
    });

  /** An answer that broke off or could not be used is paid for like any other; nobody says how long it was. */
  async function recordFailed(
    e: unknown,
    from: number,
    begun: { scripted: boolean } | null,
    sent: unknown,
    text: string,
  ): Promise<void> {
    // What no budget allowed, or stands behind an open breaker, was never asked.
    const asked = isAlaiError(e) && !shortOf(e) && e.code !== 'MODEL_PAUSED';
    if (signal.aborted ? !begun || !mayStillTell(signal) : !asked) return;
    const used = begun
      ? { tokensIn: tokensOf(JSON.stringify(sent)), tokensOut: tokensOf(text), scripted: begun.scripted }
      : {};
    calls.tokens += (used.tokensIn ?? 0) + (used.tokensOut ?? 0);
    await record({ ...used, errorCode: isAlaiError(e) ? e.code : 'ABORTED' }, from);
  }

  const calls: Calls = {
    turns: l.spent.turns,
    tokens: l.spent.tokens,
    limit,
    async ask(messages, o) {
      signal.throwIfAborted();
      if (calls.turns >= limits.turns) limit('turns', limits.turns);
      if (calls.tokens >= limits.tokens) limit('tokens', limits.tokens);
      if (secondsLeft() <= 0) limit('seconds', limits.seconds);
      calls.turns++;
      const context = await provider.contextOf(l.model);
      const room = makeRoom(messages, context, MAX_ANSWER_TOKENS);
      if (room.trimmed.length > 0)
        transcript.add(step.key, 'harness', {
          text: roomText(room, context),
          trimmed: room.trimmed,
          tokens: room.tokens,
        });
      const live = transcript.stream(step.key);
      const reply = await withRetries(
        async () => {
          const from = performance.now();
          let text = '';
          let begun: { scripted: boolean } | null = null;
          try {
            const r = await provider.chat({
              model: l.model,
              messages,
              tools: o.tools,
              ...(o.format ? { format: o.format } : {}),
              maxTokens: Math.max(256, Math.min(MAX_ANSWER_TOKENS, limits.tokens - calls.tokens)),
              idleMs: limits.idleSeconds * 1_000,
              totalMs: Math.max(1_000, secondsLeft() * 1_000),
              signal,
              onAnswer: (a) => {
                begun = a;
              },
              onText: (d) => {
                text += d;
                live.push(d);
              },
            });
            await record(
              {
                ok: true,
                tokensIn: r.tokensIn,
                tokensOut: r.tokensOut,
                tokensCacheRead: r.tokensCacheRead,
                tokensCacheWrite: r.tokensCacheWrite,
                tokensThinking: r.tokensThinking,
                scripted: r.scripted,
              },
              from,
            );
            return r;
          } catch (e) {
            live.end(text);
            await recordFailed(e, from, begun, [messages, o.tools, o.format], text);
            throw e;
          }
        },
        {
          signal,
          onRetry: (e, n) =>
            transcript.add(step.key, 'error', {
              ...errorData(e),
              text: `The model call is tried again (${n} of 2).`,
            }),
        },
      );
      live.end(reply.text);
      calls.tokens += reply.tokensIn + reply.tokensOut;
      return reply;
    },
  };
  return calls;
}
