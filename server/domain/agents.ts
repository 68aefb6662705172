import { z } from 'zod';
import { cliProviders } from './providers.ts';

/** A coding agent as a worker found it on its machine. */
export const foundAgentSchema = z.object({
  name: z.enum(cliProviders),
  /** What `--version` said; null when it is not installed or does not run. */
  version: z.string().max(80).nullable(),
  usable: z.boolean(),
  /** Why not, and what to do; empty when it is. */
  reason: z.string().max(300),
});
export type FoundAgent = z.infer<typeof foundAgentSchema>;
