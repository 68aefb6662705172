import type { CallRecord } from '#server/domain/attempt.ts';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import type { Resume } from '#server/domain/memory.ts';
import type { ChatReply, ToolCall } from '#server/models/provider.ts';
import { withRetries } from '#server/models/retry.ts';
import { makeRoom, roomText } from '../make-room.ts';
import { maskDeep } from '../prompt/mask.ts';
import { settle, unanswered } from '../remember.ts';
import { callTool } from '../tools/registry.ts';
import type { RunnerInput, StepRunner } from './runner.ts';
import { errorData, shown } from './transcribe.ts';

/** The provider-neutral agent loop. It ends by `finish`, by a number, or by an error; never by reading prose. */

const MAX_ANSWER_TOKENS = 8_192;
const NUDGES = 2;

export function createLoop(l: RunnerInput): StepRunner {
  const { step, messages } = l;
  const { transcript, signal } = l.context;
  const provider = l.provider();
  const limits = step.limits;
  let { turns, tokens } = l.spent;
  let resume = l.resume;
  let current: ToolCall | null = null;
  let failure = { key: '', count: 0 };

  const limit = (name: string, value: number, detail = ''): never => {
    throw new AlaiError(
      'LIMIT_REACHED',
      `the step "${step.key}" was stopped by its limit ${name} (${value})${detail}`,
      'Raise the limit in the blueprint, or make the task smaller.',
      { limit: name, value },
    );
  };
  const secondsLeft = () => limits.seconds - (performance.now() - l.spent.since) / 1_000;

  /** The same thing failing the same way again and again is a loop, however busy it looks. */
  const failedAgain = (key: string, what: string) => {
    failure = failure.key === key ? { key, count: failure.count + 1 } : { key, count: 1 };
    if (failure.count >= limits.identicalFailures)
      limit('identicalFailures', limits.identicalFailures, `: ${what}`);
  };

  async function ask(): Promise<ChatReply> {
    const left = secondsLeft();
    if (left <= 0) limit('seconds', limits.seconds);
    const context = await provider.contextOf(l.model);
    const room = makeRoom(messages, context, MAX_ANSWER_TOKENS);
    if (room.trimmed.length > 0)
      transcript.add(step.key, 'harness', {
        text: roomText(room, context),
        trimmed: room.trimmed,
        tokens: room.tokens,
      });
    const live = transcript.stream(step.key);
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
    const reply = await withRetries(
      async () => {
        const from = performance.now();
        let text = '';
        try {
          const r = await provider.chat({
            model: l.model,
            messages,
            tools: l.specs,
            maxTokens: Math.max(256, Math.min(MAX_ANSWER_TOKENS, limits.tokens - tokens)),
            idleMs: limits.idleSeconds * 1_000,
            totalMs: Math.max(1_000, secondsLeft() * 1_000),
            signal,
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
              tokensCacheRead: r.tokensCacheRead ?? 0,
              tokensCacheWrite: r.tokensCacheWrite ?? 0,
              tokensThinking: r.tokensThinking ?? 0,
              scripted: r.scripted,
            },
            from,
          );
          return r;
        } catch (e) {
          live.end(text);
          if (!signal.aborted && isAlaiError(e)) await record({ errorCode: e.code }, from);
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
    return reply;
  }

  async function run(): Promise<void> {
    l.tools.state.finished = null;
    if (resume) await goOn(resume);
    resume = null;
    if (l.tools.state.finished !== null) return;
    let nudges = 0;
    for (;;) {
      signal.throwIfAborted();
      if (turns >= limits.turns) limit('turns', limits.turns);
      if (tokens >= limits.tokens) limit('tokens', limits.tokens);
      turns++;
      let reply: ChatReply;
      try {
        reply = await ask();
      } catch (e) {
        signal.throwIfAborted();
        if (!isAlaiError(e) || e.code !== 'MODEL_GARBAGE') throw e;
        transcript.add(step.key, 'error', errorData(e));
        failure =
          failure.key === 'garbage'
            ? { key: 'garbage', count: failure.count + 1 }
            : { key: 'garbage', count: 1 };
        if (failure.count >= limits.identicalFailures) throw e;
        tell(
          `Your last answer could not be used: ${e.message}. Nothing of it was done. Answer again, with one tool call.`,
        );
        continue;
      }
      tokens += reply.tokensIn + reply.tokensOut;
      // Servers number the calls of one answer; the transcript needs names that are unique in the attempt.
      const calls = reply.toolCalls.map((c, i) => ({ ...c, id: `${step.key}-${turns}-${i + 1}` }));
      messages.push({ role: 'assistant', content: reply.text, toolCalls: calls });
      if (calls.length === 0) {
        if (!step.tools.includes('finish')) {
          l.tools.state.finished = reply.text;
          return;
        }
        if (++nudges > NUDGES) {
          throw new AlaiError(
            'MODEL_GARBAGE',
            `${l.model} ended its turns without a tool call`,
            'A model that can use tools is needed.',
            { withoutTools: true },
          );
        }
        tell('You made no tool call. Go on with the tools, or call finish when the step is done.');
        continue;
      }
      for (const call of calls) {
        await one(call);
        if (l.tools.state.finished !== null) return;
      }
    }
  }

  /** Settles the calls that were open when the step had to wait. */
  async function goOn(from: Resume): Promise<void> {
    if (!from.memory.waiting)
      tell(
        'You were interrupted and go on now. The files are as you left them.',
        unanswered(messages).length > 0,
      );
    for (const call of unanswered(messages)) {
      const settled = settle(call, from);
      if (settled.do) await one(call, from.memory.waiting?.id === call.id);
      else answered(call, settled);
      if (l.tools.state.finished !== null) return;
    }
  }

  function answered(call: ToolCall, { ok, output }: { ok: boolean; output: string }): void {
    transcript.add(step.key, 'tool_result', { id: call.id, name: call.name, ok, output, ms: 0 });
    messages.push({ role: 'tool', content: output, toolCallId: call.id, toolName: call.name });
  }

  async function one(call: ToolCall, allowed = false): Promise<void> {
    signal.throwIfAborted();
    transcript.add(step.key, 'tool_call', {
      id: call.id,
      name: call.name,
      arguments: maskDeep(shown(call.arguments), l.tools.mask),
    });
    const from = performance.now();
    current = call;
    const r = await callTool(call, { ...l.tools, allowed: () => allowed });
    current = null;
    signal.throwIfAborted();
    const { ok, output, ...rest } = r;
    const ms = Math.round(performance.now() - from);
    transcript.add(step.key, 'tool_result', {
      id: call.id,
      name: call.name,
      ok,
      output: output.slice(0, 20_000),
      ms,
      ...rest,
    });
    messages.push({ role: 'tool', content: output, toolCallId: call.id, toolName: call.name });
    if (ok) failure = { key: '', count: 0 };
    else
      failedAgain(
        `${call.name} ${JSON.stringify(call.arguments)} ${output.slice(0, 200)}`,
        output.slice(0, 200),
      );
  }

  function tell(said: string, toPeopleOnly = false): void {
    const text = l.tools.mask(said);
    transcript.add(step.key, 'harness', { text });
    // Between a call and its answer a server takes nothing else.
    if (toPeopleOnly) return;
    messages.push({ role: 'user', content: text });
  }

  return { run, tell, soFar: () => ({ messages, turns, tokens }), waiting: () => current };
}
