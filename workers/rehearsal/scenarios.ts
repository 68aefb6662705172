import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/**
 * Scenarios are YAML a person can read: which task, which step, and the moves an agent makes there. A move is made when
 * its `when` holds and its calls are not in the conversation yet; so the next answer follows from the messages alone.
 */
const pattern = z.string().transform((s) => new RegExp(s, 'im'));

const conditionSchema = z.strictObject({
  told: pattern.optional(),
  notTold: pattern.optional(),
  seen: pattern.optional(),
  notSeen: pattern.optional(),
  findings: pattern.optional(),
  notFindings: pattern.optional(),
  change: pattern.optional(),
  notChange: pattern.optional(),
  offered: z.string().optional(),
  title: pattern.optional(),
  notTitle: pattern.optional(),
});
export type Condition = z.infer<typeof conditionSchema>;

export const streamFaults = ['truncated', 'endless', 'bad-json', 'silent'] as const;

const moveSchema = z.strictObject({
  say: z.string().default(''),
  when: conditionSchema.prefault({}),
  calls: z.array(z.record(z.string(), z.record(z.string(), z.unknown()))).default([]),
  /** The stream goes wrong after the text; only a remark of the harness can move the conversation on. */
  fault: z.enum(streamFaults).optional(),
});
export type Move = z.infer<typeof moveSchema>;

const answerSchema = z.strictObject({
  stage: z.union([z.string(), z.array(z.string())]).optional(),
  step: z.union([z.string(), z.array(z.string())]).optional(),
  /** `[0]` for the first BUILD, `[1, 2, 3]` for those after a rejection. */
  cycle: z.array(z.number()).optional(),
  offered: z.string().optional(),
  notOffered: z.string().optional(),
  moves: z.array(moveSchema).min(1),
});
export type Answer = z.infer<typeof answerSchema>;

const scenarioSchema = z.strictObject({
  name: z.string(),
  about: z.string().default(''),
  /** Which tasks: a pattern on the title. The first scenario in file order that matches answers. */
  title: pattern,
  answers: z.array(answerSchema).min(1),
});
export type Scenario = z.infer<typeof scenarioSchema> & { folder: string };

/** Reads all scenario files below `root`, in the order of their names; `general` files come last. */
export function loadScenarios(root: string): Scenario[] {
  const files: string[] = [];
  const walk = (dir: string) => {
    for (const name of readdirSync(dir).sort()) {
      const path = join(dir, name);
      if (statSync(path).isDirectory()) {
        if (name !== 'files') walk(path);
      } else if (name.endsWith('.yaml')) files.push(path);
    }
  };
  walk(root);
  const general = (f: string) => (f.includes(`${join(root, 'general')}`) ? 1 : 0);
  return files
    .sort((a, b) => general(a) - general(b) || a.localeCompare(b))
    .map((file) => {
      const parsed = scenarioSchema.safeParse(parse(readFileSync(file, 'utf8')));
      if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
      return { ...parsed.data, folder: join(file, '..') };
    });
}
