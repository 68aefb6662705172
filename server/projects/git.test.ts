import { mkdir, mkdtemp, readFile, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git, gitLine } from '#server/platform/git.ts';
import { bringBranch, deliver } from './deliver.ts';
import { importFolder, inspectFolder } from './git.ts';
import { createGitHttp } from './git-http.ts';

let dir: string;
beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'alai-projects-')));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let n = 0;
const who = ['-c', 'user.name=Op', '-c', 'user.email=op@example.invalid'];
async function operatorFolder(): Promise<string> {
  const path = join(dir, `folder-${++n}`);
  await mkdir(path);
  await git(['init', '-q', '-b', 'trunk', path]);
  await writeFile(join(path, 'a.txt'), 'one\n');
  await git(['add', '-A'], { cwd: path });
  await git([...who, 'commit', '-qm', 'Start'], { cwd: path });
  return path;
}
/** Accepted work: a commit on the bare repository's branch. */
async function accept(bare: string, branch: string, file: string, text: string): Promise<string> {
  const clone = join(dir, `clone-${++n}`);
  await git(['clone', '-q', '-b', branch, bare, clone]);
  await writeFile(join(clone, file), text);
  await git(['add', '-A'], { cwd: clone });
  await git([...who, 'commit', '-qm', 'Accepted'], { cwd: clone });
  await git(['push', '-q', 'origin', branch], { cwd: clone });
  return gitLine(['rev-parse', 'HEAD'], { cwd: clone });
}
const codeOf = (p: Promise<unknown>) =>
  p.then(
    () => 'none',
    (e: { code: string }) => e.code,
  );

