import type { BlueprintStep } from '#server/domain/blueprint.ts';
import type { Resume } from '#server/domain/memory.ts';
import type { PipelineName, RunnerKind } from '#server/domain/pipelines.ts';
import type { CallRecord } from '#server/domain/records.ts';
import type { StepRules } from '#server/domain/role-rules.ts';
import type { Message, Provider, ToolCall, ToolSpec } from '#server/models/provider.ts';
import type { StepContext } from '../context.ts';
import type { ToolContext } from '../tools/tool.ts';

/** Whoever carries out a step: our agent loop, a model that only advises, or an agent with a process of its own. */
export interface StepRunner {
  /** Works until the agent ends the step (`state.finished` is set), or throws LIMIT_REACHED / MODEL_* / Asked. */
  run(): Promise<void>;
  /** Tells the agent something and lets the next `run` go on from it. */
  tell(text: string): void;
  /** What it has said and heard, and spent: enough to go on from later. */
  soFar(): { messages: Message[]; turns: number; tokens: number; pipeline?: PipelineName };
  /** The call that asked for the human, when `run` threw Asked. */
  waiting(): ToolCall | null;
}

/** What a step spent before this runner took it over: no change of hands gives a limit back. */
export interface Spent {
  turns: number;
  tokens: number;
  /** performance.now() when the step began. */
  since: number;
}

export interface RunnerInput {
  context: StepContext;
  pipeline: PipelineName;
  /** Of an HTTP provider; throws for an agent that is a process. */
  provider: () => Provider;
  model: string;
  /** The opening prompt for this way of working. */
  messages: Message[];
  /** What the model is told of its tools. */
  specs: ToolSpec[];
  step: BlueprintStep;
  rules: StepRules;
  tools: ToolContext;
  recordCall: (r: CallRecord) => Promise<void>;
  /** Goes on from what was remembered instead of beginning. */
  resume: Resume | null;
  spent: Spent;
}

export type CreateRunner = (input: RunnerInput) => StepRunner;
/** Whom the engine can put to a step; the human is asked by a row, never by a runner. */
export type WorkingKind = Exclude<RunnerKind, 'human'>;
