import { z } from 'zod';
import { QA_GATE } from '#server/domain/checks.ts';
import { changesSchema } from '#server/domain/views/changes.ts';
import { createdSchema, createTasksSchema } from '#server/domain/views/new-task.ts';
import { promptsViewSchema } from '#server/domain/views/prompt.ts';
import { taskListItemSchema, taskViewSchema } from '#server/domain/views/task.ts';
import { timelineItemSchema } from '#server/domain/views/timeline.ts';
import { transcriptViewSchema } from '#server/domain/views/transcript.ts';
import { cancelTask } from '#server/engine/cancel.ts';
import { readChecks } from '#server/engine/data/checks.ts';
import { readCalls, readGates, readProof, readTranscript } from '#server/engine/data/evidence.ts';
import { readPrompts } from '#server/engine/data/prompt.ts';
import { listTasks as list, nextTask, readTask } from '#server/engine/data/task.ts';
import { readTimeline } from '#server/engine/data/timeline.ts';
import { finishByHand } from '#server/engine/finish.ts';
import { setProject } from '#server/engine/project.ts';
import { reopenTask } from '#server/engine/reopen.ts';
import { startTask } from '#server/engine/start.ts';
import { stopTask } from '#server/engine/stop.ts';
import { actorOf } from '../auth.ts';
import { changesOf } from '../changes.ts';
import { command } from '../command.ts';
import { createWork, editWork, resolveProject } from '../compose.ts';
import { heldByProject } from '../held.ts';
import { byId, editTask, id, listTasks, projectReference, reason } from '../inputs.ts';
import { callsSchema, done, doneSchema, evidenceSchema } from '../outputs.ts';
import { procedure, router } from '../trpc.ts';

const move = z.strictObject({ id, reason });

export const tasksRouter = router({
  get: procedure
    .input(byId)
    .output(taskViewSchema)
    .query(({ ctx, input }) => readTask(ctx.s.db, ctx.s.timing, input.id)),
  list: procedure
    .input(listTasks.prefault({}))
    .output(z.array(taskListItemSchema))
    .query(({ ctx, input }) => {
      const status = input.status === undefined ? undefined : [input.status].flat();
      return list(ctx.s.db, ctx.s.timing, { ...input, status });
    }),
  next: procedure.output(taskListItemSchema.nullable()).query(({ ctx }) => nextTask(ctx.s.db, ctx.s.timing)),
  timeline: procedure
    .input(byId)
    .output(z.array(timelineItemSchema))
    .query(({ ctx, input }) => readTimeline(ctx.s.db, input.id)),
  changes: procedure
    .input(byId)
    .output(changesSchema)
    .query(({ ctx, input }) => changesOf(ctx.s, input.id)),
  evidence: procedure
    .input(byId)
    .output(evidenceSchema)
    .query(async ({ ctx, input }) => {
      const [gates, proof, checks] = await Promise.all([
        readGates(ctx.s.db, input.id),
        readProof(ctx.s.db, input.id),
        readChecks(ctx.s.db, input.id),
      ]);
      return { gates: gates.filter((g) => g.gate !== QA_GATE || !g.ok), proof, checks };
    }),
  calls: procedure
    .input(byId)
    .output(callsSchema)
    .query(({ ctx, input }) => readCalls(ctx.s.db, input.id)),
  /** What its agents were told, exactly as it was sent. */
  prompts: procedure
    .input(byId)
    .output(promptsViewSchema)
    .query(({ ctx, input }) => readPrompts(ctx.s.db, input.id)),
  /** Entries of one attempt (the newest when none is named) rewritten since `afterRev`. */
  transcript: procedure
    .input(
      z.strictObject({
        taskId: id,
        attemptId: id.nullable().default(null),
        afterRev: z.number().int().min(0).default(0),
      }),
    )
    .output(transcriptViewSchema)
    .query(({ ctx, input }) => readTranscript(ctx.s.db, input)),
  create: procedure
    .input(createTasksSchema)
    .output(createdSchema)
    .mutation(({ ctx, input }) => createWork(ctx.s, input, actorOf(ctx.viewer))),
  edit: procedure
    .input(editTask)
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await editWork(ctx.s, input.id, input.version, input.patch, actorOf(ctx.viewer));
      return done;
    }),
  setProject: procedure
    .input(z.strictObject({ id, project: projectReference }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      const project = await resolveProject(ctx.s, input.project);
      const held = await heldByProject(ctx.s, input.id, project.id);
      return await command(ctx.s, (q) => setProject(q, input.id, project.id, actorOf(ctx.viewer), held));
    }),
  start: procedure
    .input(move)
    .output(doneSchema)
    .mutation(({ ctx, input }) => command(ctx.s, (q) => startTask(q, input.id, actorOf(ctx.viewer)))),
  done: procedure
    .input(move)
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, (q) => finishByHand(q, input.id, actorOf(ctx.viewer), input.reason)),
    ),
  cancel: procedure
    .input(move)
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, async (q) => {
        await cancelTask(q, input.id, actorOf(ctx.viewer), input.reason);
        return [];
      }),
    ),
  /** Ends the running agent; the task then asks what now. */
  stop: procedure
    .input(move)
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, async (q) => {
        await stopTask(q, input.id, actorOf(ctx.viewer), input.reason);
        return [];
      }),
    ),
  reopen: procedure
    .input(move)
    .output(doneSchema)
    .mutation(({ ctx, input }) =>
      command(ctx.s, (q) => reopenTask(q, input.id, actorOf(ctx.viewer), input.reason)),
    ),
});
