import path from 'node:path';
import { readText, writeAtomic } from '#server/platform/files.ts';

/** Files of _shared whose last good text outlives the process. Safety rules are not among them: with broken ones nothing may begin. */
const KEPT = new Set(['fleet.yaml', 'tiers.yaml', 'prices.yaml', 'providers.yaml']);

/** Where the last good texts are kept. */
export interface GoodTexts {
  get(name: string): string | undefined;
  put(name: string, text: string): void;
}

/** Keeps them in a folder, so that a worker that has to start while somebody edits goes on with what the others have. */
export function goodTextsIn(folder: string): GoodTexts {
  const known = new Map<string, string>();
  return {
    get: (name) => (KEPT.has(name) ? readText(path.join(folder, name)) : undefined),
    put(name, text) {
      if (!KEPT.has(name) || known.get(name) === text) return;
      known.set(name, text);
      try {
        if (readText(path.join(folder, name)) !== text) writeAtomic(path.join(folder, name), text);
      } catch {
        // A full disk must not keep a good file from being read.
      }
    },
  };
}
