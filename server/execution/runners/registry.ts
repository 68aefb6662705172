import { AlaiError } from '#server/domain/errors.ts';
import { type PipelineName, pipelines } from '#server/domain/pipelines.ts';
import type { Message, ToolCall } from '#server/models/provider.ts';
import { Asked } from '../asked.ts';
import type { Transcript } from '../transcript.ts';
import { createAdvisory } from './advisory.ts';
import { createLoop } from './loop.ts';
import { anotherWayHelps, type FailedWay, withEarlier } from './policy.ts';
import { createProcess } from './process.ts';
import type { CreateRunner, Spent, StepRunner, WorkingKind } from './runner.ts';
import { errorData } from './transcribe.ts';

/** One runner for each way of working. */
export const runners = {
  loop: createLoop,
  advisory: createAdvisory,
  process: createProcess,
} as const satisfies Record<WorkingKind, CreateRunner>;

export interface Ways {
  /** In the order they are tried. */
  pipelines: readonly PipelineName[];
  make(pipeline: PipelineName, kind: WorkingKind, spent: Spent, takesOver: boolean): Promise<StepRunner>;
  /** What was remembered from before the step waited. */
  before: { messages: Message[]; turns: number; tokens: number; pipeline?: PipelineName | undefined };
  stepKey: string;
  transcript: Transcript;
  signal: AbortSignal;
}

/** The runner of a step over all pipelines it may be asked by: the next one takes over when that can help. */
export function createStepRunner(w: Ways): StepRunner {
  const failed: FailedWay[] = [];
  const since = performance.now();
  let soFar = w.before;
  // What waited goes on in the way it was asked.
  const { pipeline: was } = w.before;
  let at = was ? Math.max(0, w.pipelines.indexOf(was)) : 0;
  let current: StepRunner | null = null;

  function pipelineAt(n: number): PipelineName {
    const name = w.pipelines[n];
    if (name && pipelines[name].runner !== 'human') return name;
    throw new AlaiError(
      'MODEL_MISSING',
      'this step has no pipeline that an agent could run it by',
      'Give the tier a pipeline in companies/_shared/tiers.yaml.',
    );
  }

  async function run(): Promise<void> {
    for (;;) {
      const pipeline = pipelineAt(at);
      try {
        const spent = { turns: soFar.turns, tokens: soFar.tokens, since };
        current ??= await w.make(
          pipeline,
          pipelines[pipeline].runner as WorkingKind,
          spent,
          failed.length > 0,
        );
        return await current.run();
      } catch (e) {
        const next = w.pipelines[at + 1];
        const goOn = next !== undefined && pipelines[next].runner !== 'human';
        if (w.signal.aborted || e instanceof Asked || !goOn || !anotherWayHelps(e, pipeline, next))
          throw withEarlier(failed, pipeline, e);
        failed.push({ pipeline, error: e });
        const text = `${pipeline} failed: ${e.message}. ${next} takes the step over.`;
        w.transcript.add(w.stepKey, 'error', { ...errorData(e), text, pipeline, next });
        soFar = current?.soFar() ?? soFar;
        current = null;
        at++;
      }
    }
  }

  return {
    run,
    tell: (text) => current?.tell(text),
    soFar: () => ({ ...(current?.soFar() ?? soFar), pipeline: pipelineAt(at) }),
    waiting: (): ToolCall | null => current?.waiting() ?? null,
  };
}
