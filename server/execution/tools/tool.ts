import type { z } from 'zod';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { Finding, Plan, Report } from '#server/domain/report.ts';
import type { Refusal, StepRules } from '#server/domain/role-rules.ts';
import type { WorkRails } from '#server/domain/safety.ts';
import type { CommandResult } from '#server/domain/seams.ts';
import type { ToolSpec } from '#server/models/provider.ts';
import type { Mask } from '../prompt/mask.ts';

/** What a step gathers through the tools; the harness reads it, never the prose. */
export interface StepState {
  report: Report | null;
  /** Of a lead's step. */
  plan: Plan | null;
  findings: Finding[];
  /** The summary of the finish call; null while the agent works. */
  finished: string | null;
}

export interface ToolContext {
  root: string;
  /** Its tools are those that the role may use. */
  step: BlueprintStep;
  rules: StepRules;
  /** Tools of the blueprint that the rules withhold, and why. */
  withheld: Record<string, Refusal>;
  /** Tools of MCP servers this step may use. */
  extra: readonly ExtraTool[];
  company: string;
  /** The plan an earlier step of this task made; a builder answers for its items. */
  plan: Plan | null;
  /** REVIEW and SECURITY must say pass or reject before they finish. */
  needsVerdict: boolean;
  state: StepState;
  /** Questions this step asked the human before. */
  asked: () => readonly string[];
  /** What agents may do here without asking, and which files ask first. */
  rails: WorkRails;
  /** Whether the human allowed the very call that is made now. */
  allowed: () => boolean;
  /** Secrets leave no tool. */
  mask: Mask;
  run: (argv: string[], seconds: number) => Promise<CommandResult>;
  signal: AbortSignal;
}

/** A tool that no blueprint names: of an MCP server. */
export interface ExtraTool {
  spec: ToolSpec;
  call(args: unknown, signal: AbortSignal): Promise<ToolOutcome>;
}

export interface ToolOutcome {
  ok: boolean;
  output: string;
  exitCode?: number | null;
  added?: number;
  removed?: number;
}

export interface Tool<S extends z.ZodType = z.ZodType> {
  description: string;
  schema: S;
  run(args: z.output<S>, context: ToolContext): Promise<ToolOutcome>;
}

/** Keeps the argument types of one tool together with its schema. */
export function defineTool<S extends z.ZodType>(tool: Tool<S>): Tool<S> {
  return tool;
}

export function refused(reason: string, hint = 'Try another way.'): never {
  throw new AlaiError('TOOL_REFUSED', reason, hint);
}
