import { z } from 'zod';
import { mergeModes } from '#server/domain/merge.ts';
import { projectViewSchema } from '#server/domain/views/project.ts';
import { appendEvents } from '#server/engine/event.ts';
import { transaction } from '#server/platform/db.ts';
import { addProject, allowUnsandboxed, setMergeMode } from '#server/projects/commands.ts';
import { readProjects } from '#server/projects/data.ts';
import { actorOf } from '../auth.ts';
import { done, doneSchema } from '../outputs.ts';
import { procedure, router } from '../trpc.ts';

export const projectsRouter = router({
  list: procedure.output(z.array(projectViewSchema)).query(({ ctx }) => readProjects(ctx.s.db)),
  add: procedure
    .input(z.strictObject({ path: z.string().trim().min(1).max(4_000) }))
    .output(z.object({ id: z.string(), name: z.string() }))
    .mutation(async ({ ctx, input }) => {
      const { id, name } = await addProject(ctx.s.db, ctx.s.env.ALAI_HOME, input.path);
      return { id, name };
    }),
  /** How accepted work meets its branch from now on. */
  set: procedure
    .input(z.strictObject({ id: z.string().max(200), merge: z.enum(mergeModes) }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      const { id, merge } = input;
      const actor = actorOf(ctx.viewer);
      await transaction(ctx.s.db, async (q) => {
        await setMergeMode(q, id, merge);
        const said = { type: 'project.edited', entity: 'project', id, ver: 1, actor, projectId: id };
        await appendEvents(q, [{ ...said, reason: `Accepted work lands by ${merge}`, data: { merge } }]);
      });
      return done;
    }),
  /** Lets agents run commands in this project on machines without an OS sandbox. The owner's own decision. */
  allowUnsandboxed: procedure
    .input(z.strictObject({ id: z.string().max(200) }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      const { id } = input;
      const actor = actorOf(ctx.viewer);
      await transaction(ctx.s.db, async (q) => {
        await allowUnsandboxed(q, id);
        const said = { type: 'project.edited', entity: 'project', id, ver: 1, actor, projectId: id };
        const reason = 'Agents may run commands without a sandbox';
        await appendEvents(q, [{ ...said, reason, data: { unsandboxed: true } }]);
      });
      return done;
    }),
});
