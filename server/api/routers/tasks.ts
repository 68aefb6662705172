import { z } from 'zod';
import {
  changesSchema,
  createdSchema,
  createTasksSchema,
  taskListItemSchema,
  taskViewSchema,
  timelineItemSchema,
  transcriptViewSchema,
} from '#server/domain/views.ts';
import { byId, editTask, id, listTasks, reason } from '../inputs.ts';
import { costSchema, evidenceSchema } from '../outputs.ts';
import { pending } from '../pending.ts';
import { reader, router, writer } from '../trpc.ts';

const move = z.strictObject({ id, reason });

export const tasksRouter = router({
  show: reader.input(byId).output(taskViewSchema).query(() => pending('Tasks')),
  list: reader.input(listTasks).output(z.array(taskListItemSchema)).query(() => pending('Tasks')),
  timeline: reader.input(byId).output(z.array(timelineItemSchema)).query(() => pending('Tasks')),
  changes: reader.input(byId).output(changesSchema).query(() => pending('Tasks')),
  evidence: reader.input(byId).output(evidenceSchema).query(() => pending('Tasks')),
  cost: reader.input(byId).output(costSchema).query(() => pending('Tasks')),
  /** Entries of one attempt rewritten since `after`, so that a live page asks for what is new only. */
  transcript: reader
    .input(z.strictObject({ attemptId: id, after: z.number().int().min(0).default(0) }))
    .output(transcriptViewSchema)
    .query(() => pending('Tasks')),
  create: writer.input(createTasksSchema).output(createdSchema).mutation(() => pending('Intake')),
  edit: writer.input(editTask).mutation(() => pending('Tasks')),
  start: writer.input(move).mutation(() => pending('Tasks')),
  done: writer.input(move).mutation(() => pending('Tasks')),
  cancel: writer.input(move).mutation(() => pending('Tasks')),
  reopen: writer.input(move).mutation(() => pending('Tasks')),
  stop: writer.input(move).mutation(() => pending('Tasks')),
});
