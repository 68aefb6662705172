import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import { type PipelineName, pipelines } from '#server/domain/pipelines.ts';

/** An earlier way of asking that failed. */
export interface FailedWay {
  pipeline: PipelineName;
  error: AlaiError;
}

/**
 * Whether another way of asking can help: after a transient failure (its retries are over), and where a model turned out
 * not to master its tools and the next way needs none. Everything else would fail the same way, or has to be heard of.
 */
export function anotherWayHelps(e: unknown, from: PipelineName, to: PipelineName): e is AlaiError {
  if (!isAlaiError(e)) return false;
  if (e.data.transient === true) return true;
  const withoutTools = pipelines[from].runner === 'loop' && pipelines[to].runner === 'advisory';
  return e.code === 'MODEL_GARBAGE' && withoutTools;
}

/** The last error, with those before it: whoever reads it sees why each way failed. */
export function withEarlier(failed: readonly FailedWay[], last: PipelineName, e: unknown): unknown {
  if (failed.length === 0 || !isAlaiError(e) || !e.code.startsWith('MODEL_')) return e;
  const before = failed.map((f) => `${f.pipeline}: ${f.error.message}`).join('; ');
  const errors = [...failed, { pipeline: last, error: e }].map((f) => ({
    pipeline: f.pipeline,
    code: f.error.code,
    message: f.error.message,
  }));
  // A way that met the breaker its forerunner had opened says nothing of its own: the cause counts.
  const cause = e.code === 'MODEL_PAUSED' ? (failed.find((f) => f.error.code !== e.code)?.error ?? e) : e;
  return new AlaiError(
    cause.code,
    `${last}: ${e.message} (before that, ${before})`,
    cause.hint,
    { ...cause.data, errors },
    e,
  );
}
