import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import type { Resume } from '#server/domain/memory.ts';
import type { ChatReply, ToolCall } from '#server/models/provider.ts';
import { settle, unanswered } from '../remember.ts';
import { modelCalls } from './ask.ts';
import { carryOut } from './call.ts';
import type { RunnerInput, StepRunner } from './runner.ts';
import { errorData } from './transcribe.ts';
import { createWatchdog, type Stopped } from './watchdog.ts';

/** The provider-neutral agent loop. It ends by `finish`, by a number, or by an error; never by reading prose. */

const NUDGES = 2;

export function createLoop(l: RunnerInput): StepRunner {
  const { step, messages } = l;
  const { transcript, signal } = l.context;
  const limits = step.limits;
  const calls = modelCalls(l);
  let resume = l.resume;
  let current: ToolCall | null = null;
  let failure = { key: '', count: 0 };
  const watchdog = createWatchdog(limits);
  const stopOn = (s: Stopped | null) => s && calls.limit(s.limit, s.value, s.detail);

  /** The same thing failing the same way again and again is a loop, however busy it looks. */
  const failedAgain = (key: string, what: string) => {
    failure = failure.key === key ? { key, count: failure.count + 1 } : { key, count: 1 };
    if (failure.count >= limits.identicalFailures)
      calls.limit('identicalFailures', limits.identicalFailures, what);
  };

  async function run(): Promise<void> {
    l.tools.state.finished = null;
    if (resume) await goOn(resume);
    resume = null;
    if (l.tools.state.finished !== null) return;
    let nudges = 0;
    for (;;) {
      signal.throwIfAborted();
      let reply: ChatReply;
      try {
        reply = await calls.ask(messages, { tools: l.specs });
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
      stopOn(watchdog.answered(reply.tokensIn + reply.tokensOut));
      // Servers number the calls of one answer; the transcript needs names that are unique in the attempt.
      const made = reply.toolCalls.map((c, i) => ({ ...c, id: `${step.key}-${calls.turns}-${i + 1}` }));
      messages.push({ role: 'assistant', content: reply.text, toolCalls: made });
      if (made.length === 0) {
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
      for (const call of made) {
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
    current = call;
    const { ok, output } = await carryOut(l, call, allowed);
    current = null;
    messages.push({ role: 'tool', content: output, toolCallId: call.id, toolName: call.name });
    stopOn(watchdog.called(call.name, call.arguments, ok, output));
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

  return {
    run,
    tell,
    soFar: () => ({ messages, turns: calls.turns, tokens: calls.tokens }),
    waiting: () => current,
  };
}
