import { z } from 'zod';
import { Asked } from '../asked.ts';
import { defineTool, refused } from './tool.ts';

/** More than this in one step is not asking but leaving the work to somebody else. */
const MOST_QUESTIONS = 3;

export const askHuman = defineTool({
  description:
    'Ask the CEO when you cannot go on without his answer: a choice that is his, or a fact that is nowhere in the repository. Your work is kept, and you go on with his answer. Never ask what you can find out.',
  schema: z.object({
    question: z.string().trim().min(8).max(1_500).describe('One question, with what he needs to answer it'),
    options: z
      .array(z.string().trim().min(1).max(200))
      .max(6)
      .default([])
      .describe('Answers he can choose from, the one you would take first'),
  }),
  async run({ question, options }, c) {
    const before = c.asked();
    if (before.some((q) => q.trim() === question))
      refused('this was asked and answered already', 'Read the answer above and go on.');
    if (before.length >= MOST_QUESTIONS)
      refused(
        `${MOST_QUESTIONS} questions were asked in this step`,
        'Decide it yourself and write the decision into the report.',
      );
    const choices = options.map((o, i) => `${i + 1}. ${o}`).join('\n');
    throw new Asked('question', c.mask(choices ? `${question}\n\n${choices}` : question));
  },
});
