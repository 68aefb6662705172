import { z } from 'zod';

const at = z.date();

/** One process of the factory: the web server, the conductor, a host's worker. */
export const runSchema = z.object({
  /** "web", "conductor", "worker of FORGE". */
  name: z.string(),
  /** What would be missed of it. */
  kind: z.enum(['web', 'conductor', 'worker']),
  /** Null when it was never heard of. */
  heardAt: at.nullable(),
  /** Since when it runs; null for one that is known to be gone. */
  startedAt: at.nullable(),
  version: z.string(),
  /** Its next word is late: nobody can say that it still runs. */
  overdue: z.boolean(),
});
export type RunView = z.infer<typeof runSchema>;
