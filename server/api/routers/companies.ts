import { z } from 'zod';
import { reader, router } from '../trpc.ts';

export const companiesRouter = router({
  /** Who can be chosen for a task. A broken company is named with its problem and cannot be chosen. */
  list: reader
    .output(z.array(z.object({ name: z.string(), status: z.string(), domain: z.string() })))
    .query(({ ctx }) => {
      const catalogue = ctx.s.catalogue();
      return [
        ...[...catalogue.companies.values()].map((c) => ({
          name: c.name,
          status: c.card.merged_into ?? c.card.status,
          domain: c.card.domain,
        })),
        ...catalogue.problems.map((p) => ({
          name: `${p.file}:${p.line}`,
          status: 'invalid',
          domain: p.message,
        })),
      ];
    }),
});
