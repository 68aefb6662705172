import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { IntegrationPlan } from '#server/domain/attempt.ts';
import { git, gitLine } from '#server/platform/git.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';
import { integrate } from './integrate.ts';
import { decideMerge } from './policy.ts';
import { reconcile } from './reconcile.ts';

const base = { reviewed: 'R', trunk: 'T', mergeBase: 'B', mine: ['a'], theirs: ['b'] };

describe('the merge rule', () => {
  it.each([
    [{ ...base, mergeBase: 'T' }, { kind: 'as-reviewed' }],
    [base, { kind: 'rebase' }],
    [
      { ...base, theirs: ['a', 'b'] },
      { kind: 'overlap', files: ['a'] },
    ],
    [{ ...base, mergeBase: 'R' }, { kind: 'unchanged' }],
    [{ ...base, mine: [] }, { kind: 'unchanged' }],
  ])('%j is %j', (facts, decision) => expect(decideMerge(facts)).toEqual(decision));
});

const factories: Factory[] = [];
afterAll(() => Promise.all(factories.map((f) => f.stop())));
const who = {
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@e',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@e',
};

/** A project, and a way to put commits on branches of it. */
async function project(
  files: Record<string, string> = { 'a.txt': '1\n2\n3\n4\n5\n6\n7\n8\n9\n', 'b.txt': 'b\n' },
) {
  const f = await createFactory(files);
  factories.push(f);
  const clone = join(f.home, 'clone');
  const tmpDir = join(f.home, 'tmp');
  await mkdir(tmpDir);
  await git(['clone', '-q', f.bare, clone]);
  const start = await gitLine(['rev-parse', 'main'], { gitDir: f.bare });
  const o = { cwd: clone, env: who };
  async function commit(from: string, change: Record<string, string>, push?: string): Promise<string> {
    await git(['checkout', '-q', '--detach', from], o);
    const { writeFile } = await import('node:fs/promises');
    for (const [p, text] of Object.entries(change)) await writeFile(join(clone, p), text);
    await git(['add', '-A'], o);
    await git(['commit', '-q', '-m', 'change'], o);
    const sha = await gitLine(['rev-parse', 'HEAD'], o);
    await git(['push', '-q', 'origin', `${sha}:refs/heads/${push ?? `work-${sha.slice(0, 8)}`}`], o);
    return sha;
  }
  async function merge(sha: string, over: Partial<Parameters<typeof integrate>[0]> = {}) {
    const ports = memoryPorts();
    const rechecked: string[] = [];
    const result = await integrate({
      work: await f.work('SECURITY', { id: 7, title: 'A thing', rootTaskId: 5 }),
      gitDir: join(clone, '.git'),
      tmpDir,
      token: undefined,
      commit: sha,
      ports,
      recheck: async (_root, tree) => {
        rechecked.push(tree);
        return null;
      },
      note: () => {},
      signal: new AbortController().signal,
      ...over,
    });
    return { result, ports, rechecked };
  }
  const main = () => gitLine(['rev-parse', 'main'], { gitDir: f.bare });
  const tree = (rev: string) => gitLine(['rev-parse', `${rev}^{tree}`], { gitDir: f.bare });
  return { f, start, commit, merge, main, tree };
}

