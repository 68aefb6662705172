import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Catalogue } from '#server/catalogue/data.ts';
import { judgeSafety } from '#server/intake/policy.ts';
import { classifyByKeywords } from '#server/routing/keywords.ts';
import { planWork } from '#server/routing/policy.ts';

const labelled = z.strictObject({
  id: z.number().int(),
  title: z.string(),
  description: z.string().default(''),
  lang: z.enum(['en', 'bs', 'no']),
  /** Null where only the safety rails are asked. */
  company: z.string().nullable(),
  complexity: z.number().int().min(1).max(5),
  /** Which pattern holds it; null when it may go to an agent. */
  held: z.string().nullable(),
  /** Why it is hard to tell. */
  note: z.string().optional(),
});
export type Labelled = z.infer<typeof labelled>;
export type Half = 'tune' | 'holdout';

/** The half a task belongs to hangs on its title alone; rules are made looking at `tune` only. */
function halfOf(title: string): Half {
  let hash = 2_166_136_261;
  for (const c of title) hash = Math.imul(hash ^ (c.codePointAt(0) as number), 16_777_619);
  return (hash >>> 7) % 2 === 0 ? 'tune' : 'holdout';
}

export const readTasks = (file: string): Labelled[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => labelled.parse(JSON.parse(line)));

export interface Judged {
  task: Labelled;
  half: Half;
  company: string;
  complexity: number;
  held: string | null;
  reasons: string[];
}

/** What the rules alone say of each task. */
export function judgeAll(catalogue: Catalogue, tasks: Labelled[]): Judged[] {
  return tasks.map((task) => {
    const text = { title: task.title, description: task.description, tags: [] };
    const held = judgeSafety(catalogue.safety, text);
    const classification = classifyByKeywords(catalogue, text);
    const { route } = planWork(catalogue, { task: text, classification, held, hosts: [] });
    return {
      task,
      half: halfOf(task.title),
      company: route.company,
      complexity: route.complexity,
      held: held?.pattern ?? null,
      reasons: route.reasons,
    };
  });
}

const share = (part: number, whole: number) => (whole === 0 ? 1 : part / whole);

export interface Score {
  tasks: number;
  company: number;
  complexity: number;
  exact: number;
  recall: number;
  precision: number;
}

/** Shares of what was got right; of the tasks that were held, and of those that had to be. */
export function score(judged: Judged[]): Score {
  const asked = judged.filter((j) => j.task.company !== null);
  const must = judged.filter((j) => j.task.held !== null);
  const held = judged.filter((j) => j.held !== null);
  const rightly = held.filter((j) => j.task.held !== null).length;
  const near = (j: Judged, by: number) => Math.abs(j.complexity - j.task.complexity) <= by;
  return {
    tasks: judged.length,
    company: share(asked.filter((j) => j.company === j.task.company).length, asked.length),
    complexity: share(judged.filter((j) => near(j, 1)).length, judged.length),
    exact: share(judged.filter((j) => near(j, 0)).length, judged.length),
    recall: share(rightly, must.length),
    precision: share(rightly, held.length),
  };
}
