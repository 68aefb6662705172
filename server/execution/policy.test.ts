import { link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanPath, placeToRead, placeToWrite } from './policy.ts';

describe('paths a model writes', () => {
  it.each([
    ['src/a.js', 'src/a.js'],
    ['./src//a.js', 'src/a.js'],
    ['src/', 'src'],
    ['.', ''],
    ['.github/workflows/ci.yml', '.github/workflows/ci.yml'],
    ['.gitignore', '.gitignore'],
    ['søppel/æ.txt', 'søppel/æ.txt'],
    ['a..b/c', 'a..b/c'],
  ])('takes %j as %j', (path, clean) => expect(cleanPath(path)).toBe(clean));

  it.each([
    ['../outside', 'leaves the repository'],
    ['src/../../outside', 'leaves the repository'],
    ['/etc/passwd', 'absolute'],
    ['C:/windows', 'absolute'],
    ['~/x', 'home'],
    ['src\\..\\x', 'with /'],
    ['a\0b', 'NUL'],
    ['.git/config', '.git belongs'],
    ['sub/.GIT/hooks/pre-commit', '.git belongs'],
    ['.git./config', '.git belongs'],
    ['git~1/config', '.git belongs'],
    ['.g\u200bit/config', 'invisible'],
    ['a\u202eb', 'invisible'],
    ['a\nb', 'invisible'],
    ['．．/x', 'leaves the repository'],
    ['／etc/passwd', 'absolute'],
    ['.ｇit/config', '.git belongs'],
    ['ﬁle', 'plain characters'],
    ['a'.repeat(500), 'longer'],
    ['.env.', 'dot or a blank'],
    ['src /a.js', 'dot or a blank'],
  ])('refuses %j because it %s', (path, why) => expect(() => cleanPath(path)).toThrow(why));
});

describe('links', () => {
  let dir: string;
  let root: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alai-policy-'));
    root = join(dir, 'tree');
    await mkdir(join(root, 'src'), { recursive: true });
    await writeFile(join(dir, 'secret'), 'secret');
    await writeFile(join(root, 'src/a.js'), 'a');
    await symlink('../../secret', join(root, 'src/out'));
    await symlink('a.js', join(root, 'src/in'));
    await symlink('..', join(root, 'up'));
    await link(join(dir, 'secret'), join(root, 'src/hard'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('reads through a link that stays inside, never through one that leaves', async () => {
    expect(await readFile(await placeToRead(root, 'src/in'), 'utf8')).toBe('a');
    await expect(placeToRead(root, 'src/out')).rejects.toThrow('leaves the repository');
    await expect(placeToRead(root, 'up/secret')).rejects.toThrow('leaves the repository');
    await expect(placeToRead(root, 'nothing')).rejects.toThrow('does not exist');
  });

  it('writes through no link, and to no file with a second name', async () => {
    await expect(placeToWrite(root, 'src/in')).rejects.toThrow('is a link');
    await expect(placeToWrite(root, 'up/new')).rejects.toThrow('is a link');
    await expect(placeToWrite(root, 'src/hard')).rejects.toThrow('hard link');
    await expect(placeToWrite(root, 'src')).rejects.toThrow('not a file');
    await expect(placeToWrite(root, 'src/a.js/b')).rejects.toThrow('not a folder');
    expect(await placeToWrite(root, 'new/deep.js')).toBe(join(root, 'new/deep.js'));
  });
});