describe('integrating', () => {
  it('an unmoved base gets exactly the reviewed tree, planned before it is pushed', async () => {
    const p = await project();
    const sha = await p.commit(p.start, { 'c.txt': 'c\n' });
    const { result, ports, rechecked } = await p.merge(sha);
    expect(result).toMatchObject({ result: 'merged', oldSha: p.start, rebased: false, files: 1 });
    expect(await p.tree('main')).toBe(await p.tree(sha));
    expect(ports.plans).toEqual([
      { oldSha: p.start, newSha: await p.main(), branch: 'main', settled: 'done' },
    ]);
    expect(rechecked).toEqual([]);
    expect(await p.merge(sha)).toMatchObject({ result: { result: 'unchanged' } });
  });

  it('two pieces of work in different files both land; the second is checked again on the moved base', async () => {
    const p = await project();
    const one = await p.commit(p.start, { 'c.txt': 'c\n' });
    const two = await p.commit(p.start, { 'b.txt': 'bb\n' });
    await p.merge(one);
    const { result, rechecked } = await p.merge(two);
    expect(result).toMatchObject({ result: 'merged', rebased: true, files: 1 });
    expect(rechecked).toEqual([await p.tree('main')]);
    expect(await p.f.file('c.txt')).toBe('c\n');
    expect(await p.f.file('b.txt')).toBe('bb\n');
  });

  it('the same file touched on both sides goes back to review, with a head that holds both', async () => {
    const p = await project();
    const mine = await p.commit(p.start, { 'a.txt': 'one\n2\n3\n4\n5\n6\n7\n8\n9\n' });
    await p.commit(p.start, { 'a.txt': '1\n2\n3\n4\n5\n6\n7\n8\nnine\n' }, 'main');
    const before = await p.main();
    const { result, ports } = await p.merge(mine);
    expect(result).toMatchObject({ result: 'moved', detail: expect.stringContaining('a.txt') });
    expect(await p.main()).toBe(before);
    expect(ports.plans).toEqual([]);
    const head = result.result === 'moved' ? result.newHead : '';
    const both = (await git(['show', `${head}:a.txt`], { gitDir: p.f.bare })).stdout;
    expect(both).toBe('one\n2\n3\n4\n5\n6\n7\n8\nnine\n');
    expect(await p.merge(head)).toMatchObject({ result: { result: 'merged', rebased: false } });
  });

  it('moves the branch straight to the reviewed commit where the project wants that and it stands on it', async () => {
    const p = await project();
    const one = await p.commit(p.start, { 'c.txt': 'c\n' });
    const two = await p.commit(p.start, { 'b.txt': 'bb\n' });
    const straight = async () => {
      const work = await p.f.work('SECURITY', { id: 7 });
      return { work: { ...work, project: { ...work.project, merge: 'fast-forward' as const } } };
    };
    expect((await p.merge(one, await straight())).result).toMatchObject({ result: 'merged', newSha: one });
    expect(await p.main()).toBe(one);
    expect((await p.merge(two, await straight())).result).toMatchObject({ result: 'merged', rebased: true });
    const parents = await gitLine(['rev-list', '--parents', '-1', 'main'], { gitDir: p.f.bare });
    expect(parents).toContain(`${one} ${two}`);
  });

  it('leaves accepted work on a branch of its own where the project wants a pull request', async () => {
    const p = await project();
    const mine = await p.commit(p.start, { 'b.txt': 'mine\n' });
    const work = await p.f.work('SECURITY', { id: 7, rootTaskId: 5 });
    const over = { work: { ...work, project: { ...work.project, merge: 'branch' as const } } };
    const { result, ports } = await p.merge(mine, over);
    expect(result).toMatchObject({ result: 'merged', newSha: mine, branch: 'alai/accept/5' });
    expect(ports.plans).toMatchObject([{ newSha: mine, branch: 'alai/accept/5', settled: 'done' }]);
    expect(await p.main()).toBe(p.start);
    expect(await gitLine(['rev-parse', 'alai/accept/5'], { gitDir: p.f.bare })).toBe(mine);
    expect(await reconcile(p.f.bare, ports.plans[0] as IntegrationPlan)).toBe('done');
    await p.commit(p.start, { 'b.txt': 'theirs\n' }, 'main');
    expect((await p.merge(mine, over)).result).toMatchObject({ result: 'conflict', files: ['b.txt'] });
  });

  it('a conflict goes back to build and names the files', async () => {
    const p = await project();
    const mine = await p.commit(p.start, { 'b.txt': 'mine\n' });
    await p.commit(p.start, { 'b.txt': 'theirs\n' }, 'main');
    expect((await p.merge(mine)).result).toMatchObject({ result: 'conflict', files: ['b.txt'] });
  });

  it('a merged tree whose gates fail goes back to build', async () => {
    const p = await project();
    const mine = await p.commit(p.start, { 'c.txt': 'c\n' });
    await p.commit(p.start, { 'd.txt': 'd\n' }, 'main');
    const { result } = await p.merge(mine, { recheck: async () => 'npm test: exit 1' });
    expect(result).toMatchObject({
      result: 'conflict',
      files: [],
      detail: expect.stringContaining('npm test: exit 1'),
    });
  });

  it('a base that moves while waiting for its turn is refused and tried again', async () => {
    const p = await project();
    const mine = await p.commit(p.start, { 'c.txt': 'c\n' });
    let turn = 0;
    const ports = memoryPorts();
    const plan = ports.planIntegration.bind(ports);
    ports.planIntegration = async (x: IntegrationPlan) => {
      if (turn++ === 0) await p.commit(p.start, { 'd.txt': 'd\n' }, 'main');
      return plan(x);
    };
    const { result } = await p.merge(mine, { ports });
    expect(result).toMatchObject({ result: 'merged', rebased: true });
    expect(ports.plans.map((x) => x.settled)).toEqual(['refused', 'done']);
    expect(await p.f.file('d.txt')).toBe('d\n');
  });

  it('what landed before a crash is not merged twice, and the repository knows what landed', async () => {
    const p = await project();
    const sha = await p.commit(p.start, { 'c.txt': 'c\n' });
    const { ports } = await p.merge(sha);
    const plan = ports.plans[0] as IntegrationPlan;
    expect(await reconcile(p.f.bare, plan)).toBe('done');
    expect(await reconcile(p.f.bare, { ...plan, newSha: 'f'.repeat(40) })).toBe('not-done');
    await p.commit(await p.main(), { 'e.txt': 'e\n' }, 'main');
    expect(await reconcile(p.f.bare, plan)).toBe('done');
    const head = await p.main();
    const again = memoryPorts({ landedIntegration: async () => plan });
    expect((await p.merge(sha, { ports: again })).result).toMatchObject({
      result: 'merged',
      newSha: plan.newSha,
    });
    expect(await p.main()).toBe(head);
  });
});

describe('whole chains', { timeout: 180_000 }, () => {
  it('six in one project, all at once, land without losing a file', async () => {
    const f = await createFactory({
      'package.json': JSON.stringify({
        name: 'demo',
        type: 'module',
        scripts: { test: 'node --test --test-isolation=none' },
      }),
    });
    factories.push(f);
    const runs = await Promise.all([1, 2, 3, 4, 5, 6].map((id) => f.chain({ id, title: `Add thing ${id}` })));
    expect(runs.map((r) => r.merged)).toEqual(runs.map(() => true));
    for (const id of [1, 2, 3, 4, 5, 6]) expect(await f.file(`docs/notes/task-${id}.md`)).toContain(`#${id}`);
    const rebased = runs
      .flatMap((r) => r.history)
      .filter(
        (h) =>
          h.outcome.kind === 'done' &&
          h.outcome.integration?.result === 'merged' &&
          h.outcome.integration.rebased,
      );
    expect(rebased.length).toBeGreaterThan(0);
    for (const h of rebased) expect(h.ports.gates.some((g) => g.stepKey === 'integrate' && g.ok)).toBe(true);
  });
});
