import { isAlaiError } from '#server/domain/errors.ts';
import { fence } from '../escape.ts';

/** Words that every runner writes into the transcript or tells its agent. */

/** Feedback of the gates as the agent sees it. */
export function gateFeedback(
  failures: { gate: string; detail: string; output: string }[],
  tryNumber: number,
): string {
  const text = failures.map((f) => `gate ${f.gate}: ${f.detail}\n${f.output}`.trim()).join('\n\n');
  return `The step is not done: a gate failed (try ${tryNumber} of 3). Mend it, then call finish again.\n\n${fence('feedback', text.slice(0, 12_000))}`;
}

/** Large arguments (whole files) stay in the conversation; the transcript shows their beginning. */
export function shown(a: unknown): unknown {
  if (typeof a === 'string') return a.length > 12_000 ? `${a.slice(0, 12_000)}…` : a;
  if (Array.isArray(a)) return a.slice(0, 200).map(shown);
  if (a !== null && typeof a === 'object')
    return Object.fromEntries(Object.entries(a).map(([k, v]) => [k, shown(v)]));
  return a;
}

export function errorData(e: unknown): Record<string, unknown> {
  return isAlaiError(e)
    ? { code: e.code, message: e.message, hint: e.hint }
    : { code: 'INTERNAL', message: String(e), hint: '' };
}
