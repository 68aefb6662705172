import { meSchema } from '../outputs.ts';
import { reader, router } from '../trpc.ts';

export const sessionRouter = router({
  me: reader.output(meSchema).query(({ ctx }) => ctx.viewer),
});
