import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.ts';

/** What the vitest configuration tries once more: the faults could not be met, so the story says nothing yet. */
const NOT_STAGED = 'The story could not be staged';

async function poll<T>(ms: number, read: () => Promise<T | undefined | false>): Promise<T | undefined> {
  for (const end = Date.now() + ms; ; await sleep(50)) {
    const found = await read();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) return undefined;
  }
}

/** What a person would look at first when a wait ends in vain. */
async function picture(world: World): Promise<string> {
  const read = (sql: string) =>
    world.services.db.pool.query(sql).then(
      (r) => JSON.stringify(r.rows),
      (e: Error) => e.message,
    );
  const [workers, chains, attempts] = await Promise.all([
    read(`SELECT host, state, clock_timestamp() - last_seen AS silent FROM worker`),
    read(`SELECT state, count(*)::int FROM chain GROUP BY 1`),
    read(`SELECT host, state, count(*)::int FROM attempt GROUP BY 1, 2`),
  ]);
  return `workers ${workers}, chains ${chains}, attempts ${attempts}`;
}

/**
 * Waits for what the story needs before its fault means anything: work on both hosts, an agent that runs.
 * @throws that it could not be staged; such a story is told once more, because it has shown nothing.
 */
export async function staged<T>(
  world: World,
  what: string,
  ms: number,
  read: () => Promise<T | undefined | false>,
): Promise<T> {
  const found = await poll(ms, read);
  if (found === undefined) throw new Error(`${NOT_STAGED} in ${ms} ms: ${what}; ${await picture(world)}`);
  return found;
}

/**
 * Waits for what the product promises after the fault. One that does not come is a fault of the product.
 * @returns after how many milliseconds it came.
 */
export async function within(
  world: World,
  what: string,
  ms: number,
  holds: () => Promise<boolean>,
): Promise<number> {
  const started = Date.now();
  if (!(await poll(ms, holds))) throw new Error(`Not within ${ms} ms: ${what}; ${await picture(world)}`);
  return Date.now() - started;
}
