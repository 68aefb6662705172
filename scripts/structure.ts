/** House rules that no linter knows: where Prisma is used, and which files a company may have. Part of `npm run check`. */
import { existsSync, readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';

export interface Violation {
  file: string;
  line: number;
  message: string;
}

const PRISMA_USE = /\bdb\.prisma\b|\.prisma\.\$?[a-z]|from '(?:@prisma\/|#prisma\/)/;
const PRISMA_HOMES = [
  /\/(data|commands)\.ts$/,
  /^server\/platform\/db(\.test)?\.ts$/,
  /^scripts\//,
  /^prisma\.config\.ts$/,
];
const PRISMA_MESSAGE =
  "Prisma is used in a room's data.ts (reads) and commands.ts (writes) only: move the query there and call it from here.";

const COMPANY_FILES = [
  /^(company|config)\.json$/,
  /^(CLAUDE|README)\.md$/,
  /^agents\/(lead|builder|reviewer)\.yaml$/,
  /^blueprints\/[a-z][a-z0-9-]*\.yaml$/,
  /^skills\/[a-z][a-z0-9-]*\/SKILL\.md$/,
  /^config\/(mcp|tools)\.json$/,
];
const SHARED_FILES = [
  /^(routing|safety|tiers|fleet|prices|providers)\.yaml$/,
  /^(blueprints|workflows)\/[a-z][a-z0-9-]*\.yaml$/,
  /^mcp\.json$/,
];
const SHARED_SKILL = /^skills\/[a-z][a-z0-9-]*\/SKILL\.md$/;
const COMPANY_MESSAGE =
  'A company is company.json, config.json, CLAUDE.md, README.md, agents/{lead,builder,reviewer}.yaml, ' +
  'blueprints/*.yaml, skills/*/SKILL.md and config/{mcp,tools}.json, and no code.';

/** Prisma outside data.ts and commands.ts, in one file's text. */
export function prismaViolations(file: string, text: string): Violation[] {
  if (PRISMA_HOMES.some((home) => home.test(file))) return [];
  return text
    .split('\n')
    .flatMap((content, i) =>
      PRISMA_USE.test(content) ? [{ file, line: i + 1, message: PRISMA_MESSAGE }] : [],
    );
}

/** A file below companies/ that is not one of a company's known files. */
export function companyViolations(file: string): Violation[] {
  if (/^companies\/(README\.md|_schema\/[a-z-]+\.json)$/.test(file)) return [];
  const [, company, ...rest] = file.split('/');
  const inside = rest.join('/');
  const allowed = company === '_shared' ? [...SHARED_FILES, SHARED_SKILL] : COMPANY_FILES;
  if (rest.length && allowed.some((name) => name.test(inside))) return [];
  return [{ file, line: 1, message: COMPANY_MESSAGE }];
}

/** All violations of the working tree. */
function structureViolations(cwd = process.cwd()): Violation[] {
  const code = globSync(['{server,workers,cli,app,components,scripts,bench}/**/*.{ts,tsx}', '!**/*.test.*'], {
    cwd,
  });
  const companies = existsSync(`${cwd}/companies`) ? globSync(['companies/**'], { cwd, dot: true }) : [];
  return [
    ...code.flatMap((file) => prismaViolations(file, readFileSync(`${cwd}/${file}`, 'utf8'))),
    ...companies.flatMap(companyViolations),
  ];
}

if (import.meta.main) {
  const violations = structureViolations();
  for (const v of violations) console.error(`${v.file}:${v.line} ${v.message}`);
  if (violations.length) process.exit(1);
}
