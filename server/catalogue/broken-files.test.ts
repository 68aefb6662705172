import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readFiles } from './files.ts';
import type { Problem } from './source.ts';

/** Two companies and the shared folder; Vizu is broken in every way, CodeCraft has to go on. */
const root = mkdtempSync(path.join(tmpdir(), 'alai-broken-'));
for (const folder of ['_shared', 'Vizu', 'CodeCraft'])
  cpSync(`companies/${folder}`, path.join(root, folder), { recursive: true });
afterAll(() => rmSync(root, { recursive: true, force: true }));
const good = readFiles(root);

const prose = ['CLAUDE.md', 'README.md'];
const structured = [
  'company.json',
  'config.json',
  'config/mcp.json',
  'config/tools.json',
  'agents/lead.yaml',
  'agents/builder.yaml',
  'agents/reviewer.yaml',
  `blueprints/${[...(good.companies.get('Vizu')?.blueprints.keys() ?? [])][0]}.yaml`,
];
const skill = `skills/${good.companies.get('Vizu')?.skills[0]?.name}/SKILL.md`;

type Breakage = [name: string, says: RegExp, breakIt: (place: string) => void];
const write = (text: string | Buffer) => (place: string) => writeFileSync(place, text);
const append =
  (text: (place: string) => string) =>
  (place: string): void =>
    writeFileSync(place, `${readFileSync(place, 'utf8')}${text(place)}`);
const instead = (make: (place: string) => void) => (place: string) => {
  rmSync(place);
  make(place);
};
const isJson = (place: string) => place.endsWith('.json');
const levels = (n: number) => '['.repeat(n) + ']'.repeat(n);
const bomb = `a: &a [x, x]\n${'bcdefghijklmnop'
  .split('')
  .map((k, i) => `${k}: &${k} [*${'abcdefghijklmno'[i]}, *${'abcdefghijklmno'[i]}]`)
  .join('\n')}\n`;

/** Of any file. */
const anywhere: Breakage[] = [
  ['empty', /empty/, write('')],
  ['only blanks', /nothing but blanks/, write(' \n\n\t\n')],
  ['10 MB', /kB/, write(Buffer.alloc(10 * 1024 * 1024, 'x'))],
  ['not UTF-8', /UTF-8/, write(Buffer.from([0x6e, 0x61, 0x0a, 0xc3, 0x28]))],
  ['UTF-16', /UTF-16/, write(Buffer.from('\ufeffname: x', 'utf16le'))],
  ['a NUL', /NUL/, write('name: a\0b')],
  ['a folder', /folder/, instead((place) => mkdirSync(place))],
  ['a link out of the folder', /leads out/, instead((place) => symlinkSync('/etc/hostname', place))],
  [
    'a link to another company',
    /leads out/,
    instead((place) => symlinkSync(path.join(root, 'CodeCraft/company.json'), place)),
  ],
  ['a link to itself', /circle/, instead((place) => symlinkSync(path.basename(place), place))],
  ['a link to nothing', /missing/, instead((place) => symlinkSync('nowhere', place))],
  ['a pipe', /plain file/, instead((place) => execFileSync('mkfifo', [place]))],
];
const missing: Breakage = ['missing', /missing/, instead(() => undefined)];

/** Of files with a shape. */
const shaped: Breakage[] = [
  ['a number', /must be an object/, write('42')],
  ['a list', /must be an object/, write('[1, 2]')],
  ['null', /nothing|must be an object/, write('null')],
  ['YAML aliases that multiply', /aliases/, write(bomb)],
  ['nested without end', /nested/, write(`{ "name": ${levels(5_000)} }`)],
  ['dashes without end', /nested|is missing|cannot be read/, write(`name: \n  ${'- '.repeat(20_000)}x`)],
  ['__proto__', /__proto__ is not allowed/, write('{ "__proto__": { "polluted": true }, "name": "x" }')],
  ['a key twice', /stands here twice/, write('{ "name": "a",\n "name": "b" }')],
  ['a key nobody knows', /nobody knows the key "colour"/, write('{ "colour": "red" }')],
  ['brackets left open', /./, append((place) => (isJson(place) ? '\n}' : '\nsteps: [{'))],
  [
    'a tag of another language',
    /tag|expected|Expected|missing/i,
    write('name: !!js/function "process.exit()"'),
  ],
];

const cases = [
  ...[...prose, skill, ...structured].flatMap((file) => anywhere.map((b) => [file, ...b] as const)),
  ...[...prose, skill, ...structured.slice(0, -1)].map((file) => [file, ...missing] as const),
  ...structured.flatMap((file) => shaped.map((b) => [file, ...b] as const)),
  ...(
    [
      ['no front matter', /front matter/, write('# Just text')],
      ['front matter left open', /front matter/, write('---\nname: x\n# Text')],
      ['a wrong name', /name/, write('---\nname: Other\ndescription: d\n---\n\nText')],
      ['a key nobody knows', /nobody knows/, write('---\nname: x\ndescription: d\ncolour: red\n---\n\nText')],
      [
        'nothing after the front matter',
        /says nothing|folder is/,
        write('---\nname: x\ndescription: d\n---\n'),
      ],
      ['__proto__', /__proto__/, write('---\nname: x\n__proto__: { a: 1 }\n---\n\nText')],
    ] as Breakage[]
  ).map((b) => [skill, ...b] as const),
];

