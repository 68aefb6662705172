import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { capabilityOfFile } from '#server/domain/capabilities.ts';
import { permit, permitPath } from '../permission.ts';
import { checkWrite, cleanPath, placeToWrite, readRegular, writeNoFollow } from '../policy.ts';
import { MASK } from '../prompt/mask.ts';
import { defineTool, refused, type ToolContext, type ToolOutcome } from './tool.ts';

export const MAX_WRITE = 1024 * 1024;
/** An older file that is larger may be replaced; its lines are not counted. */
const MAX_BEFORE = 4 * MAX_WRITE;

export const write = defineTool({
  description: 'Create a file or replace its whole content.',
  schema: z.object({
    path: z.string().describe('File, relative to the repository'),
    content: z.string().describe('The whole new content'),
  }),
  async run({ path, content }, c) {
    return replaceFile(c, path, content);
  },
});

/** Shared by write and edit: policy, links, size, then the bytes. */
export async function replaceFile(c: ToolContext, path: string, content: string): Promise<ToolOutcome> {
  const clean = cleanPath(path);
  if (content.includes(MASK))
    refused(
      'the text holds a masked secret, which would be written over the real one',
      'Edit the lines around it.',
    );
  checkWrite(c.rules, clean);
  const what = `Write ${clean} (${Buffer.byteLength(content)} bytes):\n\n${content}`;
  permitPath(c, clean, what);
  permit(c, capabilityOfFile(clean), what);
  if (Buffer.byteLength(content) > MAX_WRITE) refused(`more than ${MAX_WRITE} bytes for one file`);
  const place = await placeToWrite(c.root, clean);
  const before = await readRegular(place, clean, MAX_BEFORE).then(String, () => '');
  c.signal.throwIfAborted();
  await mkdir(dirname(place), { recursive: true });
  await placeToWrite(c.root, clean);
  await writeNoFollow(place, clean, content);
  const { added, removed } = countLines(before, content);
  return { ok: true, output: `wrote ${clean} (+${added} −${removed})`, added, removed };
}

/** Lines that are new and lines that went, without regard to order: enough for a label. */
function countLines(before: string, after: string): { added: number; removed: number } {
  const count = (s: string) => {
    const m = new Map<string, number>();
    if (s !== '') for (const l of s.replace(/\n$/, '').split('\n')) m.set(l, (m.get(l) ?? 0) + 1);
    return m;
  };
  const a = count(before);
  const b = count(after);
  const more = (x: Map<string, number>, y: Map<string, number>) =>
    [...x].reduce((n, [l, k]) => n + Math.max(0, k - (y.get(l) ?? 0)), 0);
  return { added: more(b, a), removed: more(a, b) };
}
