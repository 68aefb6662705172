import { z } from 'zod';
import {
  caseViewSchema,
  decisionFactsSchema,
  decisionPageSchema,
  personSchema,
  rulesViewSchema,
} from '#server/domain/views/question.ts';
import { answers, escalationKinds, queueViewSchema } from '#server/domain/views/queue.ts';
import { assignQuestion } from '#server/engine/assign.ts';
import { acceptRule, revokeRule } from '#server/human-queue/commands.ts';
import { readEscalation, readPeople, readQueue } from '#server/human-queue/data.ts';
import { readDecisions } from '#server/human-queue/history.ts';
import { readRulesView } from '#server/human-queue/rules.ts';
import { answerOne, takeBack } from '../answer.ts';
import { actorOf } from '../auth.ts';
import { byId, id, note, text } from '../inputs.ts';
import { done, doneSchema } from '../outputs.ts';
import { procedure, refusalOf, router } from '../trpc.ts';

const digest = z.string().min(1).max(200);
const answer = z.enum(answers);
const seen = z.strictObject({ id, digest });

/** As many questions as a page shows at once; who looks for one further down searches. */
const MOST_SHOWN = 1_000;
/** As many as one can have looked at before answering all of them the same. */
const MOST_AT_ONCE = 50;

const refusal = z.object({ code: z.string(), message: z.string(), hint: z.string() });

export const queueRouter = router({
  list: procedure
    .input(
      z
        .strictObject({
          limit: z.number().int().min(1).max(MOST_SHOWN).default(100),
          kind: z.enum(escalationKinds).nullable().default(null),
          assignedTo: text(200).nullable().default(null),
          q: text(200).trim().default(''),
        })
        .default({ limit: 100, kind: null, assignedTo: null, q: '' }),
    )
    .output(queueViewSchema)
    .query(({ ctx, input }) => readQueue(ctx.s.db, input)),
  get: procedure
    .input(byId)
    .output(caseViewSchema)
    .query(({ ctx, input }) => readEscalation(ctx.s.db, ctx.s.timing, input.id)),
  /** Several questions that are to be answered alike, each with its own digest. */
  getMany: procedure
    .input(z.strictObject({ ids: z.array(id).min(1).max(MOST_AT_ONCE) }))
    .output(z.array(caseViewSchema))
    .query(async ({ ctx, input }) => {
      const views = [];
      for (const one of new Set(input.ids)) views.push(await readEscalation(ctx.s.db, ctx.s.timing, one));
      return views;
    }),
  people: procedure.output(z.array(personSchema)).query(({ ctx }) => readPeople(ctx.s.db)),
  /** An answer is bound to the digest of what was seen, and takes effect ten seconds later. */
  decide: procedure
    .input(z.strictObject({ id, answer, note, digest }))
    .output(z.object({ effectiveAt: z.date() }))
    .mutation(({ ctx, input }) => answerOne(ctx.s, ctx.viewer, input)),
  /** The same answer to several: each is taken or refused for itself. */
  decideMany: procedure
    .input(z.strictObject({ items: z.array(seen).min(1).max(MOST_AT_ONCE), answer, note }))
    .output(
      z.array(z.object({ id: z.number(), effectiveAt: z.date().nullable(), refusal: refusal.nullable() })),
    )
    .mutation(async ({ ctx, input }) => {
      const results = [];
      for (const item of input.items)
        results.push(
          await answerOne(ctx.s, ctx.viewer, { ...item, answer: input.answer, note: input.note }).then(
            ({ effectiveAt }) => ({ id: item.id, effectiveAt, refusal: null }),
            (e: unknown) => ({ id: item.id, effectiveAt: null, refusal: refusalOf(e) }),
          ),
        );
      return results;
    }),
  undo: procedure
    .input(byId)
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await takeBack(ctx.s, ctx.viewer, input.id);
      return done;
    }),
  /** Gives a question to one person, or to nobody again. */
  assign: procedure
    .input(z.strictObject({ id, to: text(200).nullable() }))
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await assignQuestion(ctx.s.db, input.id, input.to, actorOf(ctx.viewer));
      return done;
    }),
  history: procedure
    .input(
      z.strictObject({
        q: text(200).trim().default(''),
        kind: z.enum(escalationKinds).nullable().default(null),
        answer: answer.nullable().default(null),
        by: text(200).nullable().default(null),
        since: z.date().nullable().default(null),
        until: z.date().nullable().default(null),
        cursor: id.nullish().transform((c) => c ?? null),
        /** Which way a page that scrolls for ever goes on; tRPC says it, and there is only one. */
        direction: z.enum(['forward', 'backward']).optional(),
        limit: z.number().int().min(1).max(200).default(50),
      }),
    )
    .output(decisionPageSchema)
    .query(({ ctx, input }) => readDecisions(ctx.s.db, input)),
  rules: procedure.output(rulesViewSchema).query(({ ctx }) => readRulesView(ctx.s.db)),
  /** Makes a standing answer of an offer that is shown now. */
  acceptRule: procedure
    .input(z.strictObject({ kind: z.enum(escalationKinds), facts: decisionFactsSchema }))
    .output(byId)
    .mutation(({ ctx, input }) => acceptRule(ctx.s.db, input, actorOf(ctx.viewer))),
  revokeRule: procedure
    .input(byId)
    .output(doneSchema)
    .mutation(async ({ ctx, input }) => {
      await revokeRule(ctx.s.db, input.id, actorOf(ctx.viewer));
      return done;
    }),
});
