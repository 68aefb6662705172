import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { CheckInput } from '#server/domain/seams.ts';

/** What an agent hands in when it says no more than it must. */
export const report = {
  agentType: 'builder',
  company: 'CodeCraft',
  taskSummary: 'Did what was asked.',
  filesWritten: [],
  keyDecisions: [],
  blockers: [],
  verification: 'Ran the tests.',
  verdict: null,
  planItems: [],
  criteria: [],
  consulted: [],
};

/** A folder of its own for each test, and changes in it as the harness would show them to a check. */
export function workplace() {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'alai-checks-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** A change from `was` to `is`; every line of a changed file counts as added. */
  async function change(
    was: Record<string, string>,
    is: Record<string, string>,
    over: Partial<CheckInput> = {},
  ): Promise<CheckInput> {
    for (const [path, text] of Object.entries(is)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    const paths = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((p) => was[p] !== is[p]);
    const none = async () => ({
      exitCode: 0,
      timedOut: false,
      output: '',
      cut: false,
      ms: 0,
      sandboxed: true,
    });
    return {
      ...{ stage: 'BUILD', role: 'builder', company: 'CodeCraft', builtBy: null, writes: true, root },
      ...{ base: '', tree: '', gates: [], report, mayReport: true, reported: [], findings: [], criteria: [] },
      ...{ earlier: [], docsFollow: false, run: none, signal: new AbortController().signal },
      changes: paths.map((path) => ({
        path,
        status: was[path] === undefined ? 'A' : is[path] === undefined ? 'D' : 'M',
        added: is[path]?.split('\n').length ?? 0,
        removed: 0,
      })),
      addedLines: paths.flatMap((file) =>
        (is[file] ?? '').split('\n').map((text, i) => ({ file, line: i + 1, text })),
      ),
      outside: () => null,
      before: async (path) => was[path] ?? null,
      clean: async () => ({ root, run: none }),
      beforeWith: async () => ({ root, run: none }),
      conflicts: async () => [],
      ...over,
    } as CheckInput;
  }

  return { change, root: () => root };
}
