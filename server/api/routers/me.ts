import { meSchema } from '../outputs.ts';
import { procedure, router } from '../trpc.ts';

export const meRouter = router({
  get: procedure.output(meSchema).query(({ ctx }) => ctx.viewer),
});
