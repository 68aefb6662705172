import type { RunnerInput } from './runner.ts';

/** Carries one call out in the name of whoever cannot call by himself; a refusal goes into the problems. */
export type CarryOut = (name: string, args: unknown) => Promise<void>;

/**
 * The object an answer ends with, taken through the tools an agent of ours would have called. It alone decides; whatever
 * was said around it is prose.
 */
export async function handIn(
  l: Pick<RunnerInput, 'step' | 'tools'>,
  said: Record<string, unknown> | null,
  problems: string[],
  call: CarryOut,
): Promise<void> {
  if (!said) problems.push('the JSON object with the summary is missing');
  if (!said || problems.length > 0) return;
  for (const finding of Array.isArray(said.findings) ? said.findings : []) await call('finding', finding);
  for (const name of ['plan', 'report'] as const)
    if (said[name] !== undefined && said[name] !== null && l.step.tools.includes(name))
      await call(name, said[name]);
  if (problems.length > 0) return;
  if (l.step.tools.includes('finish')) await call('finish', { summary: said.summary });
  else l.tools.state.finished = String(said.summary ?? '');
}
