// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are programs to be scanned
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CheckName, scoreOf } from '#server/domain/checks.ts';
import type { CheckInput } from '#server/domain/seams.ts';
import { findSecrets } from '../gates/secrets.ts';
import { shortLines } from '../lines.ts';
import { build } from './build.ts';
import { consulted } from './consulted.ts';
import { criteria } from './criteria.ts';
import { dangerousCalls } from './dangerous-calls.ts';
import { dependencies } from './dependencies.ts';
import { docs } from './docs.ts';
import { gates } from './gates.ts';
import { leftovers } from './leftovers.ts';
import { readRegular } from './read.ts';
import { report as reported } from './report.ts';
import { scanJavaScript } from './scan-javascript.ts';
import { secrets } from './secrets.ts';
import { size } from './size.ts';
import { tests } from './tests.ts';
import { testsAdded } from './tests-added.ts';
import { testsBite } from './tests-bite.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'alai-checks-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const report = {
  agentType: 'builder',
  company: 'CodeCraft',
  taskSummary: 'Did what was asked.',
  filesWritten: [],
  keyDecisions: [],
  blockers: [],
  verification: 'Ran the tests.',
  verdict: null,
  planItems: [],
  criteria: [],
  consulted: [],
};

/** A change from `was` to `is`, as the harness would show it; every line of a changed file counts as added. */
async function change(
  was: Record<string, string>,
  is: Record<string, string>,
  over: Partial<CheckInput> = {},
): Promise<CheckInput> {
  for (const [path, text] of Object.entries(is)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const paths = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((p) => was[p] !== is[p]);
  const none = async () => ({ exitCode: 0, timedOut: false, output: '', cut: false, ms: 0, sandboxed: true });
  return {
    ...{ stage: 'BUILD', role: 'builder', company: 'CodeCraft', builtBy: null, writes: true, root },
    ...{ base: '', tree: '', gates: [], report, mayReport: true, reported: [], findings: [], criteria: [] },
    ...{ earlier: [], docsFollow: false, run: none, signal: new AbortController().signal },
    changes: paths.map((path) => ({
      path,
      status: was[path] === undefined ? 'A' : is[path] === undefined ? 'D' : 'M',
      added: is[path]?.split('\n').length ?? 0,
      removed: 0,
    })),
    addedLines: paths.flatMap((file) =>
      (is[file] ?? '').split('\n').map((text, i) => ({ file, line: i + 1, text })),
    ),
    outside: () => null,
    before: async (path) => was[path] ?? null,
    clean: async () => ({ root, run: none }),
    beforeWith: async () => ({ root, run: none }),
    conflicts: async () => [],
    ...over,
  } as CheckInput;
}

describe('the score', () => {
  const of = (pass: number, fail: number, blocking = false) =>
    scoreOf([
      ...Array.from({ length: pass }, () => ({
        name: 'size' as CheckName,
        state: 'pass' as const,
        blocking: false,
      })),
      ...Array.from({ length: fail }, () => ({
        name: 'docs' as CheckName,
        state: 'fail' as const,
        blocking,
      })),
    ]);
  test('is met by 15 of 19, and by the same share where fewer apply', () => {
    expect([of(15, 4).ok, of(14, 5).ok]).toEqual([true, false]);
    expect([of(5, 1).ok, of(4, 2).ok]).toEqual([true, false]);
  });
  test('is not met by any number while one failure blocks', () =>
    expect(of(18, 1, true)).toMatchObject({ ok: false, blocked: ['docs'] }));
});

describe('size', () => {
  test('nothing is no work, and a lockfile is not read by anybody', async () => {
    expect((await size(await change({}, {}))).state).toBe('fail');
    expect((await size(await change({}, {}, { stage: 'DOCS' }))).state).toBe('not applicable');
    const lock = await change({}, { 'package-lock.json': 'x\n'.repeat(9_000), 'a.js': '1\n' });
    expect((await size(lock)).state).toBe('pass');
    expect((await size(await change({}, { 'a.js': 'x\n'.repeat(9_000) }))).state).toBe('fail');
  });
});

describe('tests-added', () => {
  const old = "test('one', () => f());\ntest('two', () => f());\n";
  test.each([
    ['renamed in place', { 'a.test.js': old.replace('one', 'first') }, 'pass'],
    [
      'moved to another file',
      { 'a.test.js': "test('two', () => f());\n", 'b.test.js': "test('one', () => f());\n" },
      'pass',
    ],
    ['gone', { 'a.test.js': "test('two', () => f());\n" }, 'fail'],
    ['replaced by others', { 'a.test.js': "test('three', () => f());\n" }, 'fail'],
    ['switched off', { 'a.test.js': old.replace("test('one'", "test.skip('one'") }, 'fail'],
  ])('a test that is %s', async (_, is, state) => {
    const code = {
      'src/f.js': 'export const f = () => {\n  go();\n  return 1;\n  // end\n};\nexport const g = 2;\n',
    };
    expect((await testsAdded(await change({ 'a.test.js': old }, { ...code, ...is }))).state).toBe(state);
  });
  test('code without a test counts against the work, a renamed constant does not', async () => {
    const code = 'export function f(a) {\n  const b = a + 1;\n  return b * 2;\n}\nexport const c = 3;\n';
    expect((await testsAdded(await change({}, { 'src/f.js': code }))).state).toBe('fail');
    expect((await testsAdded(await change({}, { 'src/f.js': 'export const c = 3;' }))).state).toBe(
      'not applicable',
    );
  });
});

describe('leftovers', () => {
  test.each([
    ['src/a.js', 'debugger;', 'fail'],
    ['src/a.js', 'console.log("debug", x)', 'fail'],
    ['src/cli.js', 'console.log(`${n} files`)', 'pass'],
    ['src/a.js', '<<<<<<< ours', 'fail'],
    ['docs/a.md', '=======', 'pass'],
    ['src/a.js', '=======', 'fail'],
    ['src/a.tsx', '<dl><dd>{x}</dd></dl>', 'pass'],
    ['src/a.ts', 'const breakpoint = 640;', 'pass'],
    ['src/a.py', 'breakpoint()', 'fail'],
  ])('%s: %s', async (file, text, state) =>
    expect((await leftovers(await change({}, { [file]: text }))).state).toBe(state),
  );
});

describe('secrets', () => {
  test('a file of secrets is one by its name; an example of it is not', async () => {
    expect(await secrets(await change({}, { '.env': 'A=1' }))).toMatchObject({
      state: 'fail',
      blocking: true,
    });
    expect((await secrets(await change({}, { '.env.example': 'A=' }))).state).toBe('pass');
    expect(
      (await secrets(await change({}, { 'test/a.test.js': "const password = 'Correct-Horse-9';" }))).state,
    ).toBe('pass');
  });
});

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
    await rm(join(root, 'package-lock.json'));
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

describe('the code scanner', () => {
  test.each([
    ['eval(input)', 1],
    ['new Function("a", body)', 1],
    ["import { exec } from 'node:child_process';\nexec(`ls ${dir}`)", 1],
    ["import { execFile } from 'node:child_process';\nexecFile('ls', [dir])", 0],
    ["import { spawn } from 'node:child_process';\nspawn('ls', [dir], { shell: true })", 1],
    ['/a(b)/.exec(text)', 0],
    ['db.query(`SELECT * FROM users WHERE id = ${id}`)', 1],
    ["db.query('SELECT * FROM users WHERE id = $1', [id])", 0],
    ["const sql = 'DELETE FROM t WHERE id = ' + id;\ndb.execute(sql)", 1],
    ['db.query(`SELECT 1`)', 0],
    ['cache.get(`user:${id}`)', 0],
    ['el.innerHTML = `<b>${name}</b>`', 1],
    ["el.innerHTML = ''", 0],
    ['el.textContent = name', 0],
    ['https.request({ rejectUnauthorized: false })', 1],
    ['const token = Math.random().toString(36)', 1],
    ['const jitter = Math.random() * 100', 0],
    ["setTimeout('go()', 1)", 1],
    ['setTimeout(() => go(), 1)', 0],
    ['(0, eval)(input)', 1],
    ['const e = eval;\ne(input)', 1],
    ['[eval].map((f) => f(input))', 1],
    ['globalThis[`ev` + `al`](input)', 1],
    ['Function(input)()', 1],
    ['(() => {}).constructor("return 1")()', 1],
    [
      'const f = x instanceof Function;\nFunction.prototype.call(f);\nconst props = { type: Function, eval: 1 };\nx.Function',
      0,
    ],
    ["import { exec as run } from 'node:child_process';\nrun(`ls ${dir}`)", 1],
    ["import * as c from 'child_process';\nc.exec(command)", 1],
    ["import c from 'node:child_process';\nc['exec'](command)", 1],
    ["const { exec: run } = require('child_process');\nrun(command)", 1],
    ["const run = promisify((await import('node:child_process')).exec);\nawait run(command)", 1],
    ["require('child_process').execSync(command)", 1],
    ["import { exec } from './own.js';\nexec(`ls ${dir}`)", 0],
    ["import { runInNewContext as go } from 'node:vm';\ngo(text)", 1],
  ])('%s', (text, hits) => expect(scanJavaScript(text, 'src/a.js')).toHaveLength(hits));
  test('leaves types alone, and says when it cannot read a file', () => {
    const types =
      'interface A { eval: Function }\nconst a = (f: Function): Function => f;\ntype B = typeof Function;';
    expect(scanJavaScript(types, 'src/a.ts')).toEqual([]);
    expect(scanJavaScript('this is not JavaScript {', 'src/a.js')).toBeNull();
  });
  test('looks at a file that does not parse by the line', async () => {
    const r = await dangerousCalls(await change({}, { 'src/a.js': 'oops {\neval(input);\n' }));
    expect(r).toMatchObject({ state: 'fail', blocking: true });
  });
  test('a long line is no way to hold it up, nor to hide in it', async () => {
    const from = performance.now();
    const long = { 'a.yaml': 'curl '.repeat(40_000), 'b.py': `x = 1${' '.repeat(5_000)}; eval(y)` };
    const i = await change({}, long);
    const r = await dangerousCalls({ ...i, addedLines: shortLines(i.addedLines) });
    expect(r.evidence).toMatch(/^b\.py:1: runs text as code/);
    expect(performance.now() - from).toBeLessThan(2_000);
  });
  test('reads TypeScript too', () =>
    expect(scanJavaScript('const f = (s: string): unknown => eval(s);', 'src/a.ts')).toHaveLength(1));
});

describe('docs', () => {
  const route = { 'src/api.js': "router.get('/api/meals', list)" };
  test('a new address needs a line, or a DOCS stage that writes it', async () => {
    expect((await docs(await change({}, route))).state).toBe('fail');
    expect((await docs(await change({}, { ...route, 'README.md': 'GET /api/meals' }))).state).toBe('pass');
    expect((await docs(await change({}, route, { docsFollow: true }))).state).toBe('not applicable');
  });
  test('a link to nowhere', async () => {
    const is = {
      'docs/a.md': 'See [b](b.md), [c](../README.md#top), [d](https://example.invalid/x).',
      'README.md': '# x',
    };
    expect(await docs(await change({}, is))).toMatchObject({ state: 'fail', evidence: 'docs/a.md:1: b.md' });
  });
});

describe('consulted', () => {
  const given = { earlier: [4001, 4002] };
  test.each([
    ['nothing was given', {}, [], 'not applicable'],
    ['one of them is cited', given, ['#4001'], 'pass'],
    ['none is cited', given, [], 'fail'],
    ['one is made up', given, ['#4001', '#9'], 'fail'],
  ])('%s', async (_, over, cited, state) => {
    const i = await change({}, {}, { ...over, report: { ...report, consulted: cited } });
    expect((await consulted(i)).state).toBe(state);
  });
});

describe('criteria', () => {
  const review = (answers: { number: number; met: boolean }[], over: Partial<CheckInput> = {}) =>
    change(
      {},
      {},
      {
        ...{ stage: 'REVIEW', company: 'Proveo', builtBy: 'CodeCraft', criteria: ['a', 'b'] },
        report: { ...report, verdict: 'pass', criteria: answers.map((a) => ({ ...a, evidence: 'seen' })) },
        ...over,
      },
    );
  const both = [
    { number: 1, met: true },
    { number: 2, met: true },
  ];
  test('each has to be addressed, and what is not met cannot pass', async () => {
    expect((await criteria(await review(both))).state).toBe('pass');
    expect((await criteria(await review(both.slice(1)))).detail).toContain('Criteria 1');
    const unmet = await criteria(
      await review([
        { number: 1, met: false },
        { number: 2, met: true },
      ]),
    );
    expect(unmet).toMatchObject({ state: 'fail', blocking: true });
  });
  test('who built it does not review it', async () =>
    expect(await criteria(await review(both, { builtBy: 'Proveo' }))).toMatchObject({ blocking: true }));
});

describe('tests that are taken away', () => {
  const two =
    "import { a } from './a.js';\nimport { b } from './b.js';\ntest('a', () => assert.equal(a(), 1));\ntest('b', () => assert.equal(b(), 1));\n";
  const was = {
    'a.test.js': two,
    'a.js': 'export const a = () => 1;\n',
    'b.js': 'export const b = () => 1;\n',
  };
  const left = two.replace(/test\('b'.*\n/, '');
  test.each([
    ['with the file they tested', { 'a.test.js': left, 'a.js': was['a.js'] }, 'not applicable'],
    [
      'with the export they tested',
      { ...was, 'a.test.js': left, 'b.js': 'export const c = 1;\n' },
      'not applicable',
    ],
    ['with everything', {}, 'not applicable'],
    ['while what they tested stays', { ...was, 'a.test.js': left }, 'fail'],
    [
      'while something else goes',
      { 'a.test.js': two.replace(/test\('a'.*\n/, ''), 'a.js': was['a.js'] },
      'fail',
    ],
  ])('%s', async (_, is, state) => expect((await testsAdded(await change(was, is))).state).toBe(state));

  const py = 'def test_a():\n    assert a() == 1\n';
  const go = 'func TestA(t *testing.T) {\n\tif a() != 1 { t.Fatal("no") }\n}\n';
  test.each([
    ['test_a.py', py, py.replaceAll(/^/gm, '# ')],
    ['test_a.py', py, `"""\n${py}"""\n`],
    ['test_a.py', py, 'def test_a():\n    pass\n'],
    ['a_test.go', go, `/*\n${go}*/\n`],
    ['a.test.ts', two, two.replace("test('a',", "test('a', { skip: true },")],
    ['a.test.ts', two, `if (false) {\n${two.replaceAll(/^import.*\n/gm, '')}}\n`],
  ])('%s: in a comment, emptied or never reached', async (file, old, now) =>
    expect(await testsAdded(await change({ [file]: old }, { [file]: now }))).toMatchObject({
      blocking: true,
    }),
  );
});

describe('tests-bite', () => {
  const files = {
    'package.json': '{"scripts":{"test":"node --test"}}',
    'src/a.js': 'export const a = 1;\n',
    'a.test.js': "test('a', () => assert.equal(a, 1));\n",
  };
  const at =
    (exitCode: number | null, output = '') =>
    async () => ({
      root,
      run: async () => ({ exitCode, timedOut: false, output, cut: false, ms: 0, sandboxed: true }),
    });
  test.each([
    ['fails without the change', at(0), at(1), {}, { state: 'pass' }],
    ['passes without it', at(0), at(0), {}, { state: 'fail', blocking: true }],
    ['passes without it where behaviour stays', at(0), at(0), { keepsBehaviour: true }, { state: 'fail' }],
    ['fails with it too', at(1), at(1), {}, { state: 'fail' }],
    ['cannot start', at(127), at(127), {}, { state: 'not applicable' }],
    [
      'cannot start without it',
      at(0),
      at(1, 'npx canceled due to missing packages'),
      {},
      { state: 'not applicable' },
    ],
  ])('a new test that %s', async (_, clean, beforeWith, over, answer) => {
    const r = await testsBite(await change({}, files, { clean, beforeWith, ...over }));
    expect(r).toMatchObject(answer);
    expect(r.blocking ?? false).toBe('blocking' in answer);
  });
});

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

describe('build', () => {
  test.each([
    ['k8s/app.yaml', 'kind: A\n---\nkind: B\n', 'pass'],
    ['k8s/app.yaml', 'kind: A\n---\nkind: [\n', 'fail'],
    ['chart/templates/a.yaml', '{{- if .Values.a }}\nkind: A\n{{- end }}\n', 'not applicable'],
    ['tsconfig.json', '{\n  // of "mine"\n  "a": "http://x", /* b */\n}\n', 'pass'],
    ['tsconfig.json', '{ "a": }', 'fail'],
    ['data.json', '{ // no\n}', 'fail'],
  ])('%s %j', async (file, text, state) =>
    expect((await build(await change({}, { [file]: text }))).state).toBe(state),
  );
  test('follows no link, and reads no file without an end', async () => {
    await symlink('/etc/hostname', join(root, 'a.json'));
    await symlink('/dev/zero', join(root, 'b.js'));
    await symlink('/etc', join(root, 'etc'));
    const all = ['a.json', 'b.js', 'etc/hostname', '../x'];
    expect(await Promise.all(all.map((f) => readRegular(root, f)))).toEqual(all.map(() => null));
  });
});

test('a report may leave out what a later step took away, and invents nothing', async () => {
  const i = await change({}, { 'a.js': '1' }, { reported: ['a.js', 'draft.js'] });
  const said = (filesWritten: string[]) => ({
    ...i,
    report: { ...report, taskSummary: 'x'.repeat(30), filesWritten },
  });
  expect((await reported(said([]))).state).toBe('pass');
  expect((await reported(said(['draft.js']))).state).toBe('fail');
});

test('a gate is not hidden by another of its kind, and an old failure is over', async () => {
  const g = (gate: string, ok: boolean, tryNumber = 1) =>
    ({ stepKey: 'build', gate, ok, tryNumber, tree: `t${tryNumber}`, command: null, detail: '' }) as never;
  const of = async (...all: never[]) => (await gates(await change({}, {}, { gates: all }))).state;
  expect(await of(g('file_exists', false), g('file_exists', true))).toBe('fail');
  expect(await of(g('paths', false), g('command', true), g('command', true, 2))).toBe('pass');
});

test('many lines of one file are looked at in no time', async () => {
  const lines = Array.from({ length: 60_000 }, (_, line) => ({ file: 'a"b\n.csv', line, text: `x,${line}` }));
  const from = performance.now();
  const key = { file: '', line: 7, text: "const password = 'Aa1!sdfjkh23';" };
  expect(await findSecrets([...lines, key])).toMatchObject([{ file: '', line: 7 }]);
  expect(performance.now() - from).toBeLessThan(5_000);
});
