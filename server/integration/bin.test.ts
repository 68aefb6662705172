import { afterAll, expect, it } from 'vitest';
import { git, gitLine } from '#server/platform/git.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { discardBranch, emptyBin, minionBranches, readBin, restoreFromBin } from './bin.ts';

const factories: Factory[] = [];
afterAll(() => Promise.all(factories.map((f) => f.stop())));
const DAY = 24 * 60 * 60_000;
const kept = 14 * DAY;

/** A project with the branch of one attempt. */
async function project(key: string) {
  const f = await createFactory({ 'a.txt': 'a\n' });
  factories.push(f);
  const o = { gitDir: f.bare };
  const sha = await gitLine(['rev-parse', 'main'], o);
  await git(['update-ref', `refs/heads/minion/${key}`, sha], o);
  return { o, sha, bare: f.bare };
}

it('a discarded branch is kept first, found again, and put back onto a branch', async () => {
  const p = await project('4001-2');
  const [branch] = await minionBranches(p.bare);
  expect(branch).toEqual({ branch: 'minion/4001-2', key: '4001-2', taskId: 4001, sha: p.sha });
  if (branch) await discardBranch(p.bare, branch, new Date('2026-11-21T10:00:00Z'));
  expect(await minionBranches(p.bare)).toEqual([]);
  expect(await readBin(p.bare, kept)).toMatchObject([
    { key: '4001-2', taskId: 4001, sha: p.sha, day: '2026-11-21', until: new Date('2026-12-06T00:00:00Z') },
  ]);
  const back = await restoreFromBin(p.bare, '4001-2');
  expect(await gitLine(['rev-parse', `refs/heads/${back.branch}`], p.o)).toBe(p.sha);
  await expect(restoreFromBin(p.bare, '1-1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('a branch that moved while it was being discarded is not deleted', async () => {
  const p = await project('4002-1');
  const [branch] = await minionBranches(p.bare);
  const tree = await gitLine(['rev-parse', 'main^{tree}'], p.o);
  const env = {
    GIT_AUTHOR_NAME: 'T',
    GIT_AUTHOR_EMAIL: 't@e',
    GIT_COMMITTER_NAME: 'T',
    GIT_COMMITTER_EMAIL: 't@e',
  };
  const newer = await gitLine(['commit-tree', tree, '-p', p.sha, '-m', 'newer'], { ...p.o, env });
  await git(['update-ref', 'refs/heads/minion/4002-1', newer], p.o);
  await expect(discardBranch(p.bare, branch as NonNullable<typeof branch>, new Date())).rejects.toThrow();
  expect((await minionBranches(p.bare))[0]?.sha).toBe(newer);
});

it('lies there for its fourteen days, and no longer', async () => {
  const p = await project('4003-1');
  const [branch] = await minionBranches(p.bare);
  if (branch) await discardBranch(p.bare, branch, new Date('2026-11-01T23:59:00Z'));
  expect(await emptyBin(p.bare, new Date('2026-11-15T23:00:00Z'), kept)).toEqual([]);
  expect(await emptyBin(p.bare, new Date('2026-11-16T00:00:00Z'), kept)).toEqual(['4003-1']);
  expect(await readBin(p.bare, kept)).toEqual([]);
});
