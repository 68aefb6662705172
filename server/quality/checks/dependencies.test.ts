import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workplace } from '#test/change.ts';
import { dependencies } from './dependencies.ts';

const { change, root } = workplace();

describe('dependencies', () => {
  const pkg = (d: Record<string, string>) => JSON.stringify({ dependencies: d });
  const lock = (d: Record<string, string>) => JSON.stringify({ packages: { '': { dependencies: d } } });
  test.each([
    ['exact', { zod: '4.1.0' }, null, 'pass'],
    ['a range without a lockfile', { zod: '^4.1.0' }, null, 'fail'],
    ['a range the lockfile holds', { zod: '^4.1.0' }, { zod: '^4.1.0' }, 'pass'],
    ['anything, even with a lockfile', { zod: '*' }, { zod: '*' }, 'fail'],
    ['a branch of a repository', { zod: 'github:colinhacks/zod' }, null, 'fail'],
    ['a commit of a repository', { zod: `git+https://x.invalid/z.git#${'a'.repeat(40)}` }, null, 'pass'],
    ['not what the lockfile says', { zod: '4.1.0' }, { zod: '4.0.0' }, 'fail'],
  ])('%s', async (_, wanted, locked, state) => {
    const is = { 'package.json': pkg(wanted), ...(locked ? { 'package-lock.json': lock(locked) } : {}) };
    expect((await dependencies(await change({ 'package.json': pkg({}) }, is))).state).toBe(state);
  });
  test('a workspace is held by the lockfile of the whole, and pnpm and yarn by their own', async () => {
    const is = { 'packages/a/package.json': pkg({ zod: '^4.0.0' }) };
    const whole = JSON.stringify({ packages: { '': {}, 'packages/a': { dependencies: { zod: '^4.0.0' } } } });
    expect((await dependencies(await change({}, { ...is, 'package-lock.json': whole }))).state).toBe('pass');
    await rm(join(root(), 'package-lock.json'));
    expect((await dependencies(await change({}, { ...is, 'pnpm-lock.yaml': 'x' }))).state).toBe(
      'not applicable',
    );
  });
  const sha = 'sha512-x';
  const npm = 'https://registry.npmjs.org/zod/-/zod-4.0.0.tgz';
  test.each([
    ['the registry, with an integrity', { resolved: npm, integrity: sha }, 'pass'],
    ['no address, with an integrity', { integrity: sha }, 'pass'],
    ['neither', {}, 'fail'],
    ['no integrity', { resolved: npm }, 'fail'],
    ['elsewhere', { resolved: 'https://evil.invalid/zod/-/zod-4.0.0.tgz', integrity: sha }, 'fail'],
  ])('a lock entry from %s', async (_, entry, state) => {
    const text = JSON.stringify({ packages: { '': {}, 'node_modules/zod': entry } });
    expect((await dependencies(await change({}, { 'package-lock.json': text }))).state).toBe(state);
    // What was there before is not this change's doing.
    const more = text.replace('"":{}', '"":{"name":"x"}');
    const later = await change({ 'package-lock.json': text }, { 'package-lock.json': more });
    expect((await dependencies(later)).state).toBe('pass');
  });
  test.each([
    ['requirements.txt', 'flask', 'fail'],
    ['requirements.txt', 'flask==3.0.0', 'pass'],
    ['Dockerfile', 'FROM node:24-slim AS build', 'pass'],
    ['Dockerfile', 'FROM node:latest', 'fail'],
    ['.github/workflows/ci.yml', '      - uses: actions/checkout@v4', 'pass'],
    ['.github/workflows/ci.yml', '      - uses: actions/checkout@main', 'fail'],
  ])('%s: %s', async (file, text, state) =>
    expect((await dependencies(await change({}, { [file]: text }))).state).toBe(state),
  );
});
