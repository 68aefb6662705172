import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GateSpec } from '#server/domain/blueprint.ts';
import type { GateContext } from '#server/domain/seams.ts';
import { checksState } from '../checks/registry.ts';
import { runGate } from './registry.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'alai-gates-'));
  await writeFile(join(root, 'full.txt'), 'x');
  await writeFile(join(root, 'empty.txt'), '');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const check = (gate: GateSpec, over: Partial<GateContext> = {}) =>
  runGate(gate, {
    root,
    run: async () => ({ exitCode: 0, timedOut: false, cut: false, ms: 1, sandboxed: true, output: 'ok' }),
    changed: [],
    addedLines: [],
    output: '',
    ...over,
  });
const added = (text: string, file = 'a.js') => ({ addedLines: [{ file, line: 1, text }] });

describe('gates', () => {
  it.each([
    ['full.txt', true],
    ['empty.txt', false],
    ['nothing', false],
    ['../etc', false],
    ['/etc/passwd', false],
  ])('file_exists %s: %s', async (path, ok) =>
    expect((await check({ kind: 'file_exists', path })).ok).toBe(ok),
  );

  it('min_output counts what was said', async () => {
    expect((await check({ kind: 'min_output', chars: 5 }, { output: '  abc  ' })).ok).toBe(false);
    expect((await check({ kind: 'min_output', chars: 3 }, { output: 'abc' })).ok).toBe(true);
  });

  it.each([
    ['// TODO: later', false],
    ['Lorem ipsum dolor', false],
    ['throw new Error("not implemented")', false],
    ['// ... existing code', false],
    ['// rest of the code', false],
    ['<your key here>', false],
    ['<input placeholder="Search">', true],
    ['const todos = [];', true],
    ['::placeholder { color: red }', true],
  ])('no_placeholders on %j: %s', async (text, ok) => {
    expect((await check({ kind: 'no_placeholders' }, added(text))).ok).toBe(ok);
  });

  it('no_placeholders says where, and leaves lock files alone', async () => {
    expect((await check({ kind: 'no_placeholders' }, added('TODO', 'src/x.js'))).output).toContain(
      'src/x.js:1',
    );
    expect((await check({ kind: 'no_placeholders' }, added('TODO', 'package-lock.json'))).ok).toBe(true);
  });

  it('command passes on exit 0, keeps the output of a failure, and says why it did not run', async () => {
    const gate: GateSpec = { kind: 'command', command: ['make', 'test'], seconds: 5 };
    expect(await check(gate)).toMatchObject({ ok: true, exitCode: 0 });
    const failing = async () => ({
      exitCode: 2,
      timedOut: false,
      cut: false,
      ms: 1,
      sandboxed: true,
      output: 'boom',
    });
    expect(await check(gate, { run: failing })).toMatchObject({
      ok: false,
      detail: 'make test: exit 2',
      output: 'boom',
    });
    expect(await check({ ...gate, ifFile: 'Makefile' })).toMatchObject({
      ok: true,
      skipped: 'there is no Makefile',
    });
  });

  it('npm test is skipped with the reason where a project has no test', async () => {
    const gate: GateSpec = { kind: 'command', command: ['npm', 'test'], seconds: 5, ifFile: 'package.json' };
    await writeFile(
      join(root, 'package.json'),
      '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}',
    );
    expect(await check(gate)).toMatchObject({ ok: true, skipped: 'package.json has no test script' });
    await writeFile(join(root, 'package.json'), '{"scripts":{"test":"node --test"}}');
    expect((await check(gate)).skipped).toBeUndefined();
    await writeFile(
      join(root, 'package.json'),
      '{"scripts":{"test":"vitest"},"devDependencies":{"vitest":"5"}}',
    );
    expect((await check(gate)).skipped).toContain('not installed');
  });
});

it('QA-19 is not run, rather than passed, while it has no checks', () =>
  expect(checksState([])).toBe('not run'));
