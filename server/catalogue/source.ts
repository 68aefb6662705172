import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { saidOf } from './remedy.ts';

/** Something wrong in a file of the catalogue: where it is, what it is, and what to do about it. */
export interface Problem {
  file: string;
  line: number;
  message: string;
  remedy: string;
}

/** Thrown while one file is read, with everything wrong in it; what reads it collects that and goes on with the rest. */
export class CatalogueError extends Error {
  readonly problems: readonly [Problem, ...Problem[]];
  constructor(...problems: [Problem, ...Problem[]]) {
    super(problems.map((p) => `${p.file}:${p.line} ${p.message}`).join('\n'));
    this.name = 'CatalogueError';
    this.problems = problems;
  }
}

/** Goes on after what is broken: problems are gathered, and what could not be read is undefined. */
export class Collector {
  readonly problems: Problem[] = [];
  read<T>(what: () => T): T | undefined {
    try {
      return what();
    } catch (e) {
      if (!(e instanceof CatalogueError)) throw e;
      this.problems.push(...e.problems);
      return undefined;
    }
  }
}

const MAX_BYTES = 256 * 1024;
/** An alias may stand for a lot of text; a few are convenience, many are a bomb. */
const MAX_ALIASES = 20;
const MAX_PROBLEMS_PER_FILE = 20;
/** Deeper than anything we read; a parser that recurses is stopped before it starts. */
const MAX_DEPTH = 40;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const refuse = (file: string, message: string, remedy: string, line = 1): never => {
  throw new CatalogueError({ file, line, message, remedy });
};

/** Reads one text file of the catalogue: a plain file of this folder, in UTF-8, of a size that a person wrote. */
export function readSource(root: string, file: string): string {
  const place = path.join(root, file);
  const bytes = bytesOf(root, file, place);
  if (bytes.length === 0) refuse(file, 'This file is empty.', 'Write it, or copy it from another company.');
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    refuse(file, 'This file is UTF-16.', 'Save it as UTF-8.');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const nul = text.indexOf('\0');
    if (nul >= 0)
      refuse(file, 'There is a NUL character here.', 'Delete it; this must be text.', lineAt(text, nul));
    if (text.trim() === '')
      refuse(file, 'This file holds nothing but blanks.', 'Write it, or copy it from another company.');
    return text;
  } catch (e) {
    if (e instanceof CatalogueError) throw e;
    const good = new TextDecoder('utf-8').decode(bytes).indexOf('\uFFFD');
    const line = lineAt(new TextDecoder('utf-8').decode(bytes), good);
    return refuse(file, 'This line is not valid UTF-8.', 'Save the file as UTF-8.', line);
  }
}

