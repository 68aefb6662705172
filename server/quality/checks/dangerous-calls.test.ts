// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are programs to be scanned
import { describe, expect, test } from 'vitest';
import { workplace } from '#test/change.ts';
import { shortLines } from '../lines.ts';
import { dangerousCalls } from './dangerous-calls.ts';
import { scanJavaScript } from './scan-javascript.ts';

const { change } = workplace();

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
    expect(performance.now() - from).toBeLessThan(10_000);
  });
  test('reads TypeScript too', () =>
    expect(scanJavaScript('const f = (s: string): unknown => eval(s);', 'src/a.ts')).toHaveLength(1));
});
