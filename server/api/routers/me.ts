import { meSchema } from '../outputs.ts';
import { reader, router } from '../trpc.ts';

export const meRouter = router({
  get: reader.output(meSchema).query(({ ctx }) => ctx.viewer),
});
