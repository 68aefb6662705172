import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from '@playwright/test';

export interface Figures {
  layoutMs: number;
  firstPictureMs: number;
  frames: number;
  frameP50Ms: number;
  frameP95Ms: number;
  frameMaxMs: number;
  /** The same on the clock, with what other processes took. */
  clockP95Ms: number;
}
interface TraceEvent {
  name: string;
  ph: string;
  ts: number;
  dur?: number;
  /** Time on the processor, without what others took from it. */
  tdur?: number;
  pid: number;
  tid: number;
  args?: { name?: string };
}

/** Chromium's names for: tasks of a thread, and where a frame of the main thread begins. */
const categories = [
  'toplevel',
  'devtools.timeline',
  'devtools.timeline.frame',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
];

const quantile = (sorted: number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

/** What the page's main thread did between one frame and the next, from Chromium's own trace: on the clock, and as work. */
function framesOf(trace: TraceEvent[]): { wall: number[]; work: number[] } {
  const begins = trace.filter((e) => e.name === 'BeginMainThreadFrame');
  const counts = new Map<string, number>();
  for (const e of begins) counts.set(`${e.pid}:${e.tid}`, (counts.get(`${e.pid}:${e.tid}`) ?? 0) + 1);
  const busiest = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  const starts = begins
    .filter((e) => `${e.pid}:${e.tid}` === busiest)
    .map((e) => e.ts)
    .sort((a, b) => a - b);
  const wall = starts.map(() => 0);
  const work = starts.map(() => 0);
  for (const e of trace) {
    if (e.name !== 'RunTask' || `${e.pid}:${e.tid}` !== busiest || e.dur === undefined) continue;
    // A task belongs to the frame in which it ends; what came before the first frame is not counted.
    const end = e.ts + e.dur;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if ((starts[mid] ?? 0) <= end) low = mid + 1;
      else high = mid;
    }
    if (low === 0) continue;
    wall[low - 1] = (wall[low - 1] ?? 0) + e.dur / 1000;
    work[low - 1] = (work[low - 1] ?? 0) + (e.tdur ?? e.dur) / 1000;
  }
  return { wall, work };
}

/** Pans in both directions and zooms, one wheel event per frame, as a hand on a touchpad does. */
async function pan(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const box = await page.locator('.dag').boundingBox();
  if (!box) throw new Error('no graph');
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  for (let i = 0; i < 300; i++) {
    const turn = Math.floor(i / 75);
    const deltaY = [60, -40, 80, -60][turn] ?? 0;
    const deltaX = [0, 8, -8, 0][turn] ?? 0;
    await cdp.send('Input.dispatchMouseEvent', { type: 'mouseWheel', ...at, deltaX, deltaY });
    await page.waitForTimeout(12);
  }
}

async function figures(browser: Browser, link: string, pipelineId: number): Promise<Figures> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(link);
  await page.waitForURL((u) => !u.pathname.startsWith('/sign-in'));
  const started = Date.now();
  await page.goto(new URL(`/pipelines/${pipelineId}`, link).href);
  await page.locator('.dag-node').first().waitFor({ timeout: 60_000 });
  const firstPictureMs = Date.now() - started;
  await page.waitForTimeout(1_500);
  const layoutMs = await page.evaluate(
    () =>
      performance
        .getEntriesByName('alai-layout')
        .map((e) => e.duration)
        .sort((a, b) => b - a)[0] ?? Number.NaN,
  );
  await pan(page);
  await browser.startTracing(page, {
    categories,
  });
  await pan(page);
  const raw = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const { wall, work } = framesOf(raw.traceEvents);
  wall.sort((x, y) => x - y);
  work.sort((x, y) => x - y);
  return {
    layoutMs,
    firstPictureMs,
    frames: work.length,
    frameP50Ms: quantile(work, 0.5),
    frameP95Ms: quantile(work, 0.95),
    frameMaxMs: work.at(-1) ?? 0,
    clockP95Ms: quantile(wall, 0.95),
  };
}

/** Opens the pipeline in Chromium, pans it once to warm up and once to measure. */
export async function measureGraph(link: string, pipelineId: number): Promise<Figures> {
  const own = chromium.executablePath();
  const browser = await chromium.launch({
    executablePath: existsSync(own) ? own : (process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    return await figures(browser, link, pipelineId);
  } finally {
    await browser.close();
  }
}
