import path from 'node:path';
import { expect, test } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import { judgeAll, readTasks, score } from './score.ts';

const catalogue = readCatalogue(path.resolve('companies'));
const tasks = readTasks(path.resolve('bench/routing/tasks.jsonl'));
const judged = judgeAll(catalogue, tasks);

test('the labelled set is worth its name', () => {
  expect(tasks.length).toBeGreaterThanOrEqual(240);
  expect(tasks.filter((t) => t.lang !== 'en').length).toBeGreaterThanOrEqual(tasks.length / 3);
  expect(tasks.filter((t) => t.note).length).toBeGreaterThanOrEqual(60);
  expect(new Set(tasks.map((t) => t.title)).size).toBe(tasks.length);
});

test.each(['tune', 'holdout'] as const)('the rules alone reach their bars on the %s half', (half) => {
  const of = score(judged.filter((j) => j.half === half));
  expect(of.company).toBeGreaterThanOrEqual(0.92);
  expect(of.complexity).toBeGreaterThanOrEqual(0.9);
  expect(of.recall).toBeGreaterThanOrEqual(0.98);
  expect(of.precision).toBeGreaterThanOrEqual(0.85);
});

test.each(['en', 'bs', 'no'] as const)('and in %s', (lang) => {
  const of = score(judged.filter((j) => j.task.lang === lang));
  expect(of.company).toBeGreaterThanOrEqual(0.92);
  expect(of.recall).toBeGreaterThanOrEqual(0.98);
});
