import { z } from 'zod';
import { historyEntrySchema } from '#server/domain/views/forecast.ts';
import { pipelineListItemSchema, pipelineViewSchema } from '#server/domain/views/pipeline.ts';
import { logPageSchema } from '#server/domain/views/replay.ts';
import { sessionLogSchema } from '#server/domain/views/session-log.ts';
import { taskViewSchema } from '#server/domain/views/task.ts';
import { readHistory } from '#server/engine/data/history.ts';
import { readLog } from '#server/engine/data/log.ts';
import { readPipeline, readPipelines } from '#server/engine/data/pipeline.ts';
import { readSessionLog } from '#server/engine/data/session-log.ts';
import { readTask } from '#server/engine/data/task.ts';
import { reopenTask } from '#server/engine/reopen.ts';
import { startTask } from '#server/engine/start.ts';
import { actorOf } from '../auth.ts';
import { command } from '../command.ts';
import { byId, id } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

const byTask = z.strictObject({ taskId: id });

export const pipelinesRouter = router({
  list: procedure
    .input(z.strictObject({ limit: z.number().int().min(1).max(1_000).default(200) }).prefault({}))
    .output(z.array(pipelineListItemSchema))
    .query(({ ctx, input }) => readPipelines(ctx.s.db, input.limit)),
  get: procedure
    .input(byId)
    .output(pipelineViewSchema)
    .query(({ ctx, input }) => readPipeline(ctx.s.db, ctx.s.timing, input.id)),
  /** Its events, a page at a time, as `domain/replay.ts` folds them. */
  log: procedure
    .input(z.strictObject({ id, after: z.number().int().min(0).default(0) }))
    .output(logPageSchema)
    .query(({ ctx, input }) => readLog(ctx.s.db, input.id, input.after)),
  /** How long each stage took lately: what an estimate stands on. */
  history: procedure.output(z.array(historyEntrySchema)).query(({ ctx }) => readHistory(ctx.s.db)),
  /** What its agents did, by the report schema. */
  sessionLog: procedure
    .input(byId)
    .output(sessionLogSchema)
    .query(({ ctx, input }) => readSessionLog(ctx.s.db, input.id)),
  /** Lets the task's chain go on: queues what may start now. What cannot is refused with what it waits for. */
  advance: procedure
    .input(byTask)
    .output(taskViewSchema)
    .mutation(async ({ ctx, input }) => {
      const task = await readTask(ctx.s.db, ctx.s.timing, input.taskId);
      if (task.state === 'OPEN') await command(ctx.s, (q) => startTask(q, input.taskId, actorOf(ctx.viewer)));
      return await readTask(ctx.s.db, ctx.s.timing, input.taskId);
    }),
  /** The pipeline of a task. A task whose chain is over gets a new chain, because a finished one is never run again. */
  create: procedure
    .input(byTask)
    .output(z.object({ pipelineId: z.number(), created: z.boolean() }))
    .mutation(async ({ ctx, input }) => {
      const task = await readTask(ctx.s.db, ctx.s.timing, input.taskId);
      const over = task.commands.includes('reopen');
      if (over)
        await command(ctx.s, (q) =>
          reopenTask(q, input.taskId, actorOf(ctx.viewer), 'A new pipeline was asked for'),
        );
      return { pipelineId: task.pipelineId ?? 0, created: over };
    }),
});
