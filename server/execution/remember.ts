import type { Resume, StepMemory, WaitingCall } from '#server/domain/memory.ts';
import type { PipelineName } from '#server/domain/pipelines.ts';
import type { Message, ToolCall } from '#server/models/provider.ts';
import { fence } from './escape.ts';
import type { StepState } from './tools/tool.ts';

/** Longer conversations are not kept: the step begins anew then, from its files alone. */
const MAX_MEMORY = 4_000_000;

/** What a step has to know to go on later, or null when it is too much to keep. */
export function memoryOf(
  loop: { messages: Message[]; turns: number; tokens: number; pipeline?: PipelineName },
  state: StepState,
  ownFindings: number,
  waiting: WaitingCall | null,
  files: string | null,
): StepMemory | null {
  const memory: StepMemory = {
    ...loop,
    report: state.report,
    plan: state.plan,
    findings: state.findings.slice(ownFindings),
    waiting,
    files,
  };
  return JSON.stringify(memory).length > MAX_MEMORY ? null : memory;
}

/** Calls of the last answer that nobody has answered yet. */
export function unanswered(messages: Message[]): ToolCall[] {
  const last = messages.findLastIndex((m) => m.role === 'assistant');
  const given = new Set(messages.slice(last + 1).map((m) => m.toolCallId));
  return (messages[last]?.toolCalls ?? []).filter((call) => !given.has(call.id));
}

/** How a call that waited is settled when its step goes on: done after all, or answered without doing it. */
export type Settled = { do: true } | { do: false; ok: boolean; output: string };

export function settle(call: ToolCall, resume: Resume): Settled {
  const { waiting } = resume.memory;
  const { answer } = resume;
  if (waiting?.id !== call.id)
    return waiting
      ? { do: true }
      : {
          do: false,
          ok: false,
          output: 'FAILED: you were interrupted here. Look at how things are before you go on.',
        };
  if (!answer)
    return {
      do: false,
      ok: false,
      output: 'FAILED: nobody answered. Decide it yourself and say so in the report.',
    };
  if (waiting.kind === 'permission')
    return answer.answer === 'approve'
      ? { do: true }
      : {
          do: false,
          ok: false,
          output: `REFUSED: ${answer.by} does not allow this. ${answer.note}`.trim(),
        };
  const said = answer.note || (answer.answer === 'approve' ? 'Yes.' : 'No.');
  return { do: false, ok: true, output: `${answer.by} answers:\n${fence('answer', said)}` };
}
