import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleOf } from '#server/projects/bundle.ts';
import { bareRepositoryOf } from '#server/projects/git.ts';
import { buildArchive } from '#server/quality/archive.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';
import { verifyProof } from './verify.ts';

let f: Factory;
let zip: Uint8Array;
beforeAll(async () => {
  const seed = (name: string) => readFile(`samples/bento/seed/${name}`, 'utf8');
  f = await createFactory({
    'package.json': await seed('package.json'),
    'README.md': await seed('README.md'),
  });
  const ports = memoryPorts();
  const run = await f.run(await f.work('BUILD', { id: 4001, title: 'Bento: project scaffold' }), ports);
  const proof = ports.proofs[0];
  if (!proof || run.kind !== 'done') throw new Error('no proof');
  const bare = bareRepositoryOf(f.home, 'p1');
  await mkdir(path.dirname(bare), { recursive: true });
  await cp(f.bare, bare, { recursive: true });
  const bundle = await bundleOf(f.home, 'p1', 4001, run.commit ?? '');
  zip = buildArchive({
    taskId: 4001,
    ...proof,
    gates: ports.gates,
    checks: ports.checked.at(-1)?.results ?? [],
    bundle,
  });
}, 60_000);
afterAll(() => f?.stop());

const repacked = (change: (files: Record<string, Uint8Array>) => void) => {
  const files = unzipSync(zip);
  change(files);
  return zipSync(files);
};

describe('a proof of work', { timeout: 60_000 }, () => {
  test('holds when everything is run again', async () => {
    const v = await verifyProof(zip);
    expect(v.items.filter((i) => !i.ok)).toEqual([]);
    expect(v).toMatchObject({ taskId: 4001, ok: true });
    expect(v.items.length).toBeGreaterThanOrEqual(19);
  });

  test('its own script says the same, with sh and git alone', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'alai-proof-'));
    for (const [name, bytes] of Object.entries(unzipSync(zip))) {
      await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
      await writeFile(path.join(dir, name), bytes);
    }
    const said = execFileSync('sh', [path.join(dir, 'proof-4001/verify/verify.sh')], { encoding: 'utf8' });
    expect(said).toContain('the new tests fail without the change');
    expect(said).toMatch(/^\d+ passed, 0 failed$/m);
    await rm(dir, { recursive: true });
  });

  test('does not hold when somebody touched it', async () => {
    const touched = repacked((files) => {
      files['proof-4001/GOTCHA.md'] = strToU8('# All of it is perfect\n');
    });
    const v = await verifyProof(touched);
    expect(v.ok).toBe(false);
    expect(v.items[0]).toMatchObject({ name: 'archive', ok: false, detail: 'changed or missing: GOTCHA.md' });
  });

  test('does not hold when the manifest claims another result than the commit gives', async () => {
    const name = 'proof-4001/manifest.json';
    const lying = repacked((files) => {
      const manifest = JSON.parse(new TextDecoder().decode(files[name]));
      for (const r of manifest.checks.results) if (r.name === 'types-and-lint') r.state = 'pass';
      files[name] = strToU8(JSON.stringify(manifest));
    });
    const v = await verifyProof(lying);
    expect(v.items.filter((i) => !i.ok)).toMatchObject([
      { name: 'Types and lint are clean', recorded: 'pass', now: 'not applicable' },
    ]);
  });

  test('does not hold when it says nothing of what was looked at', async () => {
    const name = 'proof-4001/manifest.json';
    const empty = repacked((files) => {
      const manifest = JSON.parse(new TextDecoder().decode(files[name]));
      files[name] = strToU8(JSON.stringify({ ...manifest, inspected: null, archive: {} }));
    });
    const v = await verifyProof(empty);
    expect(v.items.filter((i) => !i.ok).map((i) => i.name)).toEqual(['archive', 'checks']);
  });

  test('that is none is refused with words', async () => {
    await expect(verifyProof(strToU8('hello'))).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
