import { z } from 'zod';
import { defineTool, refused } from './tool.ts';

export const finish = defineTool({
  description: 'End this step. The gates are checked then; if one fails you are told what and work on.',
  schema: z.object({ summary: z.string().min(1).max(4_000).describe('What the next step should know') }),
  async run({ summary }, c) {
    if (c.needsVerdict && !c.state.report?.verdict && c.step.tools.includes('report')) {
      refused('this stage needs your verdict first', 'Call report with verdict pass or reject.');
    }
    if (c.step.role === 'lead' && c.step.tools.includes('plan') && !c.state.plan)
      refused('this step ends with a plan', 'Call plan with the items the builder is to do.');
    c.state.finished = summary;
    return { ok: true, output: 'finished' };
  },
});
