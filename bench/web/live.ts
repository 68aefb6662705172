import { request } from 'node:http';
import type { Page } from '@playwright/test';
import { createDb } from '#server/platform/db.ts';

/** Opens a live stream as a page does, and counts what comes. Returns how to close it. */
function listen(url: URL, cookie: string, onEvent: () => void): () => void {
  const req = request(
    {
      host: url.hostname,
      port: url.port,
      path: '/api/events',
      headers: { cookie, accept: 'text/event-stream' },
    },
    (res) => {
      res.setEncoding('utf8');
      res.on('data', (part: string) => {
        for (const _ of part.matchAll(/^id: /gm)) onEvent();
      });
      res.on('error', () => {});
    },
  );
  req.on('error', () => {});
  req.end();
  return () => req.destroy();
}

export interface LiveFigures {
  clients: number;
  sent: number;
  /** How many the clients heard, of all they should have. */
  heard: number;
  should: number;
  latencies: number[];
}

/**
 * Events at `perSecond` for `seconds`, to `clients` streams and one page. How long each took from the database's clock until the
 * page had it on screen.
 */
export async function measureLive(
  page: Page,
  databaseUrl: string,
  o: { clients: number; perSecond: number; seconds: number },
): Promise<LiveFigures> {
  const db = createDb(databaseUrl, { max: 2 });
  const base = new URL(page.url());
  const cookie = (await page.context().cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
  let heard = 0;
  const closers = Array.from({ length: o.clients }, () => listen(base, cookie, () => heard++));
  try {
    await page.waitForTimeout(6_000);
    heard = 0;
    // The title of a card that is on screen changes; the page notes when it drew which.
    const id = await page.evaluate(() => {
      const card = document.querySelector<HTMLAnchorElement>(
        '[data-column="queued"] .card a, [data-column="queued"] a.card',
      );
      const number = Number(/\/tasks\/(\d+)/.exec(card?.getAttribute('href') ?? '')?.[1]);
      const drawn: Record<string, number> = {};
      Object.assign(window, { alaiDrawn: drawn });
      new MutationObserver(() => {
        const text = document.querySelector('[data-column="queued"]')?.textContent ?? '';
        for (const m of text.matchAll(/tick (\d+);/g)) drawn[m[1] as string] ??= Date.now();
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
      return number;
    });
    const sentAt: number[] = [];
    const total = o.perSecond * o.seconds;
    for (let n = 0; n < total; n++) {
      sentAt.push(Date.now());
      await db.pool.query(
        `WITH t AS (UPDATE task SET title = $2, ver = ver + 1 WHERE id = (SELECT coalesce(c.root_task_id, t.id) FROM task t LEFT JOIN chain c ON c.id = t.chain_id WHERE t.id = $1) RETURNING id, ver, project_id, pipeline_id)
         INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor, task_id, pipeline_id, project_id)
         SELECT 'task.edited', 'task', id::text, ver, 'engine', 'bench', id, pipeline_id, project_id FROM t`,
        [id, `Live tick ${n}; of the bench`],
      );
      const due = (sentAt[0] as number) + ((n + 1) * 1000) / o.perSecond;
      await new Promise((r) => setTimeout(r, Math.max(0, due - Date.now())));
    }
    await page.waitForTimeout(1_500);
    const drawn = await page.evaluate(
      () => (window as unknown as { alaiDrawn: Record<string, number> }).alaiDrawn,
    );
    // A title that was overwritten before the next picture was never meant to be seen: the one drawn next stands for it.
    const latencies = sentAt.flatMap((at, n) => {
      for (let k = n; k < total; k++) if (drawn[k] !== undefined) return [(drawn[k] as number) - at];
      return [Number.POSITIVE_INFINITY];
    });
    return { clients: o.clients, sent: total, heard, should: total * o.clients, latencies };
  } finally {
    for (const close of closers) close();
    await db.close();
  }
}
