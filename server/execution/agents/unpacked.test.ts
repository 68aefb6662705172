import { chmod, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cliAgents } from './registry.ts';
import { unpackedFor } from './unpacked.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'alai-unpacked-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A program that unpacks itself, or does what it is told to instead. */
async function installed(name: string, script: string) {
  const program = join(dir, name);
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  return { agent: cliAgents.copilot, program, readable: program };
}
const unpacks = (word: string) =>
  `[ "$COPILOT_SEA_EXTRACT_ONLY" = 1 ] && echo ${word} >> "$COPILOT_PKG_CACHE_HOME/program" && echo run >> "${dir}/runs"`;

it('is unpacked once for all who start it at once, and again only when it changed', async () => {
  const hostDir = join(dir, 'host');
  const found = await installed('copilot', unpacks('one'));
  const folders = await Promise.all([1, 2, 3].map(() => unpackedFor(found, hostDir)));
  const [first] = folders;
  expect(new Set(folders).size).toBe(1);
  expect(await readFile(join(first ?? '', 'program'), 'utf8')).toBe('one\n');
  expect(await unpackedFor(found, hostDir)).toBe(first);
  expect(await readFile(join(dir, 'runs'), 'utf8')).toBe('run\n');

  const next = await installed('copilot', unpacks('two'));
  await utimes(next.program, new Date(), new Date('2031-01-01T00:00:00Z'));
  const second = await unpackedFor(next, hostDir);
  expect(await readFile(join(second ?? '', 'program'), 'utf8')).toBe('two\n');
  expect(await readdir(join(hostDir, 'agents'))).toEqual([second?.split('/').at(-1)]);
});

it.each([
  ['fails', 'echo half > "$COPILOT_PKG_CACHE_HOME/program"; exit 1'],
  ['unpacks nothing', 'exit 0'],
])('leaves nothing behind that could be taken for it when it %s', async (name, script) => {
  const hostDir = join(dir, name);
  expect(await unpackedFor(await installed('copilot-broken', script), hostDir)).toBeNull();
  expect(await readdir(join(hostDir, 'agents'))).toEqual([]);
});

it('is asked of no agent that has nothing to unpack', async () => {
  const found = await installed('codex', 'exit 1');
  expect(await unpackedFor({ ...found, agent: cliAgents.codex }, join(dir, 'none'))).toBeNull();
});
