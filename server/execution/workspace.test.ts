import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { git, gitLine } from '#server/platform/git.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';

let f: Factory;
beforeAll(async () => {
  f = await createFactory({ 'README.md': '# x\n' });
});
afterAll(() => f?.stop());

it('fetches again what a killed fetch left half of, instead of failing at it for ever', async () => {
  const first = await f.work('BUILD', { title: 'A note' });
  const built = await f.run(first, memoryPorts());
  const commit = built.kind === 'done' ? (built.commit ?? '') : '';
  expect(commit).not.toBe('');
  // As a kill leaves it where objects are written one by one: the commit is there, and its tree is not.
  const gitDir = join(f.home, 'hosts/forge/clones', `${first.project.id}.git`);
  const raw = (await git(['cat-file', 'commit', commit], { gitDir })).stdout;
  for (const folder of ['objects', 'refs']) {
    await rm(join(gitDir, folder), { recursive: true, force: true });
    await mkdir(join(gitDir, folder));
  }
  const file = join(f.home, 'commit');
  await writeFile(file, raw);
  expect(await gitLine(['hash-object', '-t', 'commit', '-w', '--literally', file], { gitDir })).toBe(commit);

  const next = await f.work('BUILD', { title: 'Another note' }, { baseCommit: commit });
  expect(await f.run(next, memoryPorts())).toMatchObject({ kind: 'done' });
});
