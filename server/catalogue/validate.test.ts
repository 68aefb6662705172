import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { validateFolder } from './validate.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'alai-validate-'));
  cpSync('companies', folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function edit(file: string, from: string | RegExp, to: string) {
  const place = path.join(folder, file);
  const before = readFileSync(place, 'utf8');
  expect(before).toMatch(from);
  writeFileSync(place, before.replace(from, to));
}
const told = () => validateFolder(folder).problems.map((p) => `${p.file}:${p.line} ${p.message} ${p.remedy}`);

test('the shipped companies are valid, and every name in them leads somewhere', () => {
  expect(told()).toEqual([]);
  expect(validateFolder(folder).counts.companies).toBeGreaterThanOrEqual(6);
});

test('names that lead nowhere are found in routing, tiers and workflows', () => {
  edit('_shared/routing.yaml', 'default: CodeCraft', 'default: CodeCrafd');
  edit('_shared/routing.yaml', /blueprint: minion-refactor/, 'blueprint: minion-refactr');
  edit('_shared/tiers.yaml', 'hosts: [forge]', 'hosts: [forgé]');
  edit('_shared/prices.yaml', 'providers: [claude-code],', 'providers: [nobody],');
  edit('_shared/tiers.yaml', 'claude-sonnet', 'claude-unheard-of');
  mkdirSync(path.join(folder, '_shared/workflows'), { recursive: true });
  writeFileSync(
    path.join(folder, '_shared/workflows/trial.yaml'),
    `name: trial
kind: workflow
steps:
  - { key: build, role: builder, agent: Nobody, instructions: x, tools: [read] }
  - { key: review, role: reviewer, agent: Proveo/lead, instructions: x, tools: [read] }
  - { key: end, role: reviewer, instructions: x, tools: [read] }
`,
  );
  const all = told().join('\n');
  expect(all).toMatch(/routing\.yaml:\d+ default: there is no company CodeCrafd\. Use one of .*CodeCraft/);
  expect(all).toMatch(/routing\.yaml:\d+ types\.refactor\.blueprint: there is no blueprint minion-refactr\./);
  expect(all).toMatch(/tiers\.yaml:\d+ .*there is no host forgé\. Use one of .*forge/);
  expect(all).toMatch(/tiers\.yaml:\d+ .*claude-unheard-of of claude-code has no price in prices\.yaml\./);
  expect(all).toMatch(/trial\.yaml:4 steps\.0\.agent: there is no company Nobody\./);
  expect(all).toMatch(/trial\.yaml:5 steps\.1\.agent: is a lead, but the step is for a reviewer\./);
  expect(all).toMatch(/trial\.yaml:6 steps\.2: names no agent\./);
});

test('a service that is not there, lies inside the network or would send its key in the open is named with its line', () => {
  edit('_shared/tiers.yaml', 'provider: claude-code,', 'provider: anthropic, account: anthropc,');
  edit('_shared/providers.yaml', 'https://api.openai.com/v1', 'https://169.254.169.254/v1');
  edit('_shared/providers.yaml', 'https://api.deepseek.com/v1', 'http://api.deepseek.com/v1');
  const all = told().join('\n');
  expect(all).toMatch(/providers\.yaml:\d+ .*169\.254\.169\.254 lies inside the network; say allow_private/);
  expect(all).toMatch(/providers\.yaml:\d+ .*is plain http, so that anybody on the way could read the key/);
  edit('_shared/providers.yaml', 'https://169.254.169.254/v1', 'https://api.openai.com/v1');
  edit('_shared/providers.yaml', 'http://api.deepseek.com/v1', 'https://api.deepseek.com/v1');
  expect(told().join('\n')).toMatch(
    /tiers\.yaml:\d+ .*account: providers\.yaml has no anthropc of the kind anthropic\. Use one of anthropic\./,
  );
});

test('a folder that is not there is refused by name', () => {
  expect(() => validateFolder('/nowhere/at/all')).toThrow('There is no folder /nowhere/at/all.');
});
