import type { CompanyRow } from '#server/domain/views/company.ts';
import type { Shape } from '../ui/mark.tsx';

/** What a company is doing, as shape and word: work first, then what it is. */
export function standing(c: CompanyRow): { shape: Shape; word: string } {
  if (c.status === 'broken') return { shape: 'failed', word: 'Cannot be read' };
  if (c.load.needsYou > 0) return { shape: 'yours', word: 'Needs you' };
  if (c.load.running > 0) return { shape: 'running', word: 'Working' };
  if (c.mergedInto) return { shape: 'none', word: `Merged into ${c.mergedInto}` };
  if (c.load.queued > 0) return { shape: 'queued', word: 'Queued' };
  if (c.status === 'inactive') return { shape: 'cancelled', word: 'Switched off' };
  return { shape: 'none', word: 'Idle' };
}

export const percent = (share: number | null): string =>
  share === null ? '' : `${Math.round(share * 100)} %`;
