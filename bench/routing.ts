/** How well the rules alone route labelled tasks in three languages. `npm run bench -- routing [--json] [--half tune]` */
import path from 'node:path';
import { readCatalogue } from '#server/catalogue/data.ts';
import { judgeAll, readTasks, type Score, score } from './routing/score.ts';

const json = process.argv.includes('--json');
const only = process.argv.includes('--half') ? process.argv[process.argv.indexOf('--half') + 1] : undefined;
const catalogue = readCatalogue(path.resolve('companies'));
const tasks = readTasks(path.resolve('bench/routing/tasks.jsonl'));
const started = performance.now();
const all = judgeAll(catalogue, tasks);
const ms = performance.now() - started;
const judged = all.filter((j) => only === undefined || j.half === only);

const groups: Record<string, Score> = { all: score(judged) };
for (const half of ['tune', 'holdout'] as const) groups[half] = score(all.filter((j) => j.half === half));
for (const lang of ['en', 'bs', 'no'] as const)
  groups[lang] = score(judged.filter((j) => j.task.lang === lang));
groups.misleading = score(judged.filter((j) => j.task.note));

const misses = judged.flatMap((j) => {
  const wrong = [
    ...(j.task.company !== null && j.company !== j.task.company ? ['company'] : []),
    ...(Math.abs(j.complexity - j.task.complexity) > 1 ? ['complexity'] : []),
    ...((j.held === null) === (j.task.held === null) ? [] : ['safety']),
  ];
  if (wrong.length === 0) return [];
  const { id, title, half, lang } = { ...j.task, half: j.half };
  return [
    {
      id,
      half,
      lang,
      title,
      wrong,
      expected: { company: j.task.company, complexity: j.task.complexity, held: j.task.held },
      said: { company: j.company, complexity: j.complexity, held: j.held },
    },
  ];
});

if (json) process.stdout.write(`${JSON.stringify({ msPerTask: ms / tasks.length, groups, misses })}\n`);
else {
  const percent = (v: number) => `${(100 * v).toFixed(1)} %`.padStart(9);
  const row = (name: string, s: Score) =>
    `${name.padEnd(11)}${String(s.tasks).padStart(5)}${[s.company, s.complexity, s.exact, s.recall, s.precision].map(percent).join('')}`;
  process.stdout.write(
    [
      `Rules alone, no model, ${(ms / tasks.length).toFixed(2)} ms a task. Bars: company 92 %, within one 90 %, recall 98 % at precision 85 %.`,
      `${''.padEnd(11)}tasks  company  +-1 cplx    exact   recall precision`,
      ...Object.entries(groups).map(([name, s]) => row(name, s)),
      '',
      ...misses.map(
        (m) =>
          `${m.half.padEnd(8)}${m.lang} ${m.wrong.join(', ')}: ${m.title} | ${m.wrong
            .map((w) => (w === 'safety' ? `held ${m.said.held}` : `${w} ${m.said[w as 'company']}`))
            .join(', ')}`,
      ),
      '',
    ].join('\n'),
  );
}
