import { z } from 'zod';
import { stages } from '#server/domain/status.ts';
import { reorder, skip, skipStage } from '#server/engine/amend.ts';
import { rerun, rerunFailed } from '#server/engine/rerun.ts';
import { addTask } from '../add-task.ts';
import { actorOf } from '../auth.ts';
import { command } from '../command.ts';
import { id, reason } from '../inputs.ts';
import { doneSchema } from '../outputs.ts';
import { procedure, router } from '../trpc.ts';

const rerunSchema = z.object({ taskIds: z.array(z.number()) });

/** What a human changes about the course of a pipeline; each with a reason, and none of it under work that runs. */
export const graphRouter = router({
  /** Does a node again: only it, or it and everything that waits for it. */
  rerun: procedure
    .input(z.strictObject({ taskId: id, mode: z.enum(['only', 'following']), reason }))
    .output(rerunSchema)
    .mutation(async ({ ctx, input }) => {
      let taskIds: number[] = [];
      await command(ctx.s, async (q) => {
        const made = await rerun(q, input.taskId, input.mode, actorOf(ctx.viewer), input.reason);
        taskIds = made.taskIds;
        return made.deliveries;
      });
      return { taskIds };
    }),
  /** Does what failed or was cancelled again. */
  rerunFailed: procedure
    .input(z.strictObject({ id, reason }))
    .output(rerunSchema)
    .mutation(async ({ ctx, input }) => {
      let taskIds: number[] = [];
      await command(ctx.s, async (q) => {
        const made = await rerunFailed(q, input.id, actorOf(ctx.viewer), input.reason);
        taskIds = made.taskIds;
        return made.deliveries;
      });
      return { taskIds };
    }),
  /** Leaves out work that nobody has begun; what waited for it goes on. */
  skip: procedure
    .input(z.strictObject({ taskId: id, reason }))
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, (q) => skip(q, input.taskId, actorOf(ctx.viewer), input.reason)),
    ),
  /** Takes a planned OPS or DOCS stage out of a chain. */
  skipStage: procedure
    .input(z.strictObject({ chainId: id, stage: z.enum(stages), reason }))
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, (q) => skipStage(q, input.chainId, input.stage, actorOf(ctx.viewer), input.reason)),
    ),
  /** Changes what a task waits for, bound to what was seen. */
  reorder: procedure
    .input(
      z.strictObject({
        taskId: id,
        waitsFor: z.array(id).max(200),
        seen: z.array(id).max(2_000),
        reason,
      }),
    )
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, (q) => reorder(q, input, actorOf(ctx.viewer), input.reason)),
    ),
  /** A new task before or after a node. */
  add: procedure
    .input(
      z.strictObject({
        taskId: id,
        where: z.enum(['before', 'after']),
        title: z.string().trim().min(1).max(100_000),
        description: z.string().max(50_000).default(''),
        reason,
        idempotencyKey: z.string().min(8).max(120),
      }),
    )
    .output(z.object({ taskId: z.number() }))
    .mutation(async ({ ctx, input }) => {
      const made = await addTask(ctx.s, input, actorOf(ctx.viewer));
      return { taskId: made.taskIds[0] as number };
    }),
});
