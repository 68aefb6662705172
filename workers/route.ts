import { z } from 'zod';
import { type Catalogue, readCatalogue } from '#server/catalogue/data.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import type { Route } from '#server/domain/views/routing.ts';
import { cleanTitle, judgeSafety } from '#server/intake/policy.ts';
import { classifyByKeywords } from '#server/routing/keywords.ts';
import { planWork } from '#server/routing/policy.ts';

/** What would be done with a task, in one line. */
export interface Answer {
  id: string | number | null;
  company: string;
  complexity: number;
  domain: string;
  type: string;
  tier: number;
  host: string | null;
  held: Route['held'];
  reasons: string[];
}

const lineSchema = z.object({
  id: z.union([z.string().max(200), z.number()]).nullish(),
  title: z.string(),
  description: z.string().max(200_000).nullish(),
  tags: z.array(z.string().max(40)).max(20).nullish(),
});

export type LineResult = { answer: Answer } | { line: number; problem: string };

/**
 * The route of a text by the rules alone: no server, no database, no model, nothing created. Hosts are those of the fleet
 * file, trusted to have the models of the tier table.
 */
export function routeByRules(
  folder: string,
  text: { title: string; description: string; tags: string[] },
): Route {
  return routeIn(readCatalogue(folder), { ...text, title: cleanTitle(text.title) });
}

function routeIn(catalogue: Catalogue, task: { title: string; description: string; tags: string[] }): Route {
  const held = judgeSafety(catalogue.safety, task);
  const classification = classifyByKeywords(catalogue, task);
  return planWork(catalogue, { task, classification, held, hosts: [] }).route;
}

/** One line of JSON each: its route, or its number and what is wrong with it. Empty lines say nothing. */
export function routeLine(folder: string, raw: string, line: number): LineResult | null {
  const text = raw.replace(/^\uFEFF/, '').trim();
  if (text === '') return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { line, problem: 'it is not JSON' };
  }
  const read = lineSchema.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    return {
      line,
      problem: `${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'not as expected'}`,
    };
  }
  const { id = null, title, description, tags } = read.data;
  try {
    const route = routeByRules(folder, { title, description: description ?? '', tags: tags ?? [] });
    return { answer: answerOf(id, route) };
  } catch (e) {
    if (!isAlaiError(e)) throw e;
    return { line, problem: `${e.code}: ${e.message}` };
  }
}

/** The few things of a route that a script compares. */
export function answerOf(id: string | number | null, route: Route): Answer {
  const { company, complexity, domain, type, tier, held, reasons } = route;
  return { id, company, complexity, domain, type, tier, host: route.choices[0]?.host ?? null, held, reasons };
}
