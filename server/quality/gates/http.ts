import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type GateOf, verdict } from './gate.ts';

/**
 * Starts the command and asks the address from beside it: inside the sandbox there is no other network. Prints what it
 * saw, and ends the command with itself.
 */
const ASK_BESIDE = `
const { spawn } = require('node:child_process');
const [url, status, contains, seconds, ...argv] = process.argv.slice(1);
const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] });
let last = 'no answer';
const end = (code, text) => { console.log(text); child.kill('SIGKILL'); process.exit(code); };
child.on('error', (e) => end(1, 'cannot start: ' + e.message));
child.on('exit', (code) => end(1, 'the command ended with exit ' + code));
const until = Date.now() + Number(seconds) * 1000;
(async function ask() {
  try {
    const r = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5000) });
    const body = (await r.text()).slice(0, 100000);
    last = 'status ' + r.status;
    if (r.status === Number(status) && body.includes(contains)) end(0, last);
    if (r.status === Number(status)) last += ', but the text is not in the answer';
  } catch (e) { last = (e.cause && e.cause.code) || e.message; }
  if (Date.now() > until) end(1, last);
  setTimeout(ask, 150);
})();`;

/** An address answers as expected. */
export const http: GateOf<'http'> = async (spec, { root, run }) => {
  if (spec.ifFile && !(await lstat(join(root, spec.ifFile)).catch(() => null))) {
    return { ...verdict(true, ''), skipped: `there is no ${spec.ifFile}` };
  }
  const wanted = `${spec.url} answers ${spec.status}${spec.contains ? ` with "${spec.contains}"` : ''}`;
  if (spec.start) {
    const told = [spec.url, `${spec.status}`, spec.contains ?? '', `${spec.seconds}`, ...spec.start];
    const r = await run(['node', '-e', ASK_BESIDE, ...told], spec.seconds + 10);
    const said = r.output.trim().split('\n').at(-1) ?? '';
    const ok = r.exitCode === 0;
    return {
      ok,
      detail: ok ? wanted : `${wanted}: no, ${said}`,
      command: spec.start,
      exitCode: r.exitCode,
      output: r.output,
    };
  }
  try {
    const r = await fetch(spec.url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(spec.seconds * 1_000),
    });
    const body = (await r.text()).slice(0, 100_000);
    const ok = r.status === spec.status && body.includes(spec.contains ?? '');
    return verdict(ok, ok ? wanted : `${wanted}: no, it answers ${r.status}`, body.slice(0, 2_000));
  } catch (e) {
    const cause = (e as Error & { cause?: { code?: string } }).cause?.code ?? (e as Error).message;
    return verdict(false, `${wanted}: no, ${cause}`);
  }
};
