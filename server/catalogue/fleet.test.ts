import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFiles } from './files.ts';
import { lanesOf } from './fleet.ts';
import { goodTextsIn } from './last-good.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'alai-fleet-file-'));
  cpSync('companies/_shared', path.join(folder, '_shared'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string) => writeFileSync(path.join(folder, '_shared/fleet.yaml'), text);
const good = `hosts:
  - name: anvil
    label: ANVIL
    memory_gb: 96
    slots: 2
    models: [{ name: "qwen3:8b", gb: 9, parallel: 4 }]
  - name: forge
    label: FORGE
    slots: 3
    stand_by: anvil
`;

test('the shipped fleet is good, and a lane takes no more than the model answers at once', () => {
  const { fleet } = readFiles(folder).shared;
  expect(fleet.hosts.map((h) => h.name)).toEqual(['anvil', 'forge']);
  const [, forge] = fleet.hosts;
  expect(forge && lanesOf(forge)).toMatchObject({ 'qwen3:8b': 3, 'kimi-k2.5:tq1': 1 });
});

test('a process that starts while the file is broken begins with what was good last; safety rules do not', () => {
  const kept = path.join(folder, '.kept');
  write(good);
  readFiles(folder, undefined, goodTextsIn(kept));
  write(good.replace('stand_by: anvil', 'stand_by: avnil'));
  expect(() => readFiles(folder)).toThrow(/avnil/);
  const files = readFiles(folder, undefined, goodTextsIn(kept));
  expect(files.shared.fleet.hosts[1]?.stand_by).toBe('anvil');
  expect(files.problems).toHaveLength(1);
  writeFileSync(path.join(folder, '_shared/safety.yaml'), 'patterns: 1');
  expect(() => readFiles(folder, undefined, goodTextsIn(kept))).toThrow(/safety.yaml/);
});

describe('a mistake', () => {
  test.each([
    ['two hosts of one name', good.replace('name: forge', 'name: anvil'), 7, /second host with the name/],
    ['an unknown stand-by', good.replace('stand_by: anvil', 'stand_by: avnil'), 10, /there is no host avnil/],
    ['a host as its own stand-by', good.replace('stand_by: anvil', 'stand_by: forge'), 10, /the host itself/],
    [
      'a lane nobody serves',
      good.replace('slots: 2', 'slots: 2\n    lanes: { "qwen3:32b": 1 }'),
      6,
      /qwen3:32b is not among the models of ANVIL/,
    ],
    [
      'a lane wider than the host',
      good.replace('slots: 2', 'slots: 2\n    lanes: { "qwen3:8b": 3 }'),
      6,
      /is 3, but ANVIL has 2 slots/,
    ],
    [
      'a model larger than the memory',
      good.replace('gb: 9,', 'gb: 240,'),
      6,
      /takes 240 GB, but ANVIL has 96/,
    ],
    ['no slots', good.replace('slots: 2', 'slots: 0'), 5, /slots/],
    ['a key nobody knows', good.replace('memory_gb', 'memory'), 4, /nobody knows the key "memory"/],
    [
      'an address that is none',
      good.replace('slots: 3', 'slots: 3\n    ollama: forge:11434'),
      10,
      /must be an/,
    ],
    [
      'a password in an address',
      good.replace('slots: 3', 'slots: 3\n    ollama: http://me:secret@forge:11434'),
      10,
      /password/,
    ],
    [
      'the address under which clouds keep their secrets',
      good.replace('slots: 3', 'slots: 3\n    ollama: http://169.254.169.254/'),
      10,
      /link-local/,
    ],
  ])('%s is named with its line, and what was there before goes on', (_what, text, line, says) => {
    write(good);
    const before = readFiles(folder);
    write(text);
    expect(() => readFiles(folder)).toThrow(says);
    const after = readFiles(folder, before);
    expect(after.shared.fleet).toBe(before.shared.fleet);
    const [problem] = after.problems.filter((p) => p.file === '_shared/fleet.yaml');
    expect(problem).toMatchObject({ line, message: expect.stringMatching(says) });
    expect(problem?.remedy).not.toBe('');
  });
});
