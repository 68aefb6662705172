import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';

/** Something wrong in a file of the catalogue: named with file and line, so that it can be mended. */
export interface Problem {
  file: string;
  line: number;
  message: string;
}

/** Thrown while one file or one company is read; what reads them collects it and goes on with the rest. */
export class CatalogueError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.file}:${problem.line} ${problem.message}`);
    this.name = 'CatalogueError';
    this.problem = problem;
  }
}

const MAX_BYTES = 256 * 1024;
/** An alias may stand for a lot of text; a few are convenience, many are a bomb. */
const MAX_ALIASES = 20;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Reads one text file of the catalogue. */
export function readSource(root: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(`${root}/${file}`, 'utf8');
  } catch (e) {
    const missing = (e as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CatalogueError({
      file,
      line: 1,
      message: missing ? 'This file is missing.' : (e as Error).message,
    });
  }
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new CatalogueError({ file, line: 1, message: `This file is larger than ${MAX_BYTES / 1024} kB.` });
  }
  return text;
}

/** Parses YAML (or JSON, which is YAML) and checks it. The first thing wrong is thrown with its line. */
export function parseSource<S extends z.ZodType>(text: string, file: string, schema: S): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineAt = (offset: number | undefined) => Math.max(1, lines.linePos(offset ?? 0).line);
  const broken = document.errors[0];
  if (broken) throw new CatalogueError({ file, line: lineAt(broken.pos[0]), message: broken.message });
  let aliases = 0;
  visit(document, {
    Alias: () => {
      aliases++;
    },
    Pair: (_, pair) => {
      const key = pair.key as { value?: unknown; range?: [number, number, number] } | null;
      if (typeof key?.value === 'string' && FORBIDDEN_KEYS.has(key.value)) {
        throw new CatalogueError({
          file,
          line: lineAt(key.range?.[0]),
          message: `The key ${key.value} is not allowed.`,
        });
      }
    },
  });
  if (aliases > MAX_ALIASES) {
    throw new CatalogueError({ file, line: 1, message: `More than ${MAX_ALIASES} aliases.` });
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: MAX_ALIASES }));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = (issue?.path ?? []) as (string | number)[];
  const where = path.length ? `${path.join('.')}: ` : '';
  throw new CatalogueError({ file, line: lineOf(path), message: `${where}${issue?.message ?? 'is wrong'}` });

  /** The line of the deepest part of the path that is there; a missing key is reported at its parent. */
  function lineOf(full: (string | number)[]): number {
    for (let n = full.length; n > 0; n--) {
      const node = document.getIn(full.slice(0, n), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lineAt(node.range[0]);
    }
    return lineAt((document.contents as { range?: [number, number, number] } | null)?.range?.[0]);
  }
}