/** Breaks one file, looks, and puts it back. */
function broken(
  file: string,
  breakIt: (place: string) => void,
  look: (files: ReturnType<typeof readFiles>) => void,
) {
  const place = path.join(root, file);
  const aside = path.join(root, '.saved');
  cpSync(place, aside);
  try {
    breakIt(place);
    look(readFiles(root, good));
  } finally {
    rmSync(place, { recursive: true, force: true });
    renameSync(aside, place);
  }
}

/** That this file is named for that, and no other file is, each time with what to do. */
function expectNamed(problems: Problem[], file: string, says: RegExp) {
  const named = problems.filter((p) => p.file === file);
  expect(named.map((p) => p.message).join('\n')).toMatch(says);
  for (const problem of problems) {
    expect(problem.file.split('/')[0]).toBe(file.split('/')[0]);
    expect(problem.line).toBeGreaterThanOrEqual(1);
    expect(problem.remedy).toMatch(/\w.*\.$/s);
  }
}

describe('a file of a company', () => {
  test.each(cases)('%s: %s', (file, _, says, breakIt) => {
    broken(`Vizu/${file}`, breakIt, ({ problems, companies, kept }) => {
      expectNamed(problems, `Vizu/${file}`, says);
      expect(companies.get('CodeCraft')).toEqual(good.companies.get('CodeCraft'));
      expect(companies.get('Vizu')).toBe(good.companies.get('Vizu'));
      expect(kept.has('Vizu')).toBe(true);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });
  });

  test.each([
    ['agents/lead.yaml', 'allowed_paths', 'allowed_paths: ["../../etc/**"]', /leads out of the repository/],
    [
      'agents/builder.yaml',
      'forbidden_paths',
      'forbidden_paths: ["/etc/passwd"]',
      /leads out of the repository/,
    ],
    [
      'agents/builder.yaml',
      'description',
      'tools: [read, sudo]\ndescription: x',
      /tools\.1: "sudo" is not known/,
    ],
  ])('%s: %s', (file, key, line, says) => {
    const place = path.join(root, 'Vizu', file);
    const before = readFileSync(place, 'utf8');
    const broken = before.replace(new RegExp(`${key}:.*(?:\\n {4}.*)*`), line);
    writeFileSync(place, broken);
    const { problems, companies } = readFiles(root, good);
    writeFileSync(place, before);
    expect(problems.map((p) => `${p.file} ${p.message}`).join('\n')).toMatch(says);
    expect(companies.size).toBe(2);
  });

  test.each([
    ['a gate’s path', '{ kind: file_exists, path: ../../etc/passwd }', /steps\.0\.gates\.0\.path: leads out/],
    ['a gate’s glob', '{ kind: diff_only, paths: [/etc/**] }', /steps\.0\.gates\.0\.paths\.0: leads out/],
    ['a gate nobody knows', '{ kind: pray }', /steps\.0\.gates\.0.*kind/],
    ['a command without words', '{ kind: command, command: [] }', /steps\.0\.gates\.0\.command/],
  ])('a blueprint with %s', (_, gate, says) => {
    const place = path.join(root, 'Vizu/blueprints/trial.yaml');
    const step = `{ key: build, role: builder, instructions: x, tools: [read], gates: [${gate}] }`;
    writeFileSync(place, `name: trial\nsteps:\n  - ${step}\n`);
    const { problems } = readFiles(root, good);
    rmSync(place);
    expect(problems).toMatchObject([
      { file: 'Vizu/blueprints/trial.yaml', line: 3, message: expect.stringMatching(says) },
    ]);
  });

  test.each(['agents', 'skills', 'blueprints', 'config'])('%s is a file', (folder) => {
    const place = path.join(root, 'Vizu', folder);
    renameSync(place, path.join(root, '.saved'));
    writeFileSync(place, 'x');
    const { problems, companies } = readFiles(root, good);
    rmSync(place);
    renameSync(path.join(root, '.saved'), place);
    expect(problems.map((p) => p.message)).toContain(
      folder === 'config'
        ? 'A file stands where its folder should be.'
        : 'A file stands where this folder should be.',
    );
    expect(companies.get('CodeCraft')).toEqual(good.companies.get('CodeCraft'));
  });

  test('mended, they are all read again', () => {
    expect(readFiles(root)).toEqual(good);
  });

  test('a company that is a link is named', () => {
    symlinkSync('CodeCraft', path.join(root, 'Copy'));
    const { problems, companies } = readFiles(root);
    expect(problems).toMatchObject([{ file: 'Copy', message: 'This company is a link, not a folder.' }]);
    expect(companies.size).toBe(2);
    rmSync(path.join(root, 'Copy'));
  });
});

describe('a shared file', () => {
  const files = ['routing.yaml', 'safety.yaml', 'tiers.yaml', 'fleet.yaml', 'mcp.json'];
  const blueprint = 'blueprints/minion-one-shot.yaml';
  const all = [...files, blueprint].flatMap((file) =>
    [...anywhere, ...shaped, ...(file === blueprint ? [] : [missing])].map((b) => [file, ...b] as const),
  );
  test.each(all)('%s: %s', (file, _, says, breakIt) => {
    broken(`_shared/${file}`, breakIt, ({ problems, companies, shared, kept }) => {
      expectNamed(problems, `_shared/${file}`, says);
      expect(companies).toEqual(good.companies);
      expect(shared).toEqual(good.shared);
      expect(kept.size).toBe(0);
    });
  });

  test('mended, they are all read again', () => {
    expect(readFiles(root)).toEqual(good);
  });
});
