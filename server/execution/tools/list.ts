import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { placeToRead } from '../policy.ts';
import { defineTool, refused } from './tool.ts';

const MAX = 500;
const SKIP = new Set(['.git', 'node_modules', '.next', 'dist', 'target', '.venv', '__pycache__']);

export const list = defineTool({
  description:
    'List the files below a folder, one path per line. Folders of dependencies and builds are left out.',
  schema: z.object({ path: z.string().default('.').describe('Folder, relative to the repository') }),
  async run({ path }, c) {
    const top = await placeToRead(c.root, path);
    const found: string[] = [];
    const prefix = path.replace(/^\.?\/*/, '').replace(/\/+$/, '');
    const walk = async (dir: string, at: string): Promise<void> => {
      const entries = await readdir(dir, { withFileTypes: true }).catch(() =>
        refused(`"${path}" is not a folder`),
      );
      for (const e of entries.sort((a, b) => a.name.localeCompare(b.name))) {
        if (found.length > MAX) return;
        const name = at === '' ? e.name : `${at}/${e.name}`;
        if (e.isDirectory()) {
          if (SKIP.has(e.name.toLowerCase())) continue;
          await walk(join(dir, e.name), name);
        } else if (e.name.toLowerCase() !== '.git') found.push(e.isSymbolicLink() ? `${name} (link)` : name);
      }
    };
    await walk(top, prefix);
    const rest = found.length > MAX ? `\n… more than ${MAX} files; list a folder of it` : '';
    return { ok: true, output: (found.slice(0, MAX).join('\n') || '(no files)') + rest };
  },
});
