import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { placeToRead, readRegular } from '../policy.ts';
import { defineTool, refused } from './tool.ts';

const MAX_FILE = 2 * 1024 * 1024;

export const read = defineTool({
  description: 'Read a text file. For long files give the first line and the number of lines.',
  schema: z.object({
    path: z.string().describe('File, relative to the repository'),
    from: z.number().int().positive().optional().describe('First line, counted from 1'),
    lines: z.number().int().positive().max(5_000).optional(),
  }),
  async run({ path, from, lines }, c) {
    const place = await placeToRead(c.root, path);
    const at = await stat(place);
    if (!at.isFile()) refused(`"${path}" is not a file`, 'Use list for folders.');
    const bytes = await readRegular(place, path, MAX_FILE);
    if (bytes.subarray(0, 8_000).includes(0)) refused(`"${path}" is not a text file`);
    const text = bytes.toString();
    if (from === undefined && lines === undefined) return { ok: true, output: text };
    const start = (from ?? 1) - 1;
    return {
      ok: true,
      output: text
        .split('\n')
        .slice(start, start + (lines ?? 400))
        .join('\n'),
    };
  },
});
