import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** A package whose `npm start` is ours, with a stand-in for the supervisor that says what happens to it. */
function packageOfOurs() {
  const home = mkdtempSync(path.join(tmpdir(), 'alai-npm-'));
  // What is told to end may still say so while its folder goes.
  onTestFinished(() => rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  const said = path.join(home, 'said');
  const supervisor = path.join(home, 'supervisor.mjs');
  writeFileSync(
    supervisor,
    `import { appendFileSync } from 'node:fs';
     const say = (text) => appendFileSync(${JSON.stringify(said)}, text + '\\n');
     const end = (why) => { say(why); process.exit(0); };
     process.on('SIGTERM', () => end('stopped in order'));
     process.on('disconnect', () => end('left alone'));
     setInterval(() => say('runs'), 100);`,
  );
  const start = `import { run } from ${JSON.stringify(path.join(root, 'scripts/bootstrap.mjs'))};
    run(${JSON.stringify(path.relative(root, supervisor))});`;
  writeFileSync(path.join(home, 'start.mjs'), start);
  writeFileSync(path.join(home, 'package.json'), '{"name":"x","scripts":{"start":"node start.mjs"}}');
  return { home, lines: () => (existsSync(said) ? readFileSync(said, 'utf8').trim().split('\n') : []) };
}
/** As a shell would give it: these tests may run under an npm of their own. */
const env = { ...process.env };
for (const name of Object.keys(env)) if (name.startsWith('npm_')) delete env[name];

test('npm that is told to end takes all of it along, in order', { timeout: 60_000 }, async () => {
  const { home, lines } = packageOfOurs();
  const npm = spawn('npm', ['start'], { cwd: home, env, stdio: 'ignore' });
  await expect.poll(lines, { timeout: 30_000 }).toContain('runs');
  npm.kill('SIGTERM');
  await expect.poll(lines, { timeout: 20_000 }).toContain('stopped in order');
});

test('a shell that is left leaves it alone', { timeout: 60_000 }, async () => {
  const { home, lines } = packageOfOurs();
  const script = 'node start.mjs > /dev/null 2>&1 < /dev/null & echo $!';
  const shell = spawn('sh', ['-c', script], { cwd: home, env, stdio: ['ignore', 'pipe', 'ignore'] });
  let pid = '';
  shell.stdout.on('data', (text: Buffer) => {
    pid += text.toString();
  });
  await new Promise((left) => shell.once('exit', left));
  await expect.poll(() => pid).toMatch(/\d/);
  onTestFinished(() => {
    process.kill(Number(pid), 'SIGTERM');
  });
  // More than three of its looks.
  await expect.poll(() => lines().length, { timeout: 30_000 }).toBeGreaterThan(20);
  expect(new Set(lines())).toEqual(new Set(['runs']));
});
