import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { RevertedChange } from '#server/domain/work.ts';
import { git, gitLine } from '#server/platform/git.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';

const factories: Factory[] = [];
afterAll(() => Promise.all(factories.map((f) => f.stop())));
const who = {
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@e',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@e',
};
const test = (name: string) =>
  `import { test } from 'node:test';\nimport assert from 'node:assert';\nimport { ${name} } from './${name}.js';\ntest('${name}', () => assert.equal(${name}(), 1));\n`;

/** A project whose branch holds a merged change, and a way to put later work on it. */
async function project() {
  const f = await createFactory({
    'package.json': JSON.stringify({
      name: 'demo',
      type: 'module',
      scripts: { test: 'node --test --test-isolation=none' },
    }),
    'base.js': 'export const base = () => 1;\n',
    'base.test.js': test('base'),
  });
  factories.push(f);
  const clone = join(f.home, 'clone');
  await git(['clone', '-q', f.bare, clone]);
  const o = { cwd: clone, env: who };
  const main = () => gitLine(['rev-parse', 'main'], { gitDir: f.bare });
  async function land(change: Record<string, string>): Promise<RevertedChange> {
    const oldSha = await main();
    await git(['fetch', '-q', 'origin'], o);
    await git(['checkout', '-q', '--detach', oldSha], o);
    for (const [p, text] of Object.entries(change)) await writeFile(join(clone, p), text);
    await git(['add', '-A'], o);
    await git(['commit', '-q', '-m', 'change'], o);
    const newSha = await gitLine(['rev-parse', 'HEAD'], o);
    await git(['push', '-q', 'origin', `${newSha}:refs/heads/main`], o);
    return { oldSha, newSha };
  }
  async function revert(reverts: RevertedChange) {
    const w = await f.work(
      'BUILD',
      { title: 'Revert #7: A thing', stage: null },
      { reverts, integrates: true },
    );
    return await f.run({ ...w, steps: w.steps.filter((s) => s.key === 'integrate') });
  }
  return { f, land, revert, main };
}
const feature = { 'more.js': 'export const more = () => 1;\n', 'more.test.js': test('more') };

it('takes a change back in a commit of its own, with its own evidence, and keeps what came later', async () => {
  const p = await project();
  const change = await p.land(feature);
  await p.land({ 'later.js': 'export const later = 1;\n' });
  const tip = await p.main();
  const done = await p.revert(change);
  expect(done).toMatchObject({
    kind: 'done',
    verdict: 'pass',
    integration: { result: 'merged', oldSha: tip },
  });
  expect(await p.f.file('later.js')).toContain('later');
  await expect(p.f.file('more.js')).rejects.toThrow();
  const log = (await git(['log', '-1', '--format=%P %B', 'main'], { gitDir: p.f.bare })).stdout;
  expect(log).toContain(`${tip} Revert #7: A thing`);
  expect(log).toContain(`This reverts commit ${change.newSha}.`);
  expect(done.ports.plans).toMatchObject([{ oldSha: tip, branch: 'main', settled: 'done' }]);
  const tree = await gitLine(['rev-parse', 'main^{tree}'], { gitDir: p.f.bare });
  const run = done.ports.gates.filter((g) => g.tree === tree);
  expect(run.find((g) => g.gate === 'command')).toMatchObject({ ok: true });
  expect(run.find((g) => g.gate === 'qa-19')).toMatchObject({ ok: true });
  expect(done.ports.checked.at(-1)?.results.find((r) => r.name === 'tests')).toMatchObject({ state: 'pass' });
  expect(done.ports.calls).toEqual([]);
}, 60_000);

it('that the rest needs is refused with what fails, and moves nothing', async () => {
  const p = await project();
  const change = await p.land(feature);
  await p.land({
    'uses.test.js': `${test('more')}`,
  });
  const tip = await p.main();
  const done = await p.revert(change);
  expect(done).toMatchObject({
    kind: 'done',
    verdict: 'reject',
    integration: { result: 'conflict', files: [], detail: expect.stringContaining('more.js') },
  });
  expect(done.ports.plans).toEqual([]);
  expect(await p.main()).toBe(tip);
}, 60_000);

it('that later work built upon names the files, and moves nothing', async () => {
  const p = await project();
  const change = await p.land({ 'base.js': 'export const base = () => 1; // one\n' });
  await p.land({ 'base.js': 'export const base = () => 1; // two\n' });
  const tip = await p.main();
  const done = await p.revert(change);
  expect(done).toMatchObject({ verdict: 'reject', integration: { result: 'conflict', files: ['base.js'] } });
  expect(await p.main()).toBe(tip);
});

it('that landed before a crash is not made twice', async () => {
  const p = await project();
  const change = await p.land(feature);
  const first = await p.revert(change);
  const plan = first.ports.plans[0];
  const tip = await p.main();
  const w = await p.f.work('BUILD', { stage: null }, { reverts: change, integrates: true });
  const again = memoryPorts({ landedIntegration: async () => plan ?? null });
  const second = await p.f.run({ ...w, steps: w.steps.filter((s) => s.key === 'integrate') }, again);
  expect(second).toMatchObject({ kind: 'done', integration: { result: 'merged', newSha: tip } });
  expect(await p.main()).toBe(tip);
}, 60_000);
