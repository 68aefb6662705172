import { phoneSchema } from '#server/domain/views/phone.ts';
import { readPhone } from '../phone.ts';
import { procedure, router } from '../trpc.ts';

export const statusRouter = router({
  /** One phone screen. */
  get: procedure.output(phoneSchema).query(({ ctx }) => readPhone(ctx.s, ctx.viewer)),
});
