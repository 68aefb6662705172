import { z } from 'zod';
import type { ToolName } from '#server/domain/blueprint.ts';
import { capabilityOfTool } from '#server/domain/capabilities.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import type { ToolCall, ToolSpec } from '#server/models/provider.ts';
import { capText, escapeText } from '../escape.ts';
import { permit } from '../permission.ts';
import { askHuman } from './ask-human.ts';
import { edit } from './edit.ts';
import { finding } from './finding.ts';
import { finish } from './finish.ts';
import { list } from './list.ts';
import { plan } from './plan.ts';
import { read } from './read.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { search } from './search.ts';
import type { ExtraTool, Tool, ToolContext, ToolOutcome } from './tool.ts';
import { write } from './write.ts';

/** Every tool a blueprint may name. A new one is its file and a line here; its name is in domain/blueprint.ts. */
const tools = {
  list,
  read,
  write,
  edit,
  search,
  run,
  ask_human: askHuman,
  plan,
  report,
  finding,
  finish,
} as const satisfies Record<ToolName, Tool>;

/** One result must not fill a model's whole context, whatever the blueprint allows a command to print. */
const MAX_RESULT = 32_000;

/** What the model is told of the tools of a step. */
export function toolSpecs(names: readonly ToolName[]): ToolSpec[] {
  return names.map((name) => {
    const { $schema: _, ...parameters } = z.toJSONSchema(tools[name].schema, { io: 'input' });
    return { name, description: tools[name].description, parameters };
  });
}

/**
 * Runs one tool call of a model. Whatever is wrong with it becomes an answer that the model can act on; only an abort
 * and our own faults are thrown.
 */
export async function callTool(call: ToolCall, c: ToolContext): Promise<ToolOutcome> {
  const extra = c.extra.find((t) => t.spec.name === call.name);
  if (extra) return callExtra(extra, call, c);
  const name = c.step.tools.find((t) => t === call.name);
  if (!name) {
    const why = Object.hasOwn(c.withheld, call.name) ? c.withheld[call.name] : undefined;
    if (why) return failed(`REFUSED: ${why.reason}. ${why.hint}`);
    return failed(
      `REFUSED: there is no tool "${call.name.slice(0, 60)}" in this step. Tools: ${[...c.step.tools, ...c.extra.map((t) => t.spec.name)].join(', ')}`,
    );
  }
  const tool: Tool = tools[name];
  const parsed = tool.schema.safeParse(argumentsOf(call.arguments));
  if (!parsed.success)
    return failed(`REFUSED: wrong arguments for ${name}: ${z.prettifyError(parsed.error)}`);
  c.signal.throwIfAborted();
  try {
    const outcome = await tool.run(parsed.data, c);
    const { text } = capText(
      c.mask(escapeText(outcome.output)),
      Math.min(c.step.limits.outputBytes, MAX_RESULT),
    );
    return { ...outcome, output: outcome.ok ? text : `FAILED: ${text}` };
  } catch (e) {
    c.signal.throwIfAborted();
    if (isAlaiError(e) && e.code === 'TOOL_REFUSED') return failed(`REFUSED: ${e.message}. ${e.hint}`);
    if (isAlaiError(e)) throw e;
    const code = (e as NodeJS.ErrnoException).code;
    if (code === 'EACCES' || code === 'EROFS' || code === 'ENOSPC' || code === undefined) throw e;
    return failed(`FAILED: ${name}: ${code}`);
  }
}

/** A tool of an MCP server: its answer is bounded and masked like that of our own. */
async function callExtra(extra: ExtraTool, call: ToolCall, c: ToolContext): Promise<ToolOutcome> {
  permit(c, capabilityOfTool(call.name), `${call.name} ${JSON.stringify(argumentsOf(call.arguments))}`);
  c.signal.throwIfAborted();
  const outcome = await extra.call(argumentsOf(call.arguments), c.signal);
  c.signal.throwIfAborted();
  const { text } = capText(
    c.mask(escapeText(outcome.output)),
    Math.min(c.step.limits.outputBytes, MAX_RESULT),
  );
  return { ...outcome, output: outcome.ok ? text : `FAILED: ${text}` };
}

const failed = (output: string): ToolOutcome => ({ ok: false, output });

/** Some models send their arguments as a JSON string. */
function argumentsOf(a: unknown): unknown {
  if (typeof a !== 'string') return a;
  try {
    return JSON.parse(a);
  } catch {
    return a;
  }
}
