/**
 * How a pipeline of 2,000 nodes behaves in Chromium: how long its layout takes in the worker, and how much the main thread
 * works per frame while the graph is panned and zoomed. `npm run bench -- graph [--json] [--home <dir> --link <sign-in link>]`
 * boots a factory of its own, or uses one that runs already.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bootFactory } from '#test/boot.ts';
import { measureGraph } from './graph/browser.ts';
import { seedPipeline } from './graph/seed.ts';

const option = (name: string): string | null => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? (process.argv[at + 1] ?? null) : null;
};
const json = process.argv.includes('--json');
const home = option('home');
const link = option('link');
const running = home && link ? { home, link, stop: async () => undefined } : await bootFactory('3972');
try {
  const file = path.join(running.home, 'run/environment.json');
  const { DATABASE_URL } = JSON.parse(readFileSync(file, 'utf8')) as { DATABASE_URL: string };
  const made = await seedPipeline(DATABASE_URL, 400);
  const figures = { nodes: made.nodes, ...(await measureGraph(running.link, made.pipelineId)) };
  const bars = { layoutMs: 2_000, frameP95Ms: 20 };
  if (json) process.stdout.write(`${JSON.stringify({ ...figures, bars })}\n`);
  else
    process.stdout.write(
      [
        `Nodes                        ${figures.nodes}`,
        `Layout in the worker         ${figures.layoutMs.toFixed(1)} ms   (bar ${bars.layoutMs})`,
        `First picture after opening  ${figures.firstPictureMs.toFixed(0)} ms`,
        `Main thread per frame, p50   ${figures.frameP50Ms.toFixed(1)} ms`,
        `Main thread per frame, p95   ${figures.frameP95Ms.toFixed(1)} ms   (bar ${bars.frameP95Ms})`,
        `  on the clock, p95          ${figures.clockP95Ms.toFixed(1)} ms`,
        `Longest frame                ${figures.frameMaxMs.toFixed(1)} ms, of ${figures.frames} frames`,
        '',
      ].join('\n'),
    );
  if (figures.layoutMs > bars.layoutMs || figures.frameP95Ms > bars.frameP95Ms) process.exitCode = 1;
} finally {
  await running.stop();
}
