import { z } from 'zod';
import { capabilityNames } from '#server/domain/capabilities.ts';
import { AlaiError } from '#server/domain/errors.ts';
import {
  capabilityModes,
  heldSchema,
  railEffectSchema,
  railSchema,
  safetyViewSchema,
} from '#server/domain/safety.ts';
import { removeRail, saveRail, setCapability, setPattern } from '#server/safety/commands.ts';
import { readRails } from '#server/safety/data.ts';
import { actorOf } from '../auth.ts';
import { heldOf, railEffect, safetyView } from '../held.ts';
import { id, reason } from '../inputs.ts';
import { done, doneSchema } from '../outputs.ts';
import type { Services } from '../services.ts';
import { procedure, router } from '../trpc.ts';

const projectId = z.string().max(200);

async function requireProject(s: Services, given: string): Promise<void> {
  if (given === '') return;
  const { rowCount } = await s.db.pool.query('SELECT 1 FROM project WHERE id = $1', [given]);
  if (!rowCount)
    throw new AlaiError('NOT_FOUND', `There is no project "${given}".`, 'Choose one from the list.');
}

export const safetyRouter = router({
  get: procedure.output(safetyViewSchema).query(({ ctx }) => safetyView(ctx.s)),
  /** What one text would meet. */
  try: procedure
    .input(z.strictObject({ text: z.string().max(10_000), projectId: projectId.nullable().default(null) }))
    .output(heldSchema)
    .query(async ({ ctx, input }) => {
      const [title = '', ...rest] = input.text.split('\n');
      const task = { title, description: rest.join('\n'), tags: [], projectId: input.projectId };
      return heldOf(ctx.s.catalogue(), await readRails(ctx.s.db.pool), task, null);
    }),
  /** What saving this would hold and free among the last 500 tasks; without a rail, what removing it would. */
  preview: procedure
    .input(z.strictObject({ rail: railSchema.nullable(), id: id.nullable().default(null) }))
    .output(railEffectSchema)
    .query(({ ctx, input }) => railEffect(ctx.s, input)),
  save: procedure
    .input(
      z.strictObject({
        rail: railSchema,
        change: z.strictObject({ id, version: z.number().int() }).nullable().default(null),
      }),
    )
    .output(z.object({ id: z.number() }))
    .mutation(async ({ ctx, input }) => {
      await requireProject(ctx.s, input.rail.projectId ?? '');
      return await saveRail(ctx.s.db, input.rail, input.change, actorOf(ctx.viewer));
    }),
  remove: procedure
    .input(z.strictObject({ id, reason }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await removeRail(ctx.s.db, input.id, input.reason, actorOf(ctx.viewer));
      return done;
    }),
  setPattern: procedure
    .input(z.strictObject({ pattern: z.string().max(60), projectId, on: z.boolean(), reason }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      if (!ctx.s.catalogue().safety.patterns.some((p) => p.name === input.pattern))
        throw new AlaiError('NOT_FOUND', `There is no pattern "${input.pattern}".`, 'Reload the page.');
      await requireProject(ctx.s, input.projectId);
      await setPattern(ctx.s.db, input, actorOf(ctx.viewer));
      return done;
    }),
  setCapability: procedure
    .input(
      z.strictObject({
        capability: z.enum(capabilityNames),
        projectId,
        mode: z.enum(capabilityModes).nullable(),
      }),
    )
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await requireProject(ctx.s, input.projectId);
      await setCapability(ctx.s.db, input, actorOf(ctx.viewer));
      return done;
    }),
});
