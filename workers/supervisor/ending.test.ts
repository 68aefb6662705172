import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';

const ending = path.join(import.meta.dirname, 'ending.ts');
/** Ends in order when its input is over, so that everything it is told meanwhile comes before that. */
const script = `import { endWhenTold } from ${JSON.stringify(ending)};
  endWhenTold(process, {
    inOrder: (reason) => {
      process.stderr.write('in order: ' + reason + '\\n');
      process.stdout.write('Stopping\\n', () => process.stderr.write('said\\n'));
      process.stdin.on('end', () => process.exit(0)).resume();
    },
    atOnce: () => process.exit(1),
  });
  process.on('SIGHUP', () => process.stderr.write('heard SIGHUP\\n'));
  process.stderr.write('ready\\n');
  setInterval(() => {}, 1000);`;

async function started() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const says = (what: string) => expect.poll(() => said, { timeout: 20_000 }).toContain(what);
  const ends = once(child, 'exit') as Promise<[number | null]>;
  await says('ready');
  return { child, says, code: async () => (await ends)[0] };
}

test('what is told again by who started it is one wish, as when its whole group is told', {
  timeout: 60_000,
}, async () => {
  const { child, says, code } = await started();
  child.kill('SIGTERM');
  await says('in order: SIGTERM');
  child.kill('SIGHUP');
  await says('heard SIGHUP');
  child.stdin.end();
  expect(await code()).toBe(0);
});

test('a second Ctrl-C ends it at once', { timeout: 60_000 }, async () => {
  const { child, says, code } = await started();
  child.kill('SIGINT');
  await says('in order: SIGINT');
  child.kill('SIGINT');
  expect(await code()).toBe(1);
});

test('nobody has to be there to read what it says while it ends', { timeout: 60_000 }, async () => {
  const { child, says, code } = await started();
  child.stdout.destroy();
  child.kill('SIGHUP');
  await says('said');
  child.stdin.end();
  expect(await code()).toBe(0);
});
