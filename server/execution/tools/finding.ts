import { z } from 'zod';
import { findingSchema } from '#server/domain/report.ts';
import { severities } from '#server/domain/status.ts';
import { defineTool, refused } from './tool.ts';

const MAX_FINDINGS = 25;

export const finding = defineTool({
  description:
    'Record one problem you found: how severe, what, where, and the evidence for it. One call for each.',
  schema: z.object({
    severity: z.enum(severities),
    title: z.string().min(1).max(300),
    detail: z.string().max(4_000).default('').describe('Why it matters and what would mend it'),
    file: z.string().max(500).optional(),
    line: z.number().int().positive().optional(),
    evidence: z.string().max(4_000).default(''),
  }),
  async run(a, c) {
    if (c.state.findings.length >= MAX_FINDINGS)
      refused(`at most ${MAX_FINDINGS} findings`, 'Keep the gravest.');
    if (c.state.findings.some((f) => f.title === a.title && f.file === (a.file ?? null))) {
      return { ok: true, output: 'this finding is recorded already' };
    }
    c.state.findings.push(findingSchema.parse({ ...a, file: a.file ?? null, line: a.line ?? null }));
    return { ok: true, output: `finding ${c.state.findings.length} recorded (${a.severity})` };
  },
});
