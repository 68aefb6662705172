import { stat } from 'node:fs/promises';
import { git } from '#server/platform/git.ts';
import { bareRepositoryOf } from './git.ts';

/** Commits between which a change lies; `since` a branch or commit means from where the two parted. */
export type Range = { from: string; to: string } | { since: string; to: string };

/** The unified diff of a range as the factory's own repository has it; null where it does not hold the commits. */
export async function diffIn(
  home: string,
  projectId: string,
  range: Range,
  bytes: number,
): Promise<{ patch: string; cut: boolean } | null> {
  const gitDir = bareRepositoryOf(home, projectId);
  if (!(await stat(gitDir).catch(() => null))) return null;
  const from = 'since' in range ? await partedAt(gitDir, range.since, range.to) : range.from;
  if (from === null) return null;
  const r = await git(
    ['diff', '--no-renames', '--no-ext-diff', '--no-textconv', '--no-color', from, range.to, '--'],
    {
      gitDir,
      ok: [128],
    },
  );
  if (r.code !== 0) return null;
  const whole = Buffer.from(r.stdout);
  return { patch: whole.subarray(0, bytes).toString(), cut: whole.length > bytes };
}

async function partedAt(gitDir: string, a: string, b: string): Promise<string | null> {
  const r = await git(['merge-base', a, b], { gitDir, ok: [1, 128] });
  return r.code === 0 ? r.stdout.trim() : null;
}