function bytesOf(root: string, file: string, place: string): Buffer {
  try {
    // The company's own folder, or the shared one: a link may not lead out of it.
    const home = realpathSync(path.join(root, file.split('/')[0] ?? ''));
    const real = realpathSync(place);
    if (!real.startsWith(home + path.sep))
      refuse(file, 'This is a link that leads out of the folder.', 'Put a copy of the file here instead.');
    const at = statSync(real);
    if (at.isDirectory())
      refuse(file, 'This is a folder; a file belongs here.', `Remove it and write ${file}.`);
    // Opening a pipe or a device would wait for ever.
    if (!at.isFile()) refuse(file, 'This is not a plain file.', `Remove it and write ${file}.`);
    if (at.size > MAX_BYTES)
      refuse(
        file,
        `This file has ${Math.ceil(at.size / 1024)} kB; at most ${MAX_BYTES / 1024} kB are read.`,
        'Shorten it: an agent has to read it.',
      );
    const descriptor = openSync(real, 'r');
    try {
      const buffer = Buffer.alloc(at.size);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, at.size, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (e) {
    if (e instanceof CatalogueError) throw e;
    const { code } = e as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return refuse(file, 'This file is missing.', `Write ${file}, or copy it from another company.`);
    if (code === 'ELOOP') return refuse(file, 'This link leads in a circle.', 'Put the file here instead.');
    if (code === 'ENOTDIR')
      return refuse(
        file,
        'A file stands where its folder should be.',
        `Make a folder of ${path.dirname(file)}.`,
      );
    if (code === 'EACCES' || code === 'EPERM')
      return refuse(
        file,
        'This file may not be read.',
        'Give the user of Mission Control the right to read it.',
      );
    return refuse(
      file,
      `This file cannot be read: ${(e as Error).message}`,
      'Look at the disk and the file.',
    );
  }
}

/** Where an editor and a person count from: the first line is 1. */
export const lineAt = (text: string, offset: number) => text.slice(0, Math.max(0, offset)).split('\n').length;

const MAX_REMEMBERED = 500;
const remembered = new WeakMap<z.ZodType, Map<string, unknown>>();

/**
 * Parses YAML (or JSON, which is YAML) and checks it. Everything wrong is thrown, each with its line and remedy. What was
 * good is remembered by its text, so that one changed file does not cost the parsing of all: nobody may change the answer.
 */
export function parseSource<S extends z.ZodType>(text: string, file: string, schema: S): z.output<S> {
  const known = remembered.get(schema) ?? new Map<string, unknown>();
  remembered.set(schema, known);
  // JSON is read more strictly than YAML, and the same text may be fine in one and not in the other.
  const key = `${file.endsWith('.json')}${text}`;
  if (known.has(key)) return known.get(key) as z.output<S>;
  const data = parseAnew(text, file, schema);
  if (known.size >= MAX_REMEMBERED) known.clear();
  known.set(key, data);
  return data;
}

function parseAnew<S extends z.ZodType>(text: string, file: string, schema: S): z.output<S> {
  const { document, at } = documentOf(text, file);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (e) {
    return refuse(file, `The aliases of this file cannot be followed: ${(e as Error).message}`, BOMB);
  }
  if (value === null) refuse(file, 'This file holds nothing.', 'Write it, or copy it from another company.');
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, MAX_PROBLEMS_PER_FILE).map((issue): Problem => {
    const place = issue.path as (string | number)[];
    const key = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    return { file, line: at(place, key), ...saidOf(issue, schema, value) };
  });
  throw new CatalogueError(...(problems as [Problem, ...Problem[]]));
}

/** The line of a place in a file that parsed, for what only shows when files are put together. */
export function lineOf(root: string, file: string, place: (string | number)[]): number {
  try {
    return documentOf(readSource(root, file), file).at(place);
  } catch {
    return 1;
  }
}

const BOMB = 'Write the text out instead of using & and *.';

type At = (place: (string | number)[], key?: string) => number;

function documentOf(text: string, file: string): { document: Document.Parsed; at: At } {
  if (tooDeep(text)) refuse(file, `This is nested deeper than ${MAX_DEPTH} levels.`, 'Make it flat.');
  const json = file.endsWith('.json');
  const lines = new LineCounter();
  const line = (offset: number | undefined) => Math.max(1, lines.linePos(offset ?? 0).line);
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  } catch (e) {
    return refuse(file, `This cannot be read: ${(e as Error).message}`, 'Make it flat and short.');
  }
  const broken = [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS_PER_FILE);
  const problems = broken.map(({ pos, message }) => ({
    file,
    line: line(pos[0]),
    message: /unique/i.test(message) ? 'This key stands here twice.' : message,
    remedy: /unique/i.test(message)
      ? 'Keep one of the two.'
      : json
        ? 'Correct the JSON: quotes, commas and brackets.'
        : 'Correct the YAML: indentation, quotes and brackets.',
  }));
  let aliases = 0;
  visit(document, {
    Alias: () => {
      aliases++;
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || typeof pair.key.value !== 'string') return;
      if (!FORBIDDEN_KEYS.has(pair.key.value)) return;
      const message = `The key ${pair.key.value} is not allowed.`;
      problems.push({ file, line: line(pair.key.range?.[0]), message, remedy: 'Remove it.' });
    },
  });
  if (aliases > MAX_ALIASES)
    problems.push({ file, line: 1, message: `There are more than ${MAX_ALIASES} aliases.`, remedy: BOMB });
  if (json && problems.length === 0) {
    try {
      JSON.parse(text.replace(/^\uFEFF/, ''));
    } catch (e) {
      const { message } = e as Error;
      const offset = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
      const remedy = 'Correct the JSON: quotes, commas and brackets.';
      problems.push({ file, line: lineAt(text, offset), message: `This is not JSON: ${message}`, remedy });
    }
  }
  if (problems.length) throw new CatalogueError(...(problems as [Problem, ...Problem[]]));

  /** The line of the deepest part of the path that is there; a missing key is reported at its parent. */
  const at: At = (full, key) => {
    for (let n = full.length; n >= 0; n--) {
      const node = n === 0 ? document.contents : document.getIn(full.slice(0, n), true);
      if (n === full.length && key !== undefined && isMap(node)) {
        const pair = node.items.find((i) => isScalar(i.key) && i.key.value === key);
        const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
        if (range) return line(range[0]);
      }
      const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
      if (range) return line(range[0]);
    }
    return 1;
  };
  return { document, at };
}

/** Brackets and dashes, counted before a parser that calls itself does. */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (const c of text) {
    if (c === '[' || c === '{') depth++;
    else if (c === ']' || c === '}') depth = Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return true;
  }
  return /(?:[-?] ){40}/.test(text);
}
