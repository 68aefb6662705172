import { sleep } from '#server/platform/clock.ts';

export interface Readiness {
  ready: boolean;
  detail: string;
}

/** One look at GET /ready. An answer without a verdict (404 while developing) counts as there. */
async function askReady(url: string): Promise<Readiness> {
  try {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(3_000), redirect: 'manual' });
    const text = (await answer.text()).slice(0, 300);
    if (answer.status === 503) return { ready: false, detail: text };
    return { ready: answer.status < 500, detail: `HTTP ${answer.status}` };
  } catch (e) {
    return { ready: false, detail: (e as Error).message };
  }
}

/** Waits until the web server says that database, queue and a worker are there. Returns the last answer. */
export async function waitReady(url: string, ms: number, signal: AbortSignal): Promise<Readiness> {
  const deadline = Date.now() + ms;
  for (;;) {
    const answer = await askReady(url);
    if (answer.ready || Date.now() > deadline) return answer;
    await sleep(100, signal);
  }
}
