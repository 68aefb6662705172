import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { placeToRead, readRegular } from '../policy.ts';
import { defineTool, refused } from './tool.ts';

const MAX_HITS = 100;
const MAX_FILE = 512 * 1024;
const SKIP = new Set(['.git', 'node_modules', '.next']);

export const search = defineTool({
  description: 'Find a piece of text (no pattern) in the files below a folder. Answers with file:line: text.',
  schema: z.object({
    text: z.string().min(1).max(300),
    path: z.string().default('.').describe('Folder or file to search in'),
  }),
  async run({ text, path }, c) {
    const top = await placeToRead(c.root, path);
    const wanted = text.toLowerCase();
    const hits: string[] = [];
    const look = async (file: string, name: string) => {
      if ((await stat(file)).size > MAX_FILE) return;
      const body = (await readRegular(file, name, MAX_FILE)).toString();
      if (body.includes('\0')) return;
      for (const [i, line] of body.split('\n').entries()) {
        if (hits.length >= MAX_HITS) return;
        if (line.toLowerCase().includes(wanted)) hits.push(`${name}:${i + 1}: ${line.slice(0, 300)}`);
      }
    };
    const walk = async (dir: string, at: string): Promise<void> => {
      for (const e of (await readdir(dir, { withFileTypes: true })).sort((a, b) =>
        a.name.localeCompare(b.name),
      )) {
        c.signal.throwIfAborted();
        if (hits.length >= MAX_HITS) return;
        const name = at === '' ? e.name : `${at}/${e.name}`;
        if (e.isDirectory()) {
          if (!SKIP.has(e.name.toLowerCase())) await walk(join(dir, e.name), name);
        } else if (e.isFile()) await look(join(dir, e.name), name);
      }
    };
    const prefix = path.replace(/^\.?\/*/, '').replace(/\/+$/, '');
    const at = await stat(top);
    if (!at.isFile() && !at.isDirectory()) refused(`"${path}" is not a file or folder`);
    if (at.isFile()) await look(top, prefix);
    else await walk(top, prefix);
    return { ok: true, output: hits.join('\n') || `"${text}" does not occur` };
  },
});
