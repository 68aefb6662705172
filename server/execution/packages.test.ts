import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';
import { packagesFor } from './packages.ts';

/** A project with one dependency that needs no network: a folder of its own. */
const project = {
  'package.json': JSON.stringify({
    name: 'x',
    type: 'module',
    scripts: { test: 'node --test --test-isolation=none' },
    dependencies: { greet: 'file:vendor/greet' },
  }),
  'package-lock.json': JSON.stringify({
    name: 'x',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'x', dependencies: { greet: 'file:vendor/greet' } },
      'node_modules/greet': { resolved: 'vendor/greet', link: true },
      'vendor/greet': { version: '1.0.0' },
    },
  }),
  'vendor/greet/package.json': JSON.stringify({
    name: 'greet',
    version: '1.0.0',
    type: 'module',
    main: 'index.js',
  }),
  'vendor/greet/index.js': "export const greet = (who) => 'hello ' + who;\n",
  'README.md': '# x\n',
  'test/greet.test.js': [
    "import assert from 'node:assert/strict';",
    "import { test } from 'node:test';",
    "import { greet } from 'greet';",
    "test('greets', () => assert.equal(greet('you'), 'hello you'));",
    '',
  ].join('\n'),
};

describe('a project with dependencies', { timeout: 60_000 }, () => {
  let f: Factory;
  beforeAll(async () => {
    f = await createFactory(project);
  });
  afterAll(() => f?.stop());

  test('is tested with its packages, which are no part of the work', async () => {
    const r = await f.run(await f.work('BUILD', { title: 'A note' }), memoryPorts());
    expect(r.kind).toBe('done');
    const gate = r.ports.gates.find((g) => g.command?.join(' ').startsWith('npm'));
    expect(gate).toMatchObject({ ok: true, exitCode: 0 });
    const checks = r.ports.checked[0]?.results ?? [];
    expect(checks.find((c) => c.name === 'reproducible')?.state).toBe('pass');
    expect(r.ports.proofs[0]?.patch).not.toContain('node_modules');
    const said = r.ports.entries.map((e) => String(e.data.text ?? ''));
    expect(said.filter((t) => t.startsWith('Installing 2 packages'))).toHaveLength(1);
    // The next task of this host finds them installed.
    const again = await f.run(await f.work('BUILD', { title: 'Another note' }), memoryPorts());
    expect(again.ports.entries.some((e) => String(e.data.text ?? '').startsWith('Installing'))).toBe(false);
    expect(await readdir(join(f.home, 'hosts/forge/packages'))).toHaveLength(1);
  });
});

describe('a lockfile', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'alai-packages-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test.each([
    [
      'leads to an address of its own',
      { resolved: 'https://evil.invalid/x/-/x-1.0.0.tgz', integrity: 'sha512-x' },
    ],
    [
      'hides something in the address',
      { resolved: 'https://registry.npmjs.org/x/-/x-1.0.0.tgz?secret=1', integrity: 'sha512-x' },
    ],
    ['leaves the address out and does not say what it expects', {}],
    ['does not say what it expects', { resolved: 'https://registry.npmjs.org/x/-/x-1.0.0.tgz' }],
  ])('that %s installs nothing', async (_, entry) => {
    const files = {
      'package.json': JSON.stringify({ dependencies: { x: '1.0.0' } }),
      'package-lock.json': JSON.stringify({
        lockfileVersion: 3,
        packages: { '': {}, 'node_modules/x': entry },
      }),
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    const notes: string[] = [];
    const modules = await packagesFor(root, {
      ...{ hostDir: root, sandbox: null as never, attempt: 1, signal: new AbortController().signal },
      layOut: () => Promise.reject(new Error('nothing may be installed')),
      note: (text) => notes.push(text),
    });
    expect(modules).toBeNull();
    expect(notes[0]).toContain('node_modules/x does not come from');
    expect(existsSync(join(root, 'packages'))).toBe(false);
  });
});
