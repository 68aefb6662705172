import type { Look } from '#server/domain/views/status.ts';

/** A lease that is not renewed is no event, so what runs is asked for again this often: the dead are not shown as running. */
const EVERY = 5_000;

/** For `refetchInterval`: again and again while one of these runs, or should. */
export const whileRunning = (looks: Look[] | undefined): number | false =>
  looks?.some((l) => l === 'running' || l === 'stale') ? EVERY : false;