describe('importing a folder', () => {
  it('refuses what is no repository, bare, empty or dirty, and writes nothing', async () => {
    const home = join(dir, 'home-refused');
    const plain = join(dir, 'plain');
    await mkdir(plain);
    const bare = join(dir, 'bare.git');
    await git(['init', '-q', '--bare', bare]);
    const empty = join(dir, 'empty');
    await git(['init', '-q', empty]);
    const dirty = await operatorFolder();
    await writeFile(join(dirty, 'b.txt'), 'new\n');
    expect(await codeOf(importFolder(join(dir, 'nowhere'), home))).toBe('PROJECT_NOT_A_REPOSITORY');
    expect(await codeOf(importFolder(plain, home))).toBe('PROJECT_NOT_A_REPOSITORY');
    expect(await codeOf(importFolder(bare, home))).toBe('PROJECT_BARE');
    expect(await codeOf(importFolder(empty, home))).toBe('PROJECT_EMPTY');
    expect(await codeOf(importFolder(dirty, home))).toBe('PROJECT_DIRTY');
    await rm(join(dirty, 'b.txt'));
    await writeFile(join(dirty, 'a.txt'), 'changed\n');
    await expect(importFolder(dirty, home)).rejects.toThrow(/uncommitted changes: a\.txt$/);
    expect(await codeOf(readFile(join(home, 'repositories')))).toBe('ENOENT');
  });

  it('takes the folder’s branch, and finds the same project again', async () => {
    const path = await operatorFolder();
    const first = await importFolder(path, join(dir, 'home'));
    expect(first.defaultBranch).toBe('trunk');
    expect(first.id).toMatch(/^[0-9a-f]{16}$/);
    expect(await gitLine(['rev-parse', 'refs/heads/trunk'], { gitDir: first.bareRepository })).toBe(
      first.head,
    );
    expect(await importFolder(path, join(dir, 'home'))).toEqual(first);
  });

  it('runs nothing that the repository plants, neither on the way in nor on the way back', async () => {
    const path = await operatorFolder();
    const mark = join(dir, 'planted');
    const evil = `touch ${mark}; cat`;
    await writeFile(join(path, '.gitattributes'), '*.txt filter=x.y\n');
    await git(['add', '-A'], { cwd: path });
    await git([...who, 'commit', '-qm', 'Attributes'], { cwd: path });
    await writeFile(join(path, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    await writeFile(join(path, '.git/hooks/post-merge'), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    await git(['config', 'core.fsmonitor', `touch ${mark}; false`], { cwd: path });
    for (const what of ['clean', 'smudge']) await git(['config', `filter.x.y.${what}`, evil], { cwd: path });
    await git(['config', 'filter.x.y.required', 'true'], { cwd: path });
    // A file that looks touched has to be read again, and would go through the filter.
    const touched = () => utimes(join(path, 'a.txt'), new Date(), new Date(Date.now() - 60_000));
    await touched();
    await inspectFolder(path);
    const p = await importFolder(path, join(dir, 'home'));
    await accept(p.bareRepository, 'trunk', 'b.txt', 'two\n');
    await touched();
    expect(await deliver({ path, bareRepository: p.bareRepository, branch: 'trunk' })).toMatchObject({
      result: 'fast-forwarded',
    });
    expect(await codeOf(readFile(mark))).toBe('ENOENT');
  });
});

describe('delivering accepted work', () => {
  it('moves a clean folder forward', async () => {
    const path = await operatorFolder();
    const p = await importFolder(path, join(dir, 'home'));
    const sha = await accept(p.bareRepository, 'trunk', 'b.txt', 'two\n');
    expect(await deliver({ path, bareRepository: p.bareRepository, branch: 'trunk' })).toMatchObject({
      result: 'fast-forwarded',
      sha,
    });
    expect(await readFile(join(path, 'b.txt'), 'utf8')).toBe('two\n');
    expect(await deliver({ path, bareRepository: p.bareRepository, branch: 'trunk' })).toEqual({
      result: 'unchanged',
    });
  });

  it('never goes over the operator’s changes, commits or other branch', async () => {
    const path = await operatorFolder();
    const p = await importFolder(path, join(dir, 'home'));
    const sha = await accept(p.bareRepository, 'trunk', 'a.txt', 'theirs\n');
    await writeFile(join(path, 'a.txt'), 'mine\n');
    expect(await deliver({ path, bareRepository: p.bareRepository, branch: 'trunk' })).toMatchObject({
      result: 'branch',
      branch: 'alai/trunk',
      sha,
      reason: 'the folder has uncommitted changes',
    });
    expect(await readFile(join(path, 'a.txt'), 'utf8')).toBe('mine\n');
    await git(['add', '-A'], { cwd: path });
    await git([...who, 'commit', '-qm', 'Mine'], { cwd: path });
    expect(await deliver({ path, bareRepository: p.bareRepository, branch: 'trunk' })).toMatchObject({
      result: 'branch',
      reason: 'trunk there holds commits of its own',
    });
    expect(await gitLine(['rev-parse', 'alai/trunk'], { cwd: path })).toBe(sha);
  });

  it('brings what waits for a pull request, and what was restored, as branches beside his own', async () => {
    const path = await operatorFolder();
    const p = await importFolder(path, join(dir, 'home'));
    const bare = { gitDir: p.bareRepository };
    const sha = await gitLine(['rev-parse', 'trunk'], bare);
    for (const branch of ['alai/accept/4001', 'alai/restored/4002-1'])
      await git(['update-ref', `refs/heads/${branch}`, sha], bare);
    const waiting = { path, bareRepository: p.bareRepository, branch: 'alai/accept/4001' };
    expect(await deliver(waiting)).toMatchObject({ result: 'branch', branch: 'alai/accept/4001', sha });
    const restored = { ...waiting, branch: 'alai/restored/4002-1' };
    expect(await bringBranch(restored)).toBe(true);
    for (const branch of ['alai/accept/4001', 'alai/restored/4002-1'])
      expect(await gitLine(['rev-parse', branch], { cwd: path })).toBe(sha);
    await git(['checkout', '-q', 'alai/restored/4002-1'], { cwd: path });
    await git([...who, 'commit', '--allow-empty', '-qm', 'His own'], { cwd: path });
    expect(await bringBranch(restored)).toBe(false);
    expect(await bringBranch({ ...restored, path: join(dir, 'gone') })).toBe(false);
  });
});

describe('git over HTTP', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    const handler = createGitHttp({ repositories: join(dir, 'home/repositories'), token: 'secret-token' });
    server = createServer(
      (req, res) => void handler(req, res).then((mine) => mine || res.writeHead(404).end()),
    );
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/git`;
  });
  afterAll(() => new Promise((r) => server.close(r)));

  it('serves fetch and push with the token', async () => {
    const p = await importFolder(await operatorFolder(), join(dir, 'home'));
    const clone = join(dir, 'over-http');
    await git(['clone', '-q', `${url}/${p.id}.git`, clone], { token: 'secret-token' });
    await writeFile(join(clone, 'big.bin'), Buffer.alloc(3_000_000, 7));
    await git(['add', '-A'], { cwd: clone });
    await git([...who, 'commit', '-qm', 'Big'], { cwd: clone });
    await git(['push', '-q', 'origin', 'HEAD:refs/heads/minion/1-1'], { cwd: clone, token: 'secret-token' });
    const sha = await gitLine(['rev-parse', 'HEAD'], { cwd: clone });
    expect(await gitLine(['rev-parse', 'refs/heads/minion/1-1'], { gitDir: p.bareRepository })).toBe(sha);
    const other = join(dir, 'by-sha.git');
    await git(['init', '-q', '--bare', other]);
    await git(['fetch', '-q', `${url}/${p.id}.git`, sha], { gitDir: other, token: 'secret-token' });
  });

  it('refuses a missing or wrong token, unknown repositories and paths', async () => {
    const p = await importFolder(await operatorFolder(), join(dir, 'home'));
    const get = (path: string, auth?: string) =>
      fetch(`${url}${path}`, { headers: auth ? { authorization: auth } : {} }).then((r) => r.status);
    const refs = `/${p.id}.git/info/refs?service=git-upload-pack`;
    expect(await get(refs)).toBe(401);
    expect(await get(refs, 'Bearer wrong')).toBe(401);
    expect(await get(refs, 'Bearer secret-token')).toBe(200);
    expect(await get(refs, `Basic ${Buffer.from('x:secret-token').toString('base64')}`)).toBe(200);
    expect(await get('/unknown.git/info/refs?service=git-upload-pack', 'Bearer secret-token')).toBe(404);
    expect(await get(`/${p.id}.git/config`, 'Bearer secret-token')).toBe(404);
    expect(await get(`/${p.id}.git/info/refs?service=git-evil`, 'Bearer secret-token')).toBe(404);
  });
});
