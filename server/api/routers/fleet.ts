import { z } from 'zod';
import { stripSchema } from '#server/domain/views.ts';
import { reason } from '../inputs.ts';
import { pending } from '../pending.ts';
import { reader, router, writer } from '../trpc.ts';

export const fleetRouter = router({
  strip: reader.output(stripSchema).query(() => pending('The fleet')),
  /** The kill switch: no new attempt starts, and every agent process is ended. */
  stop: writer.input(z.strictObject({ reason })).mutation(() => pending('The kill switch')),
  resume: writer.input(z.strictObject({ reason })).mutation(() => pending('The kill switch')),
});
