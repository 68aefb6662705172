import { AlaiError } from '#server/domain/errors.ts';
import type { BinEntry } from '#server/domain/views/minion.ts';
import { git, gitLine } from '#server/platform/git.ts';

/**
 * The recovery bin of one project: what was discarded and what failed attempts left unfinished, as refs
 * `refs/alai/bin/<day>/<task>-<attempt>` of its bare repository. Git itself is the record: a ref keeps its commits.
 */
const BIN = 'refs/alai/bin';
const DAY = 24 * 60 * 60_000;

/** Where a commit lies in the bin. */
const binRef = (day: Date, key: string): string => `${BIN}/${day.toISOString().slice(0, 10)}/${key}`;

/** What lies in the bin, newest first. */
export async function readBin(gitDir: string, keptMs: number): Promise<Omit<BinEntry, 'projectId'>[]> {
  const format = '%(refname)%00%(objectname)%00%(contents:subject)';
  const { stdout } = await git(['for-each-ref', '--sort=-refname', `--format=${format}`, `${BIN}/`], {
    gitDir,
  });
  return stdout
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const [ref = '', sha = '', subject = ''] = line.split('\0');
      const [day = '', key = ''] = ref.slice(BIN.length + 1).split('/');
      const at = Date.parse(day);
      const taskId = Number(key.split('-')[0]);
      return Number.isNaN(at) || !Number.isInteger(taskId)
        ? []
        : [{ key, taskId, sha, subject, day, until: new Date(at + DAY + keptMs) }];
    });
}

/** Attempts' branches of the project, with the task each belongs to. */
export async function minionBranches(
  gitDir: string,
): Promise<{ branch: string; key: string; taskId: number; sha: string }[]> {
  const { stdout } = await git(
    ['for-each-ref', '--format=%(refname:strip=2)%00%(objectname)', 'refs/heads/minion/'],
    { gitDir },
  );
  return stdout
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const [branch = '', sha = ''] = line.split('\0');
      const key = branch.slice('minion/'.length);
      const taskId = Number(key.split('-')[0]);
      return Number.isInteger(taskId) ? [{ branch, key, taskId, sha }] : [];
    });
}

/** Moves a branch into the bin: kept there first, and deleted only as it was when it was kept. */
export async function discardBranch(
  gitDir: string,
  b: { branch: string; key: string; sha: string },
  day: Date,
): Promise<void> {
  await git(['update-ref', binRef(day, b.key), b.sha], { gitDir });
  await git(['update-ref', '-d', `refs/heads/${b.branch}`, b.sha], { gitDir });
}

/** Puts a commit of the bin onto a branch again. The entry stays until its time is over: nothing is lost by trying. */
export async function restoreFromBin(gitDir: string, key: string): Promise<{ branch: string; sha: string }> {
  const found = (await readBin(gitDir, 0)).find((e) => e.key === key);
  if (!found)
    throw new AlaiError('NOT_FOUND', `"${key}" is not in the recovery bin.`, 'See `npx alai minion bin`.');
  const branch = `alai/restored/${key}`;
  const there = await git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`], { gitDir, ok: [1] });
  if (there.code === 0 && there.stdout.trim() !== found.sha)
    throw new AlaiError(
      'CONFLICT',
      `The branch ${branch} is there already and holds something else.`,
      'Rename or delete it first.',
    );
  await git(['update-ref', `refs/heads/${branch}`, found.sha], { gitDir });
  return { branch, sha: await gitLine(['rev-parse', `refs/heads/${branch}`], { gitDir }) };
}

/** Drops what has lain there long enough; answers with what it was. */
export async function emptyBin(gitDir: string, now: Date, keptMs: number): Promise<string[]> {
  const over = (await readBin(gitDir, keptMs)).filter((e) => e.until.getTime() <= now.getTime());
  for (const e of over) await git(['update-ref', '-d', `${BIN}/${e.day}/${e.key}`, e.sha], { gitDir });
  return over.map((e) => e.key);
}
