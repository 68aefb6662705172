import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GateSpec } from '#server/domain/blueprint.ts';
import type { GateContext } from '#server/domain/seams.ts';
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

  it.each([
    ["const key = 'AKIAIOSFODNN7EXAMPLQ'; const password = 'hunter2-Xk81';", false],
    ['token: "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"', false],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0\n-----END RSA PRIVATE KEY-----', false],
    [`const k = '${'AKIA'}IOSFODNN7QWERTYU';`, false],
    [`const k = '${'AKIA'}IOSFODNN7EXAMPLE';`, true],
    ['const token = process.env.API_TOKEN;', true],
    ["password: '{{ db_password }}'", true],
    ["cookie.secret = 'session-cookie';", true],
  ])('no_secrets %#', async (text, ok) => {
    const lines = text.split('\n').map((t, i) => ({ file: 'src/a.js', line: i + 1, text: t }));
    const r = await check({ kind: 'no_secrets' }, { addedLines: lines });
    expect(r.ok).toBe(ok);
    expect(r.output).not.toContain('hunter2');
  });

  it('diff_only names what is outside', async () => {
    const paths = ['docs/**', '*.md'];
    expect((await check({ kind: 'diff_only', paths }, { changed: ['docs/a/b.md', 'README.md'] })).ok).toBe(
      true,
    );
    const r = await check({ kind: 'diff_only', paths }, { changed: ['docs/a.md', 'src/x.js'] });
    expect(r).toMatchObject({ ok: false, output: 'src/x.js' });
  });

  it('json_schema checks a file against a schema, and says where it is wrong', async () => {
    await writeFile(join(root, 'plan.yaml'), 'steps:\n  - name: 3\n');
    const steps = { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } };
    const schema = { type: 'object', required: ['steps'], properties: { steps } };
    const r = await check({ kind: 'json_schema', path: 'plan.yaml', schema });
    expect(r.ok).toBe(false);
    expect(r.detail).toContain('plan.yaml/steps/0/name');
    await writeFile(join(root, 'plan.yaml'), 'steps:\n  - name: three\n');
    expect((await check({ kind: 'json_schema', path: 'plan.yaml', schema })).ok).toBe(true);
    expect((await check({ kind: 'json_schema', path: '../x', schema })).ok).toBe(false);
    expect((await check({ kind: 'json_schema', path: 'plan.yaml', schema: { type: 'nonsense' } })).ok).toBe(
      false,
    );
  });

  it('http asks a server that is started for it, and one that runs', async () => {
    const server = createServer((req, res) => res.writeHead(req.url === '/up' ? 200 : 404).end('all well'));
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const ask = (over: object) => ({
      kind: 'http' as const,
      url: `${url}/up`,
      status: 200,
      seconds: 20,
      ...over,
    });
    expect((await check(ask({ contains: 'well' }))).ok).toBe(true);
    expect((await check(ask({ url: `${url}/down` }))).detail).toContain('404');
    server.close();
    const run = async (argv: string[]) => {
      const r = spawnSync(process.execPath, argv.slice(1), { encoding: 'utf8' });
      return { exitCode: r.status, timedOut: false, cut: false, ms: 1, sandboxed: false, output: r.stdout };
    };
    const up = `require('http').createServer((q,r)=>r.end('hello')).listen(${port},'127.0.0.1')`;
    const started = ask({ url: `http://127.0.0.1:${port}/`, start: [process.execPath, '-e', up] });
    expect((await check({ ...started, contains: 'hello' }, { run })).ok).toBe(true);
    const dies = { ...started, start: [process.execPath, '-e', 'process.exit(3)'] };
    expect((await check(dies, { run })).detail).toContain('exit 3');
  });
});
