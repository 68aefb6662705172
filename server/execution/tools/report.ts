import { z } from 'zod';
import { criterionAnswerSchema, planAnswerSchema, reportSchema } from '#server/domain/report.ts';
import { verdicts } from '#server/domain/status.ts';
import { unanswered } from './plan.ts';
import { defineTool, refused } from './tool.ts';

const lines = z.array(z.string().max(1_000)).max(50).default([]);

export const report = defineTool({
  description:
    'Say what you did, for the people and agents after you. Reviewing stages must give their verdict here: pass or reject.',
  schema: z.object({
    summary: z.string().min(1).max(4_000),
    filesWritten: z.array(z.string().max(500)).max(500).default([]),
    keyDecisions: lines,
    blockers: lines,
    verification: z
      .string()
      .max(4_000)
      .default('')
      .describe('What you ran or read to be sure, and what came out'),
    planItems: z
      .array(planAnswerSchema)
      .max(30)
      .default([])
      .describe(
        'Where you were given a plan: each item by its number, done or skipped, and why it was skipped',
      ),
    consulted: z
      .array(z.string().max(200))
      .max(50)
      .default([])
      .describe('The earlier work this builds on, as it was given to you: ["#4001"]'),
    criteria: z
      .array(criterionAnswerSchema)
      .max(50)
      .default([])
      .describe('In REVIEW: each acceptance criterion by its number, whether it is met, and what shows it'),
    verdict: z.enum(verdicts).optional().describe('Only in REVIEW and SECURITY'),
  }),
  async run(a, c) {
    if (a.verdict !== undefined && !c.needsVerdict)
      refused('only REVIEW and SECURITY give a verdict', 'Leave it out.');
    const severe = c.state.findings.some((f) => f.severity === 'critical');
    if (a.verdict === 'pass' && severe)
      refused('a critical finding cannot pass', 'Reject, or correct the finding.');
    if (a.verdict === 'reject' && c.state.findings.length === 0) {
      refused(
        'a rejection needs at least one finding',
        'Use the finding tool first: what, where, and the evidence.',
      );
    }
    const open = unanswered(c.step.role === 'builder' ? c.plan : null, a.planItems);
    if (open) refused(open, 'Give planItems: each item by its number, done, or skipped and why.');
    c.state.report = reportSchema.parse({
      agentType: c.step.role,
      company: c.company,
      taskSummary: a.summary,
      filesWritten: a.filesWritten,
      keyDecisions: a.keyDecisions,
      blockers: a.blockers,
      verification: a.verification,
      verdict: a.verdict ?? null,
      planItems: a.planItems,
      criteria: a.criteria,
      consulted: a.consulted,
    });
    return { ok: true, output: a.verdict ? `report taken, verdict ${a.verdict}` : 'report taken' };
  },
});
