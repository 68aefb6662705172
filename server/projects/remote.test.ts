import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bareRepositoryOf } from './git.ts';
import { idOfUrl, importUrl, isRepositoryUrl, repositoryUrl } from './remote.ts';

const root = mkdtempSync(path.join(tmpdir(), 'alai-remote-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const there = path.join(root, 'there');
const run = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { encoding: 'utf8' });
run('init', '-q', '-b', 'trunk', there);
const commit = (text: string) => {
  writeFileSync(path.join(there, 'a.txt'), text);
  run('-C', there, 'add', '.');
  run('-C', there, 'commit', '-qm', text);
  return run('-C', there, 'rev-parse', 'HEAD').trim();
};
const url = `file://${there}`;

test('an address is cloned whole, once, and brings what is new', async () => {
  const first = commit('one');
  const home = path.join(root, 'home');
  const found = await importUrl(url, home, { files: true });
  expect(found).toMatchObject({ id: idOfUrl(url), name: 'there', url, defaultBranch: 'trunk' });
  const head = () => run('--git-dir', bareRepositoryOf(home, found.id), 'rev-parse', 'HEAD').trim();
  expect(head()).toBe(first);
  const second = commit('two');
  expect((await importUrl(url, home, { files: true })).id).toBe(found.id);
  expect(head()).toBe(second);
});

test('what cannot be fetched is said, and nothing half-made stays', async () => {
  const home = path.join(root, 'other');
  const refused = (reference: string, o: { files: boolean; mostBytes?: number } = { files: true }) =>
    importUrl(reference, home, o).catch((e: { code?: string }) => e.code);
  expect(await refused(`file://${root}/nowhere`)).toBe('PROJECT_UNREACHABLE');
  expect(await refused('https://127.0.0.1:1/x.git')).toBe('PROJECT_UNREACHABLE');
  run('init', '-q', path.join(root, 'empty'));
  expect(await refused(`file://${root}/empty`)).toBe('PROJECT_EMPTY');
  expect(await refused(url, { files: true, mostBytes: 10 })).toBe('PROJECT_TOO_LARGE');
  const left = path.join(home, 'repositories');
  expect(existsSync(left) ? readdirSync(left) : []).toEqual([]);
});

test.each([
  ['https://amir:secret@git.example/x.git', /credential/],
  ['http://git.example/x.git', /another machine/],
  ['ext::sh -c id', /no address|not fetched/],
  ['ftp://git.example/x.git', /not fetched/],
  ['file:///etc', /not fetched/],
])('%s is refused', (reference, why) => {
  expect(() => repositoryUrl(reference, { files: false })).toThrow(why);
});

test('one repository is one project, however its address is spelt', () => {
  const id = idOfUrl('https://github.com/alai/bento');
  expect(idOfUrl('https://GitHub.com/alai/bento.git')).toBe(id);
  expect(idOfUrl('git@github.com:alai/bento.git')).toBe(id);
  expect(idOfUrl('ssh://git@github.com/alai/bento')).toBe(id);
  expect(idOfUrl('https://github.com/alai/vizu')).not.toBe(id);
  for (const address of ['https://x/y', 'git@x:y/z.git', 'ssh://git@x/y'])
    expect(isRepositoryUrl(address)).toBe(true);
  for (const other of ['/home/a/b', '0123456789abcdef', './x']) expect(isRepositoryUrl(other)).toBe(false);
});
