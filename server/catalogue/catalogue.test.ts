import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadWork } from '#server/engine/claim.ts';
import { testDatabase } from '#test/database.ts';
import { plan, testFactory, work } from '#test/factory.ts';
import { storeVersions, versionsOf } from './commands.ts';
import { readCatalogue } from './data.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'alai-companies-'));
  cpSync('companies', folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function edit(file: string, from: string | RegExp, to: string) {
  const place = path.join(folder, file);
  const before = readFileSync(place, 'utf8');
  expect(before).toMatch(from);
  writeFileSync(place, before.replace(from, to));
}

/** Files are looked at twice a second at most. */
const looksAgain = () => new Promise((r) => setTimeout(r, 550));

describe('the shipped companies', () => {
  test('all load, and each blueprint of each resolves', () => {
    const catalogue = readCatalogue(path.resolve('companies'));
    expect(catalogue.problems).toEqual([]);
    expect(catalogue.companies.size).toBe(16);
    for (const company of catalogue.companies.values()) {
      expect(company.rules).toContain('## Roles');
      for (const name of company.blueprints.keys()) {
        expect(catalogue.blueprint(name, company.name).blueprint.steps.length).toBeGreaterThan(0);
      }
    }
  });

  test('what routing names is there', () => {
    const catalogue = readCatalogue(path.resolve('companies'));
    const { routing } = catalogue;
    for (const [company, { blueprints }] of Object.entries(routing.companies)) {
      for (const { blueprint, types } of blueprints) {
        catalogue.blueprint(blueprint, company);
        for (const type of types) expect(Object.keys(routing.types)).toContain(type);
      }
    }
    for (const { blueprint } of Object.values(routing.types)) catalogue.blueprint(blueprint);
    for (const stage of Object.values(routing.stages)) {
      for (const company of stage.companies) catalogue.blueprint(stage.blueprint, company);
    }
    expect(Object.keys(routing.types)).toContain(routing.default_type);
  });

  test('reviewing steps cannot write, and OPS and DOCS write declared paths only', () => {
    const catalogue = readCatalogue(path.resolve('companies'));
    for (const [name, company] of [
      ['review', 'Proveo'],
      ['security-review', 'Securion'],
    ] as const) {
      for (const step of catalogue.blueprint(name, company).blueprint.steps) {
        expect(step.role).toBe('reviewer');
        expect(step.tools).not.toContain('write');
      }
    }
    for (const [name, company] of [
      ['deploy', 'FlowForge'],
      ['docs', 'Lexicon'],
    ] as const) {
      for (const step of catalogue.blueprint(name, company).blueprint.steps) {
        expect(step.paths.allow.length).toBeGreaterThan(0);
      }
    }
  });
});

describe('a broken company', () => {
  test.each([
    ['YAML that does not parse', 'Vizu/agents/lead.yaml', /^role: lead$/m, 'role: [lead', 2],
    ['a key nobody knows', 'Vizu/config.json', '"agents"', '"agentz"', 1],
    ['a wrong value', 'Vizu/company.json', '"schema_version": 2', '"schema_version": 1', 2],
    [
      'a tool that is not there',
      'Vizu/blueprints/vizu-component.yaml',
      'tools: [list,',
      'tools: [shell,',
      11,
    ],
    ['a role in the wrong file', 'Vizu/agents/lead.yaml', 'role: lead', 'role: builder', 1],
    ['a prototype key', 'Vizu/config/mcp.json', '"add": {}', '"add": { "__proto__": {} }', 2],
  ])('%s: named with file and line, the others load', (_, file, from, to, line) => {
    edit(file, from, to);
    const catalogue = readCatalogue(folder);
    for (const problem of catalogue.problems)
      expect(problem).toMatchObject({ file: `companies/${file}`, remedy: expect.stringMatching(/\S/) });
    expect(Math.abs((catalogue.problems[0]?.line ?? 99) - line)).toBeLessThanOrEqual(2);
    expect(catalogue.companies.size).toBe(15);
    expect(() => catalogue.company('Vizu')).toThrow(expect.objectContaining({ code: 'COMPANY_INVALID' }));
    expect(() => catalogue.company('Nobody')).toThrow(expect.objectContaining({ code: 'COMPANY_UNKNOWN' }));
  });

  test('aliases that multiply are refused', () => {
    const bomb = `a: &a [x,x,x,x]\n${'bcdefghi'
      .split('')
      .map((k, i) => `${k}: &${k} [${Array(8).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
      .join('\n')}\n`;
    writeFileSync(path.join(folder, 'Vizu/agents/lead.yaml'), bomb);
    expect(readCatalogue(folder).problems).toMatchObject([{ file: 'companies/Vizu/agents/lead.yaml' }]);
  });

  test('one that was good keeps its last good version until the new one is', async () => {
    const before = readCatalogue(folder).company('Vizu');
    edit('Vizu/company.json', '"name": "Vizu"', '"name": "Vizo"');
    await looksAgain();
    const broken = readCatalogue(folder);
    expect(broken.problems).toMatchObject([{ file: 'companies/Vizu/company.json' }]);
    expect(broken.kept).toEqual(new Set(['Vizu']));
    expect(broken.company('Vizu').hash).toBe(before.hash);
    edit('Vizu/company.json', '"name": "Vizo"', '"name": "Vizu"');
    edit('Vizu/CLAUDE.md', /$/, '\nWe also draw maps.\n');
    await looksAgain();
    const mended = readCatalogue(folder);
    expect([mended.problems, mended.kept]).toEqual([[], new Set()]);
    expect(mended.company('Vizu').rules).toContain('We also draw maps.');
    expect(mended.company('Vizu').hash).not.toBe(before.hash);
  });

  test('a shared file that was good keeps its last good version too', async () => {
    const { safety } = readCatalogue(folder);
    edit('_shared/safety.yaml', 'patterns:', 'patterns: [');
    rmSync(path.join(folder, '_shared/blueprints/review.yaml'));
    writeFileSync(path.join(folder, '_shared/blueprints/review.yaml'), 'name: 7');
    await looksAgain();
    const broken = readCatalogue(folder);
    expect(broken.safety).toEqual(safety);
    expect(broken.blueprint('review').blueprint.steps.length).toBeGreaterThan(0);
    expect(new Set(broken.problems.map((p) => p.file))).toEqual(
      new Set(['companies/_shared/safety.yaml', 'companies/_shared/blueprints/review.yaml']),
    );
  });

  test('a shared skill half saved is not taken from the companies', async () => {
    const before = readCatalogue(folder).company('CodeCraft').hash;
    edit('_shared/skills/honest-report/SKILL.md', /^description:.*$/m, 'description: [');
    await looksAgain();
    const broken = readCatalogue(folder);
    expect(broken.problems.map((p) => p.file)).toEqual(['companies/_shared/skills/honest-report/SKILL.md']);
    expect(broken.company('CodeCraft').hash).toBe(before);
  });

  test('everything wrong is named, not only the first', () => {
    edit('Vizu/company.json', '"schema_version": 2', '"schema_version": 1');
    edit('Vizu/agents/lead.yaml', 'write_locked: true', 'write_locked: perhaps');
    edit('Vizu/blueprints/vizu-component.yaml', 'extends: minion-one-shot', 'extends: nobody');
    rmSync(path.join(folder, 'Vizu/config/tools.json'));
    expect(
      readCatalogue(folder).problems.map((p) => `${p.file.slice(10)}: ${p.message} ${p.remedy}`),
    ).toEqual([
      'Vizu/company.json: schema_version: "1" is not known. Use one of 2.',
      'Vizu/config/tools.json: This file is missing. Write Vizu/config/tools.json, or copy it from another company.',
      'Vizu/agents/lead.yaml: constraints.write_locked: must be true or false. Write true or false.',
    ]);
  });

  test('an heir that is not there is named', () => {
    edit('Datavera/company.json', '"status": "active"', '"status": "merged"');
    edit('Datavera/company.json', '"merged_into": null', '"merged_into": "Nobody"');
    expect(readCatalogue(folder).problems).toMatchObject([
      {
        file: 'companies/Datavera/company.json',
        line: expect.any(Number),
        message: 'merged_into: Nobody is no active company.',
      },
    ]);
  });

  test('without readable safety patterns nothing is routed at all', () => {
    edit('_shared/safety.yaml', 'patterns:', 'patterns: [');
    expect(() => readCatalogue(folder)).toThrow(/companies\/_shared\/safety\.yaml:\d+/);
  });

  test('a bad regular expression is named with its line', () => {
    edit('_shared/safety.yaml', /\(\?:ceo\|/, '(?:ceo(|');
    expect(() => readCatalogue(folder)).toThrow(/_shared\/safety\.yaml:\d+ .*[Uu]nterminated/);
  });
});

describe('extends', () => {
  const write = (name: string, text: string) =>
    writeFileSync(path.join(folder, `Vizu/blueprints/${name}.yaml`), `name: ${name}\n${text}`);

  test('a step of the same key replaces the parent’s in its place; the child’s variables win', () => {
    const catalogue = readCatalogue(folder);
    const base = catalogue.blueprint('minion-one-shot').blueprint;
    const own = catalogue.blueprint('vizu-landing-page', 'Vizu').blueprint;
    expect(own.steps.map((s) => s.key)).toEqual(base.steps.map((s) => s.key));
    expect(own.steps[1]?.instructions).not.toBe(base.steps[1]?.instructions);
    expect(own.steps[1]?.instructions).toContain('npm test');
    expect(own.extends).toBeUndefined();
  });

  test('a ring and a missing parent are refused', () => {
    write('one', 'extends: two\n');
    write('two', 'extends: one\n');
    expect(readCatalogue(folder).problems[0]?.message).toContain('in a ring: one -> two -> one');
    rmSync(path.join(folder, 'Vizu/blueprints/two.yaml'));
    const other = mkdtempSync(path.join(tmpdir(), 'alai-companies-'));
    cpSync(folder, other, { recursive: true });
    expect(readCatalogue(other).problems[0]?.message).toContain('extends two, which is not there');
    rmSync(other, { recursive: true, force: true });
  });

  test('a version changes with what it says, and only then', () => {
    const before = readCatalogue(path.resolve('companies')).blueprint('vizu-landing-page', 'Vizu').hash;
    edit('Vizu/README.md', 'The agency', 'An agency');
    expect(readCatalogue(folder).blueprint('vizu-landing-page', 'Vizu').hash).toBe(before);
    const other = mkdtempSync(path.join(tmpdir(), 'alai-companies-'));
    edit('Vizu/blueprints/vizu-landing-page.yaml', 'turns: 40', 'turns: 41');
    cpSync(folder, other, { recursive: true });
    expect(readCatalogue(other).blueprint('vizu-landing-page', 'Vizu').hash).not.toBe(before);
    rmSync(other, { recursive: true, force: true });
  });
});

describe('versions', async () => {
  const { db } = await testDatabase();

  test('are stored once, as tasks read them', async () => {
    const catalogue = readCatalogue(path.resolve('companies'));
    const versions = versionsOf(catalogue, [
      { company: 'Vizu', blueprint: 'minion-one-shot' },
      { company: 'Vizu', blueprint: 'review' },
    ]);
    await storeVersions(db.pool, versions);
    await storeVersions(db.pool, versions);
    const { rows } = await db.pool.query('SELECT kind, name FROM catalogue_version ORDER BY kind, name');
    expect(rows).toEqual([
      { kind: 'blueprint', name: 'minion-one-shot' },
      { kind: 'blueprint', name: 'review' },
      { kind: 'company', name: 'Vizu' },
    ]);
  });

  test('work keeps the one it was planned with, whatever happens to the files; the next work has the new one', async () => {
    const factory = await testFactory(db);
    const planned = async () => {
      const catalogue = readCatalogue(folder);
      const stages = [{ company: 'Vizu', blueprint: 'minion-one-shot' }];
      await storeVersions(db.pool, versionsOf(catalogue, stages));
      const { hash, blueprint } = catalogue.blueprint('minion-one-shot', 'Vizu');
      const [first] = plan(
        ['BUILD'],
        blueprint.steps.map((s) => s.key),
      ).stages;
      if (!first) throw new Error('no stage');
      const company = { company: 'Vizu', companyHash: catalogue.company('Vizu').hash };
      const stage = { ...first, ...company, blueprint: 'minion-one-shot', blueprintHash: hash };
      const made = await factory.create([work('Draw', { plan: { stages: [stage] } })]);
      return made.taskIds[0] as number;
    };
    const told = async (taskId: number) => {
      const attempt = await factory.take(taskId);
      const { company, blueprint } = await loadWork(db, attempt.attemptId, () => 'http://localhost/p.git');
      return { identity: company.identity, build: blueprint.steps[1]?.instructions ?? '' };
    };
    const before = await planned();
    edit('Vizu/CLAUDE.md', /$/, '\nWe also draw maps.\n');
    edit(
      '_shared/blueprints/minion-one-shot.yaml',
      /- key: build\n {4}role: builder\n {4}instructions: \|\n/,
      '$&      Begin with the map.\n',
    );
    await looksAgain();
    const after = await planned();
    rmSync(path.join(folder, 'Vizu'), { recursive: true });
    expect(await told(before)).toEqual({
      identity: expect.not.stringContaining('We also draw maps.'),
      build: expect.not.stringContaining('Begin with the map.'),
    });
    expect(await told(after)).toEqual({
      identity: expect.stringContaining('We also draw maps.'),
      build: expect.stringContaining('Begin with the map.'),
    });
  });
});
