import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkNames } from '#server/domain/checks.ts';
import { AlaiError } from '#server/domain/errors.ts';

const files = z.record(z.string(), z.string());

const defectSchema = z.strictObject({
  key: z.string().regex(/^[a-z][a-z-]{1,40}$/),
  title: z.string().max(120),
  /** Checks of which at least one must fail; empty where only a reviewer can see it. */
  checks: z.array(z.enum(checkNames as [(typeof checkNames)[number], ...typeof checkNames])),
  /** Whether a failed check also has to stop the work. */
  stops: z.boolean().default(true),
  edit: z.array(z.strictObject({ file: z.string(), old: z.string(), new: z.string() })).default([]),
  write: files.default({}),
  /** Written by a command, past the tools. */
  run: files.default({}),
  /** Symbolic links made by a command, by their targets. */
  link: files.default({}),
  /** Deleted by a command. */
  remove: z.array(z.string()).default([]),
  filesWritten: z.array(z.string()).optional(),
});
export type Defect = z.infer<typeof defectSchema>;

const drillSchema = z.strictObject({
  task: z.strictObject({ title: z.string(), description: z.string() }),
  paths: z.array(z.string()).min(1),
  report: z.strictObject({ summary: z.string(), verification: z.string() }),
  defects: z.array(defectSchema).min(1),
});

export interface Drill extends z.infer<typeof drillSchema> {
  base: Record<string, string>;
  change: Record<string, string>;
}

/** Reads samples/drill: the project before, the honest change, and what may be wrong with it. */
export function readDrill(root = path.join(import.meta.dirname, '../../samples/drill')): Drill {
  const drill = drillSchema.parse(parse(readFileSync(path.join(root, 'drill.yaml'), 'utf8')));
  return {
    ...drill,
    base: filesBelow(path.join(root, 'base')),
    change: filesBelow(path.join(root, 'change')),
  };
}

function filesBelow(root: string): Record<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => path.join(e.parentPath, e.name));
  return Object.fromEntries(entries.map((f) => [path.relative(root, f), readFileSync(f, 'utf8')]));
}

/** The honest change with one defect planted in it: what is written by the tools. Throws when an edit finds no place. */
export function plant(drill: Drill, defect: Defect | null): Record<string, string> {
  const written = { ...drill.change, ...defect?.write };
  for (const e of defect?.edit ?? []) {
    const text = written[e.file] ?? drill.base[e.file] ?? '';
    if (!text.includes(e.old))
      throw new AlaiError(
        'BAD_INPUT',
        `Defect ${defect?.key}: ${e.file} does not hold the text to replace.`,
        'Mend samples/drill/drill.yaml.',
      );
    written[e.file] = text.replace(e.old, () => e.new);
  }
  return written;
}
