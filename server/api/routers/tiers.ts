import { z } from 'zod';
import { suggestTiers } from '#server/domain/economics.ts';
import { tierFailureSchema, tiersViewSchema } from '#server/domain/views/tiers.ts';
import { readFailures, readTierRecords } from '#server/fleet/economics.ts';
import { text } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

/** Long enough for figures, short enough to forget a model that was replaced. */
const DAYS = 60;

export const tiersRouter = router({
  /** What each tier cost, took and achieved, and where work should better begin. */
  get: procedure.output(tiersViewSchema).query(async ({ ctx: { s } }) => {
    const { tiers } = s.catalogue();
    const real = await readTierRecords(s.db.pool, DAYS, false);
    const scripted = real.length === 0;
    const preset = tiers.presets[tiers.default];
    return {
      days: DAYS,
      preset: tiers.default,
      source: preset?.source ?? '',
      presets: Object.keys(tiers.presets),
      tiers: (preset?.tiers ?? []).map(({ tier, name, model, use }) => ({ tier, name, model, use })),
      records: scripted ? await readTierRecords(s.db.pool, DAYS, true) : real,
      scripted,
      suggestions: scripted ? [] : suggestTiers(real),
    };
  }),
  failures: procedure
    .input(z.strictObject({ kind: text(120), tier: z.number().int().min(1).max(5) }))
    .output(z.array(tierFailureSchema))
    .query(({ ctx, input }) => readFailures(ctx.s.db.pool, input.kind, input.tier)),
});
