import { readDayLimit } from '#server/budget/spend.ts';
import type { Strip } from '#server/domain/views/strip.ts';
import { readStrip } from '#server/fleet/data.ts';
import type { Services } from './services.ts';

/** What every page and the phone say on top: the machines' figures beside what today may cost. */
export async function stripOf(s: Pick<Services, 'db' | 'timing'>): Promise<Strip> {
  const [strip, dayBudgetEur] = await Promise.all([readStrip(s.db, s.timing), readDayLimit(s.db.pool)]);
  return { ...strip, dayBudgetEur };
}
