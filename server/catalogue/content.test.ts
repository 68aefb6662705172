import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCatalogue } from './data.ts';
import { languages } from './schema.ts';

/** What the shipped folder has to say, beyond being well-formed. */

const catalogue = readCatalogue(path.resolve('companies'));
const companies = [...catalogue.companies.values()];
const text = (name: string) => readFileSync(`companies/${name}/CLAUDE.md`, 'utf8');

const active = ['AgentForge', 'CodeCraft', 'Datavera', 'FlowForge', 'Lexicon', 'Proveo', 'Securion', 'Vizu'];
const heirs = {
  Skybound: 'CodeCraft',
  Proxima: 'Vizu',
  Skillforge: 'FlowForge',
  HelixSupport: 'FlowForge',
  Finverge: 'Lexicon',
};
const meta = ['Axiom', 'Entra', 'Resolver'];

/** Sentences long enough to be nobody's idiom, without their marks and line breaks. */
function sentences(markdown: string): string[] {
  return markdown
    .replace(/^[#>\s]*|^\s*(?:[-*]|\d+\.)\s+/gm, ' ')
    .replace(/\*\*|[`*]/g, '')
    .replace(/\s+/g, ' ')
    .split(/(?<=[.!?:;])\s/)
    .map((s) =>
      s
        .toLowerCase()
        .replace(/[^\p{L}\p{N} ]/gu, '')
        .trim(),
    )
    .filter((s) => s.split(' ').length > 6);
}

test('sixteen companies: eight active, five merged with their heirs, three that are only called', () => {
  const by = (status: string) => companies.filter((c) => c.card.status === status);
  expect(catalogue.problems).toEqual([]);
  expect(companies).toHaveLength(16);
  expect(by('active').map((c) => c.name)).toEqual(active);
  expect(Object.fromEntries(by('merged').map((c) => [c.name, c.card.merged_into]))).toEqual(heirs);
  expect(by('meta').map((c) => c.name)).toEqual(meta);
});

describe.each(companies.map((c) => [c.name, c] as const))('%s', (name, company) => {
  test('says who it is in 300 to 900 words, and what it refuses', () => {
    const words = text(name).split(/\s+/).filter(Boolean).length;
    expect(words).toBeGreaterThanOrEqual(300);
    expect(words).toBeLessThanOrEqual(900);
    expect(text(name)).toMatch(/^## What (?:we|is) (?:refused?|refused, .*)$/m);
  });

  test('has two skills of some depth, and words in three languages', () => {
    expect(company.skills.length).toBeGreaterThanOrEqual(2);
    for (const skill of company.skills) {
      const lines = skill.text.split('\n').filter((l) => l.trim());
      expect([skill.file, lines.length >= 10 && lines.length <= 50]).toEqual([skill.file, true]);
    }
    const least = company.card.status === 'active' ? 15 : 3;
    for (const language of languages) {
      expect(
        Object.keys(company.card.routing.keywords[language]).length,
        `${name} ${language}`,
      ).toBeGreaterThanOrEqual(least);
    }
  });

  test('holds its roles: the lead is locked out of the project, the reviewer reads, nobody touches secrets', () => {
    const { lead, builder, reviewer } = company.agents;
    expect(lead.constraints).toMatchObject({
      allowed_paths: [`companies/${name}/**`],
      forbidden_paths: ['**'],
      write_locked: true,
    });
    expect(reviewer.constraints).toMatchObject({
      allowed_paths: [],
      forbidden_paths: ['**'],
      read_only: true,
    });
    expect(builder.constraints.forbidden_paths).toEqual(
      expect.arrayContaining(['.git/**', '**/.env', 'secrets/**', '**/*.pem']),
    );
    for (const role of ['lead', 'reviewer'] as const)
      expect(company.tools[role].deny).toEqual(expect.arrayContaining(['write', 'edit']));
  });
});

test('no sentence is shared between two companies', () => {
  const owner = new Map<string, string>();
  const shared: string[] = [];
  for (const { name } of companies) {
    for (const sentence of new Set(sentences(text(name)))) {
      const other = owner.get(sentence);
      if (other) shared.push(`${other} and ${name}: ${sentence}`);
      owner.set(sentence, name);
    }
  }
  expect(owner.size).toBeGreaterThan(400);
  expect(shared).toEqual([]);
});

describe('blueprints', () => {
  const sharedNames = readdirSync('companies/_shared/blueprints').map((f) => f.replace('.yaml', ''));
  const all = [
    ...sharedNames.map((name) => [name, undefined] as const),
    ...companies.flatMap((c) => [...c.blueprints.keys()].map((name) => [name, c.name] as const)),
  ];
  const resolved = all.map(([name, company]) => catalogue.blueprint(name, company).blueprint);
  test('the eight of the documents are there, and about forty in all', () => {
    expect(all.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'minion-one-shot',
        'minion-bugfix',
        'minion-refactor',
        'minion-security-fix',
        'minion-docs',
        'codecraft-nextjs-app',
        'codecraft-api-backend',
        'securion-security-review',
      ]),
    );
    expect(all.length).toBeGreaterThanOrEqual(40);
  });

  test('a BUILD is planned by a lead and ends with somebody who did not build it', () => {
    for (const { name, stages, steps } of resolved.filter((b) => b.stages.includes('BUILD'))) {
      const last = steps.at(-1);
      expect([name, stages, steps[0]?.role, last?.role, last?.key]).toEqual([
        name,
        ['BUILD'],
        'lead',
        'reviewer',
        'verify',
      ]);
    }
  });

  test('only builders write, and what they write is looked through for gaps and secrets', () => {
    for (const { name, steps } of resolved) {
      for (const step of steps) {
        const where = `${name} ${step.key}`;
        const writes = step.tools.includes('write') || step.tools.includes('edit');
        const kinds = step.gates.map((g) => g.kind);
        const only = step.gates.find((g) => g.kind === 'diff_only');
        expect({
          where,
          writes,
          gated: kinds.length > 0,
          lookedThrough: kinds.includes('no_placeholders') && kinds.includes('no_secrets'),
          only: only?.paths ?? [],
        }).toEqual({
          where,
          writes: step.role === 'builder',
          gated: true,
          lookedThrough: writes,
          only: step.paths.allow,
        });
      }
    }
  });

  test('every kind of gate is used by one of them', () => {
    const kinds = new Set(resolved.flatMap((b) => b.steps.flatMap((s) => s.gates.map((g) => g.kind))));
    expect([...kinds].sort()).toEqual(
      'command diff_only file_exists http json_schema min_output no_placeholders no_secrets'.split(' '),
    );
  });
});

test('seven workflows, each with its rounds and three suggestions at most', () => {
  const found = catalogue.shared.workflows.map((w) => catalogue.workflow(w.blueprint.name).blueprint);
  expect(found.map((w) => w.name)).toEqual(
    'default document hybrid offline-default quick review-only thorough'.split(' '),
  );
  for (const workflow of found) {
    expect([workflow.max_suggestions, workflow.max_iterations]).toEqual([3, expect.any(Number)]);
    for (const step of workflow.steps) expect(step.agent, `${workflow.name} ${step.key}`).toBeTruthy();
  }
  const offline = found.find((w) => w.name === 'offline-default')?.steps ?? [];
  expect(offline.flatMap((s) => [s.agent, ...(s.fallback ?? [])])).not.toContain('tier:4');
  const reading = found.find((w) => w.name === 'review-only')?.steps ?? [];
  expect(reading.every((s) => s.role === 'reviewer')).toBe(true);
});
