import { z } from 'zod';
import { answers, escalationViewSchema, queueViewSchema } from '#server/domain/views.ts';
import { byId, id, reason } from '../inputs.ts';
import { pending } from '../pending.ts';
import { reader, router, writer } from '../trpc.ts';

export const queueRouter = router({
  list: reader.output(queueViewSchema).query(() => pending('The human queue')),
  show: reader.input(byId).output(escalationViewSchema).query(() => pending('The human queue')),
  /** An answer is bound to the digest of what was seen, and takes effect ten seconds later. */
  answer: writer
    .input(z.strictObject({ id, answer: z.enum(answers), note: reason, digest: z.string().min(1).max(200) }))
    .mutation(() => pending('The human queue')),
  undo: writer.input(byId).mutation(() => pending('The human queue')),
});
