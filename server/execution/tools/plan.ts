import type { z } from 'zod';
import { type Plan, type PlanAnswer, planSchema } from '#server/domain/report.ts';
import { cleanPath } from '../policy.ts';
import { defineTool, refused } from './tool.ts';

export const plan = defineTool({
  description:
    'Hand your plan to the builder as numbered items: what, in which files, how, and when it is done. A second call replaces the first.',
  schema: planSchema as z.ZodType<Plan>,
  async run(p, c) {
    if (c.step.role !== 'lead')
      refused('only a lead plans', 'Do the work, and say in the report what you did.');
    // A plan the builder could not carry out is sent back to the one who can change it.
    for (const item of p.items) for (const file of item.files) cleanPath(file);
    c.state.plan = p;
    return { ok: true, output: `plan taken: ${p.items.length} ${p.items.length === 1 ? 'item' : 'items'}` };
  },
});

const line = (s: string) => s.replace(/\s+/g, ' ').trim();
const indented = (s: string) => s.trim().replace(/\s*\n\s*/g, '\n   ');

/** The plan as the builder reads it. Items are numbered from 1, and nothing in an item can look like the next one. */
export function planText(p: Plan): string {
  const items = p.items.map((item, i) =>
    [
      `${i + 1}. ${line(item.title)}`,
      item.files.length > 0 && `   Files: ${item.files.map(line).join(', ')}`,
      item.detail.trim() && `   ${indented(item.detail)}`,
      item.acceptance.trim() && `   Done when: ${line(item.acceptance)}`,
    ]
      .filter(Boolean)
      .join('\n'),
  );
  const more = (title: string, lines: string[]) =>
    lines.length > 0 ? [`${title}:\n${lines.map((l) => `- ${line(l)}`).join('\n')}`] : [];
  return [...items, ...more('Risks', p.risks), ...more('Not to be touched', p.notTouching)].join('\n');
}

/** Why a builder's report does not answer the plan it was given, or null. */
export function unanswered(given: Plan | null, answers: PlanAnswer[]): string | null {
  const n = given?.items.length ?? 0;
  const beyond = answers.find((a) => a.item > n);
  if (beyond)
    return n === 0
      ? 'no plan was given to this step'
      : `plan item ${beyond.item} is not there; the plan has ${n}`;
  const missing = (given?.items ?? []).map((_, i) => i + 1).filter((i) => !answers.some((a) => a.item === i));
  if (missing.length > 0) return `planItems does not answer item ${missing.join(', ')} of the plan`;
  const silent = answers.find((a) => a.state === 'skipped' && a.why.trim() === '');
  return silent ? `plan item ${silent.item} is skipped without a reason` : null;
}
