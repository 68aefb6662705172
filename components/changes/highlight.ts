import type { LanguageFn } from 'highlight.js';
import { useEffect, useState } from 'react';
import type { DiffLine } from './diff.ts';

/** A piece of a line, with the class of its colour. */
export interface Piece {
  text: string;
  look: string | null;
}

type Load = () => Promise<{ default: LanguageFn }>;
const languages: Record<string, Load> = {
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  csharp: () => import('highlight.js/lib/languages/csharp'),
  css: () => import('highlight.js/lib/languages/css'),
  go: () => import('highlight.js/lib/languages/go'),
  ini: () => import('highlight.js/lib/languages/ini'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  kotlin: () => import('highlight.js/lib/languages/kotlin'),
  markdown: () => import('highlight.js/lib/languages/markdown'),
  php: () => import('highlight.js/lib/languages/php'),
  python: () => import('highlight.js/lib/languages/python'),
  ruby: () => import('highlight.js/lib/languages/ruby'),
  rust: () => import('highlight.js/lib/languages/rust'),
  sql: () => import('highlight.js/lib/languages/sql'),
  swift: () => import('highlight.js/lib/languages/swift'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
};

const endings: Record<string, string> = {
  bash: 'sh bash zsh',
  c: 'c h',
  cpp: 'cc cpp cxx hpp',
  csharp: 'cs',
  css: 'css',
  go: 'go',
  ini: 'ini toml',
  java: 'java',
  javascript: 'js mjs cjs jsx',
  json: 'json jsonl',
  kotlin: 'kt kts',
  markdown: 'md',
  php: 'php',
  python: 'py',
  ruby: 'rb',
  rust: 'rs',
  sql: 'sql',
  swift: 'swift',
  typescript: 'ts tsx mts cts',
  xml: 'xml html svg vue',
  yaml: 'yml yaml',
};
const byEnding = new Map(
  Object.entries(endings).flatMap(([name, all]) => all.split(' ').map((e) => [e, name] as const)),
);

/** The language of a file by its name, where we have colours for it. */
export function languageOf(path: string): string | null {
  const dot = path.lastIndexOf('.');
  return dot < 0 ? null : (byEnding.get(path.slice(dot + 1).toLowerCase()) ?? null);
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'" };
const decode = (html: string) =>
  html.replace(/&(amp|lt|gt|quot|#x27);/g, (_, name: string) => entities[name] ?? '');

/**
 * The answer of highlight.js line by line. It is taken apart into text and class names, so that nothing of a foreign file
 * ever becomes HTML of our page.
 */
export function piecesOf(html: string): Piece[][] {
  const lines: Piece[][] = [[]];
  const open: string[] = [];
  for (const part of html.split(/(<span class="[^"]*">|<\/span>)/)) {
    if (part.startsWith('<span class="')) open.push(/hljs-(\w+)/.exec(part)?.[1] ?? '');
    else if (part === '</span>') open.pop();
    else if (part !== '') {
      decode(part)
        .split('\n')
        .forEach((text, i) => {
          if (i > 0) lines.push([]);
          if (text !== '') lines.at(-1)?.push({ text, look: open.at(-1) || null });
        });
    }
  }
  return lines;
}

/** Pieces of each line, by its index. Each side of a hunk is read as one text, so that a comment over lines is one. */
export function colourLines(lines: DiffLine[], colour: (code: string) => string): Map<number, Piece[]> {
  const out = new Map<number, Piece[]>();
  for (const side of ['remove', 'add'] as const) {
    let run: number[] = [];
    const flush = () => {
      if (run.length === 0) return;
      const pieces = piecesOf(colour(run.map((i) => lines[i]?.text ?? '').join('\n')));
      run.forEach((i, n) => {
        // What is the same on both sides is coloured by how it is now.
        if (lines[i]?.kind === side || side === 'add') out.set(i, pieces[n] ?? []);
      });
      run = [];
    };
    lines.forEach((line, i) => {
      if (line.kind === 'hunk') flush();
      else if (line.kind === 'same' || line.kind === side) run.push(i);
    });
    flush();
  }
  return out;
}

const MAX_LINES = 3_000;

async function colourer(language: string): Promise<(code: string) => string> {
  const [{ default: core }, { default: grammar }] = await Promise.all([
    import('highlight.js/lib/core'),
    (languages[language] as Load)(),
  ]);
  if (!core.getLanguage(language)) core.registerLanguage(language, grammar);
  return (code) => core.highlight(code, { language, ignoreIllegals: true }).value;
}

/** Colours of a file's lines, once its language is loaded; nothing before, and nothing for what is too long or unknown. */
export function useColours(path: string, lines: DiffLine[], wanted: boolean): Map<number, Piece[]> {
  const [found, setFound] = useState<{ of: DiffLine[]; pieces: Map<number, Piece[]> } | null>(null);
  useEffect(() => {
    const language = languageOf(path);
    if (!wanted || !language || lines.length > MAX_LINES) return;
    let gone = false;
    colourer(language)
      .then((colour) => {
        if (!gone) setFound({ of: lines, pieces: colourLines(lines, colour) });
      })
      // A chunk that does not load costs colours, not the diff.
      .catch(() => {});
    return () => {
      gone = true;
    };
  }, [path, lines, wanted]);
  return found?.of === lines ? found.pieces : none;
}
const none = new Map<number, Piece[]>();
