import { z } from 'zod';
import type { Catalogue } from '#server/catalogue/data.ts';
import { type Suggestion, suggestTiers } from '#server/domain/economics.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { stages } from '#server/domain/status.ts';
import { tierFailureSchema, tiersViewSchema } from '#server/domain/views/tiers.ts';
import { readFailures, readTierRecords } from '#server/fleet/economics.ts';
import { setTierStart } from '#server/routing/commands.ts';
import { readTierStarts } from '#server/routing/data.ts';
import { actorOf } from '../auth.ts';
import { text } from '../inputs.ts';
import { done, doneSchema } from '../outputs.ts';
import { unservedTiers } from '../tier-reach.ts';
import { procedure, router } from '../trpc.ts';

/** Long enough for figures, short enough to forget a model that was replaced. */
const DAYS = 60;

const startTier = z.number().int().min(1).max(99);

/** Throws BAD_INPUT for a kind of work or a tier that is not there. */
function requireStart(
  { tiers, routing }: Catalogue,
  input: { kind: string; insteadOf: number; tier: number },
  unserved: ReadonlyMap<number, string>,
): void {
  const [stage, type] = input.kind.split(' ');
  const types = Object.keys(routing.types);
  if (!stages.some((x) => x === stage) || !types.includes(type ?? ''))
    throw new AlaiError(
      'BAD_INPUT',
      `There is no kind of work "${input.kind}".`,
      `Name a stage (${stages.join(', ')}) and a type (${types.join(', ')}).`,
    );
  const able = (tiers.presets[tiers.default]?.tiers ?? []).filter((t) => t.provider !== 'human');
  const others = able.filter((t) => t.tier !== input.insteadOf);
  if (!others.some((t) => t.tier === input.tier))
    throw new AlaiError(
      'BAD_INPUT',
      input.tier === input.insteadOf
        ? `It begins on tier ${input.tier} as it is.`
        : `There is no tier ${input.tier} that work can begin on in the table ${tiers.default}.`,
      `Choose one of ${others.map((t) => `${t.tier} (${t.model}${unserved.has(t.tier) ? ', which no host can serve now' : ''})`).join(', ')}.`,
    );
}

export const tiersRouter = router({
  /** What each tier cost, took and achieved, and where work should better begin. */
  get: procedure.output(tiersViewSchema).query(async ({ ctx: { s } }) => {
    const { tiers } = s.catalogue();
    const real = await readTierRecords(s.db.pool, DAYS, false);
    const scripted = real.length === 0;
    const preset = tiers.presets[tiers.default];
    const [starts, unserved] = await Promise.all([readTierStarts(s.db.pool), unservedTiers(s)]);
    const followed = (x: Suggestion) =>
      starts.some((t) => t.kind === x.kind && t.insteadOf === x.from && t.tier === x.to);
    return {
      days: DAYS,
      preset: tiers.default,
      source: preset?.source ?? '',
      presets: Object.keys(tiers.presets),
      tiers: (preset?.tiers ?? []).map(({ tier, name, model, use }) => ({
        tier,
        name,
        model,
        use,
        unserved: unserved.get(tier) ?? null,
      })),
      records: scripted ? await readTierRecords(s.db.pool, DAYS, true) : real,
      scripted,
      suggestions: scripted ? [] : suggestTiers(real).filter((x) => !followed(x)),
      starts,
    };
  }),
  /** Lets work of a kind ("BUILD feature") begin on another tier than the files say; null lets them say it again. */
  begin: procedure
    .input(
      z.strictObject({
        kind: text(120),
        insteadOf: startTier,
        tier: startTier.nullable(),
        because: z.string().trim().max(1_000).default(''),
        /** Also on a tier that no host can serve now: its model may come. */
        force: z.boolean().default(false),
      }),
    )
    .output(doneSchema)
    .mutation(async ({ ctx: { s, viewer }, input }) => {
      const unserved = await unservedTiers(s);
      if (input.tier !== null) requireStart(s.catalogue(), { ...input, tier: input.tier }, unserved);
      const why = input.tier === null || input.force ? undefined : unserved.get(input.tier);
      if (why)
        throw new AlaiError(
          'TIER_UNSERVED',
          why,
          'Begin there anyway (--force) if it will come; nothing was changed.',
        );
      const because = input.because || `Tier ${input.tier} instead of ${input.insteadOf} for ${input.kind}`;
      const { kind, insteadOf, tier } = input;
      await setTierStart(s.db, { kind, insteadOf, tier, because }, actorOf(viewer));
      return done;
    }),
  failures: procedure
    .input(z.strictObject({ kind: text(120), tier: z.number().int().min(1).max(5) }))
    .output(z.array(tierFailureSchema))
    .query(({ ctx, input }) => readFailures(ctx.s.db.pool, input.kind, input.tier)),
});
