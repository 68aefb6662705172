import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workplace } from '#test/change.ts';
import { build } from './build.ts';
import { readRegular } from './read.ts';

const { change, root } = workplace();

describe('build', () => {
  test.each([
    ['k8s/app.yaml', 'kind: A\n---\nkind: B\n', 'pass'],
    ['k8s/app.yaml', 'kind: A\n---\nkind: [\n', 'fail'],
    ['chart/templates/a.yaml', '{{- if .Values.a }}\nkind: A\n{{- end }}\n', 'not applicable'],
    ['tsconfig.json', '{\n  // of "mine"\n  "a": "http://x", /* b */\n}\n', 'pass'],
    ['tsconfig.json', '{ "a": }', 'fail'],
    ['data.json', '{ // no\n}', 'fail'],
  ])('%s %j', async (file, text, state) =>
    expect((await build(await change({}, { [file]: text }))).state).toBe(state),
  );
  test('follows no link, and reads no file without an end', async () => {
    await symlink('/etc/hostname', join(root(), 'a.json'));
    await symlink('/dev/zero', join(root(), 'b.js'));
    await symlink('/etc', join(root(), 'etc'));
    const all = ['a.json', 'b.js', 'etc/hostname', '../x'];
    expect(await Promise.all(all.map((f) => readRegular(root(), f)))).toEqual(all.map(() => null));
  });
});
