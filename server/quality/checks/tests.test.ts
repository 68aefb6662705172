import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workplace } from '#test/change.ts';
import { tests } from './tests.ts';

const { change } = workplace();

describe('the test command', () => {
  const pkg = (scripts: Record<string, string>, more = {}) => JSON.stringify({ scripts, ...more });
  test.each([
    ['forgives', { test: 'node --test' }, { test: 'node --test || true' }, true],
    ['is gone', { test: 'node --test' }, {}, true],
    ['is joined by another', { test: 'node --test' }, { test: 'node --test', lint: 'x' }, undefined],
    ['was the stub of npm', { test: 'echo "Error: no test specified" && exit 1' }, { test: 'x' }, undefined],
    ['is another linter', { test: 'x', lint: 'eslint .' }, { test: 'x', lint: 'true' }, true],
  ])('%s', async (_, was, is, blocking) => {
    const i = await change({ 'package.json': pkg(was) }, { 'package.json': pkg(is) });
    expect((await tests(i)).blocking).toBe(blocking);
    // A human who takes a change back takes its commands back as well.
    expect((await tests({ ...i, reverts: true })).blocking).toBeUndefined();
  });
  test('that cannot run any more stops the work; one that never could is no pass either', async () => {
    const scripts = { test: 'node --test' };
    const is = { 'package.json': pkg(scripts, { dependencies: { zod: '4.0.0' } }) };
    const place = await mkdtemp(join(tmpdir(), 'alai-checks-'));
    const beforeWith = async () => ({
      root: place,
      run: async () => {
        throw new Error('not run');
      },
    });
    await writeFile(join(place, 'package.json'), pkg(scripts));
    const i = () => change({ 'package.json': pkg(scripts) }, is, { beforeWith });
    expect(await tests(await i())).toMatchObject({ state: 'fail', blocking: true });
    await writeFile(join(place, 'package.json'), pkg(scripts, { dependencies: { left: '1.0.0' } }));
    expect(await tests(await i())).toMatchObject({ state: 'fail' });
    await rm(place, { recursive: true });
  });
});
