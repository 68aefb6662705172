import type { ToolCall } from '#server/models/provider.ts';
import { maskDeep } from '../prompt/mask.ts';
import { callTool } from '../tools/registry.ts';
import type { ToolOutcome } from '../tools/tool.ts';
import type { RunnerInput } from './runner.ts';
import { shown } from './transcribe.ts';

const SHOWN_OUTPUT = 20_000;

/** One tool call, carried out and written into the transcript with what came of it. */
export async function carryOut(l: RunnerInput, call: ToolCall, allowed: boolean): Promise<ToolOutcome> {
  const { transcript, signal } = l.context;
  const stepKey = l.step.key;
  signal.throwIfAborted();
  transcript.add(stepKey, 'tool_call', {
    id: call.id,
    name: call.name,
    arguments: maskDeep(shown(call.arguments), l.tools.mask),
  });
  const from = performance.now();
  const outcome = await callTool(call, { ...l.tools, allowed: () => allowed });
  signal.throwIfAborted();
  const { ok, output, ...rest } = outcome;
  const ms = Math.round(performance.now() - from);
  transcript.add(stepKey, 'tool_result', {
    id: call.id,
    name: call.name,
    ok,
    output: output.slice(0, SHOWN_OUTPUT),
    ms,
    ...rest,
  });
  return outcome;
}
