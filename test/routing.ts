import path from 'node:path';
import { type Catalogue, readCatalogue } from '#server/catalogue/data.ts';
import { classifyByKeywords } from '#server/routing/keywords.ts';
import { type Overrides, planWork } from '#server/routing/policy.ts';
import type { HostState } from '#server/routing/schema.ts';

/** The companies as they are shipped. */
export const catalogue = readCatalogue(path.resolve('companies'));

const everything = ['qwen3:8b', 'qwen2.5-coder:32b', 'kimi-k2.5:tq1', 'bge-m3:latest'];
/** Both hosts of the fleet, with every model of the table. */
export const both: HostState[] = [
  { name: 'anvil', models: everything },
  { name: 'forge', models: everything },
];

export const classify = (title: string, description = '', tags: string[] = []) =>
  classifyByKeywords(catalogue, { title, description, tags });

/** The route and the chain of a task with this title. */
export function plan(
  title: string,
  more: { tags?: string[]; hosts?: HostState[]; overrides?: Overrides; in?: Catalogue } = {},
) {
  const task = { title, description: '', tags: more.tags ?? [] };
  const from = more.in ?? catalogue;
  return planWork(from, {
    task,
    classification: classifyByKeywords(from, task),
    held: null,
    hosts: more.hosts ?? both,
    ...(more.overrides ? { overrides: more.overrides } : {}),
  });
}
