/**
 * How old the board's picture is while 500 others listen too, and how it behaves with 100,000 tasks behind it.
 * `npm run bench -- web [--json] [--tasks 100000] [--home <dir> --link <sign-in link>]` boots a factory of its own, or uses one
 * that runs already (its tasks stay).
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bootFactory } from '#test/boot.ts';
import { launch, openBoard, quantile, useBoard } from './web/board.ts';
import { measureLive } from './web/live.ts';
import { seedTasks } from './web/seed.ts';

const option = (name: string): string | null => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? (process.argv[at + 1] ?? null) : null;
};
const home = option('home');
const link = option('link');
const tasks = Number(option('tasks') ?? 100_000);
const running = home && link ? { home, link, stop: async () => undefined } : await bootFactory('3973');
const browser = await launch();
try {
  const file = path.join(running.home, 'run/environment.json');
  const { DATABASE_URL } = JSON.parse(readFileSync(file, 'utf8')) as { DATABASE_URL: string };
  // An ordinary day first: how old the picture is. Then a long past: how the hands feel.
  await seedTasks(DATABASE_URL, 1_000);
  const first = await openBoard(browser, running.link);
  const alone = await measureLive(first.page, DATABASE_URL, { clients: 0, perSecond: 20, seconds: 10 });
  const many = await measureLive(first.page, DATABASE_URL, { clients: 500, perSecond: 20, seconds: 15 });
  const { live } = await seedTasks(DATABASE_URL, tasks);
  const started = Date.now();
  const page = first.page;
  await page.reload();
  await page.locator('.card').first().waitFor({ timeout: 60_000 });
  const firstCardMs = Date.now() - started;
  const interactions = await useBoard(page);
  const figures = {
    ...{ tasks, live, firstCardMs, interactions: interactions.length },
    interactionP50Ms: quantile(interactions, 0.5),
    interactionP95Ms: quantile(interactions, 0.95),
    aloneP95Ms: quantile(alone.latencies, 0.95),
    ...{ clients: many.clients, heard: many.heard, should: many.should },
    liveP50Ms: quantile(many.latencies, 0.5),
    liveP95Ms: quantile(many.latencies, 0.95),
  };
  const bars = { interactionP95Ms: 100, liveP95Ms: 150 };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ ...figures, bars })}\n`);
  else
    process.stdout.write(
      [
        `Tasks                             ${tasks}, ${live} of them waiting`,
        `First card after opening          ${figures.firstCardMs} ms`,
        `Interaction to next frame, p50    ${figures.interactionP50Ms.toFixed(0)} ms of ${figures.interactions}`,
        `Interaction to next frame, p95    ${figures.interactionP95Ms.toFixed(0)} ms   (bar ${bars.interactionP95Ms})`,
        `Event to picture, alone, p95      ${figures.aloneP95Ms.toFixed(0)} ms`,
        `  with ${figures.clients} other streams, p50     ${figures.liveP50Ms.toFixed(0)} ms`,
        `  with ${figures.clients} other streams, p95     ${figures.liveP95Ms.toFixed(0)} ms   (bar ${bars.liveP95Ms})`,
        `  they heard                      ${figures.heard} of ${figures.should}`,
        '',
      ].join('\n'),
    );
  if (figures.interactionP95Ms > bars.interactionP95Ms || figures.liveP95Ms > bars.liveP95Ms)
    process.exitCode = 1;
} finally {
  await browser.close();
  await running.stop();
}
