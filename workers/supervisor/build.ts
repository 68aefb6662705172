import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { AlaiError } from '#server/domain/errors.ts';
import { sleep } from '#server/platform/clock.ts';
import { readText, writeAtomic, writeOnce } from '#server/platform/files.ts';
import { isAlive, markOf } from '#server/platform/processes.ts';

const STAMP = '.next/alai-build';
const LOCK = '.alai-build.lock';
const SOURCES = [
  '{app,components,server,public}/**/*',
  'prisma/schema.prisma',
  '{next.config,proxy,instrumentation}.ts',
  'postcss.config.mjs',
  'package-lock.json',
  'package.json',
  'tsconfig.json',
];

/** Changes exactly when a build would come out differently. */
function sourceHash(root: string): string {
  const files = globSync([...SOURCES, '!**/*.test.{ts,tsx}'], { cwd: root }).sort();
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

/**
 * Builds the pages when their sources changed since the last build; returns whether it did. Two copies that share one
 * checkout take turns. `.next/cache` stays, so a second build is a warm one.
 */
export async function buildPages(
  root: string,
  log: string,
  at: (detail: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const unlock = await turn(root, at, signal);
  try {
    const hash = sourceHash(root);
    const stamp = path.join(root, STAMP);
    if (readText(stamp) === hash) return false;
    rmSync(stamp, { force: true });
    at('first build takes about a minute');
    const { code, output } = await nextBuild(root, at, signal);
    signal.throwIfAborted();
    appendFileSync(log, output);
    if (code !== 0) {
      const tail = output.trim().split('\n').slice(-20).join('\n');
      throw new AlaiError('INTERNAL', `The pages could not be built:\n${tail}`, `The whole log is ${log}.`);
    }
    writeAtomic(stamp, hash, 0o644);
    return true;
  } finally {
    unlock();
  }
}

async function turn(root: string, at: (detail: string) => void, signal: AbortSignal): Promise<() => void> {
  const file = path.join(root, LOCK);
  const mine = JSON.stringify(markOf(process.pid));
  for (;;) {
    const held = writeOnce(file, mine, 0o644);
    if (held === mine) return () => rmSync(file, { force: true });
    try {
      const mark = JSON.parse(held);
      if (isAlive(mark)) {
        at(`waiting for process ${mark.pid}, which builds them`);
        await sleep(500, signal);
        continue;
      }
    } catch {
      // damaged: nobody's
    }
    rmSync(file, { force: true });
  }
}

function nextBuild(
  root: string,
  at: (detail: string) => void,
  signal: AbortSignal,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'build'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const last = text.trim().split('\n').at(-1)?.trim();
        if (last) at(last.slice(0, 60));
      });
    }
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    signal.addEventListener('abort', end, { once: true });
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('exit', end);
      signal.removeEventListener('abort', end);
      resolve({ code: code ?? 1, output });
    });
  });
}
