import { z } from 'zod';
import { checkWrite, cleanPath, placeToRead, placeToWrite, readRegular } from '../policy.ts';
import { defineTool, refused } from './tool.ts';
import { MAX_WRITE, replaceFile } from './write.ts';

export const edit = defineTool({
  description: 'Replace one piece of text in a file. The old text must occur exactly once.',
  schema: z.object({
    path: z.string().describe('File, relative to the repository'),
    old: z.string().min(1).describe('Text to replace, exactly as it is in the file'),
    new: z.string().describe('Text to put there'),
  }),
  async run(args, c) {
    checkWrite(c.rules, cleanPath(args.path));
    // Before anything is read: what may not be written may not be edited either.
    const place = await placeToWrite(c.root, args.path);
    await placeToRead(c.root, args.path);
    const text = (await readRegular(place, args.path, MAX_WRITE)).toString();
    const first = text.indexOf(args.old);
    if (first < 0)
      refused(`the old text does not occur in "${args.path}"`, 'Read the file and copy the text exactly.');
    if (text.indexOf(args.old, first + 1) >= 0) {
      refused(`the old text occurs more than once in "${args.path}"`, 'Give more of the lines around it.');
    }
    return replaceFile(c, args.path, text.slice(0, first) + args.new + text.slice(first + args.old.length));
  },
});
