import type { Resume, WaitingCall } from '#server/domain/memory.ts';
import type { Message } from '#server/models/provider.ts';
import { Asked } from './asked.ts';
import type { StepContext } from './context.ts';
import { outcomeOf } from './outcome.ts';
import { shortOf } from './paid.ts';
import { maskDeep } from './prompt/mask.ts';
import { memoryOf } from './remember.ts';
import type { StepRunner } from './runners/runner.ts';
import type { StepState } from './tools/tool.ts';

/** The questions that were asked in this conversation. */
export function questionsOf(messages: Message[]): string[] {
  return messages
    .flatMap((m) => m.toolCalls ?? [])
    .filter((call) => call.name === 'ask_human')
    .map((call) => String((call.arguments as { question?: unknown })?.question ?? ''))
    .slice(0, -1);
}

/** Puts the files back as the step left them; says so when they could not be had again. */
export async function pickUp(c: StepContext, stepKey: string, resume: Resume): Promise<void> {
  const { files } = resume.memory;
  const there = files !== null && (await c.workspace.pickUp(files));
  const text =
    files === null
      ? 'Goes on from where it waited.'
      : there
        ? `Goes on from where it waited, with its files of ${files.slice(0, 10)}.`
        : 'Goes on from where it waited, but its unfinished files are gone: they are to be written again.';
  c.transcript.add(stepKey, 'harness', { text });
  if (files !== null && !there)
    resume.memory.messages.push({
      role: 'user',
      content: 'Your unfinished files were lost; write them again.',
    });
}

/** Before an attempt ends as waiting, what it knows and its unfinished files are stored, so that nothing is done twice. */
export async function keepFor(
  c: StepContext,
  stepId: number,
  why: unknown,
  runner: Pick<StepRunner, 'soFar' | 'waiting'>,
  state: StepState,
  knownFindings: number,
): Promise<void> {
  const stopped = c.signal.aborted && outcomeOf(why, c.signal).kind === 'yielded';
  if (!stopped && !(why instanceof Asked) && !shortOf(why)) return;
  const call = runner.waiting();
  const waiting: WaitingCall | null =
    why instanceof Asked && call ? { ...call, kind: why.kind, question: why.question } : null;
  const files = await c.workspace.keep().catch(() => null);
  const memory = memoryOf(runner.soFar(), state, knownFindings, waiting, files);
  if (memory) await c.ports.remember(stepId, maskDeep(memory, c.mask) as typeof memory);
}
