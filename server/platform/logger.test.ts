import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from './logger.ts';

function someHome() {
  const home = mkdtempSync(path.join(tmpdir(), 'alai-log-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return { home, logs: path.join(home, 'logs') };
}
const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l).n as number);

test('a log of a process that never ends stays bounded, and every line is whole', () => {
  const { home, logs } = someHome();
  const log = createLogger('host-a', { home, level: 'info', tty: false, keepBytes: 20_000 });
  for (let n = 0; n < 2_000; n++) log.info({ n }, 'looked at the models');
  expect(readdirSync(logs).toSorted()).toEqual(['host-a.log', 'host-a.log.1']);
  const [now, before] = [path.join(logs, 'host-a.log'), path.join(logs, 'host-a.log.1')];
  for (const file of [now, before]) expect(statSync(file).size).toBeLessThan(20_500);
  const kept = [...linesOf(before), ...linesOf(now)];
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 2_000 - kept.length + i));
  expect(kept.length).toBeGreaterThan(100);
});

test('the next process goes on in the same file, and sets it aside when it was large', () => {
  const { home, logs } = someHome();
  const options = { home, level: 'info', tty: false, keepBytes: 300 };
  const file = path.join(logs, 'web.log');
  createLogger('web', options).info({ n: 1 }, 'first');
  createLogger('web', options).info({ n: 2, long: 'x'.repeat(300) }, 'second');
  expect(linesOf(file)).toEqual([1, 2]);
  createLogger('web', options).info({ n: 3 }, 'third');
  expect(linesOf(file)).toEqual([3]);
  expect(linesOf(`${file}.1`)).toEqual([1, 2]);
});

test('what looks like a secret is not written', () => {
  const { home, logs } = someHome();
  createLogger('cli', { home, level: 'info', tty: false }).info({ apiKey: 'sk-1', of: { token: 'sk-2' } });
  expect(readFileSync(path.join(logs, 'cli.log'), 'utf8')).not.toContain('sk-');
});

test('a terminal that was closed ends nobody: the file has what he goes on to say', {
  timeout: 60_000,
}, async () => {
  const { home, logs } = someHome();
  const script = `import { createLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'logger.ts'))};
    const log = createLogger('worker', { home: ${JSON.stringify(home)}, level: 'info', tty: true });
    process.stdin.once('data', () => {
      log.info({ n: 1 }, 'leaving');
      setTimeout(() => {
        log.info({ n: 2 }, 'gave its work back');
        process.exit(0);
      }, 200);
    });
    process.stdout.write('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' });
  await once(child.stdout, 'data');
  child.stderr.destroy();
  child.stdin.write('leave');
  expect((await once(child, 'exit'))[0]).toBe(0);
  expect(linesOf(path.join(logs, 'worker.log'))).toEqual([1, 2]);
});
