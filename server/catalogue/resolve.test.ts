import { describe, expect, test } from 'vitest';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import { type BlueprintFile, lookUp, resolveBlueprint } from './blueprints.ts';
import { resolveMcp } from './mcp.ts';
import { companyMcpSchema, mcpBaseSchema } from './schema.ts';
import { resolveSkills, type Skill } from './skills.ts';

describe('skills', () => {
  const skill = (name: string, folder: string): Skill => ({
    name,
    description: folder,
    text: `of ${folder}`,
    file: `${folder}/skills/${name}/SKILL.md`,
  });

  test('the company’s own first, then the fallback company’s, then the shared ones, each with its origin', () => {
    const found = resolveSkills(
      [skill('review', 'Vizu'), skill('colour', 'Vizu')],
      [skill('review', 'Proveo'), skill('testing', 'Proveo')],
      [skill('testing', '_shared'), skill('git', '_shared')],
    );
    expect(found.map((s) => [s.name, s.origin, s.file])).toEqual([
      ['review', 'company', 'Vizu/skills/review/SKILL.md'],
      ['colour', 'company', 'Vizu/skills/colour/SKILL.md'],
      ['testing', 'fallback', 'Proveo/skills/testing/SKILL.md'],
      ['git', 'shared', '_shared/skills/git/SKILL.md'],
    ]);
  });
});

describe('MCP servers', () => {
  const base = mcpBaseSchema.parse({
    servers: {
      files: { transport: 'stdio', command: 'mcp-files', args: ['--ro'] },
      web: { transport: 'http', url: 'https://mcp.example.org/' },
      old: { transport: 'stdio', command: 'mcp-old' },
    },
  });
  const resolve = (overlay: unknown) =>
    resolveMcp(base, companyMcpSchema.parse(overlay), 'Vizu/config/mcp.json');

  test('are those of the base, without the removed, with the changed and the added', () => {
    const { servers, removed, problems } = resolve({
      remove: ['old'],
      override: { files: { args: ['--rw'], seconds: 5 } },
      add: { figma: { transport: 'http', url: 'http://localhost:3845/mcp', tools: ['get_code'] } },
    });
    expect(problems).toEqual([]);
    expect(removed).toEqual(['old']);
    expect(servers.map((s) => [s.name, s.origin, s.file, s.overridden])).toEqual([
      ['files', 'override', 'Vizu/config/mcp.json', ['args', 'seconds']],
      ['web', 'base', '_shared/mcp.json', []],
      ['figma', 'company', 'Vizu/config/mcp.json', []],
    ]);
    expect(servers[0]?.server).toMatchObject({ command: 'mcp-files', args: ['--rw'], seconds: 5 });
  });

  test('what does not fit the base is named, and that server is left as it was', () => {
    const { servers, problems } = resolve({
      remove: ['nobody'],
      override: { web: { url: 'not a url' }, ghost: { seconds: 1 } },
      add: { files: { transport: 'stdio', command: 'x' } },
    });
    expect(problems.map((p) => `${p.message} ${p.remedy}`)).toEqual([
      'remove: nobody is not in the base. Remove this entry; the base has files, web, old.',
      expect.stringMatching(/^override\.web\.url: /),
      'override: ghost is not in the base. Put it under "add", or override one of the base: files, web, old.',
      'add: files is in the base already. Put the changes under "override".',
    ]);
    expect(servers.map((s) => s.origin)).toEqual(['base', 'base', 'base']);
  });
});

describe('blueprints', () => {
  const made = (folder: string, name: string, rest: object): BlueprintFile => ({
    file: `${folder}/blueprints/${name}.yaml`,
    text: `name: ${name}\nextends: x\n`,
    blueprint: blueprintSchema.parse({ name, ...rest }),
  });
  const step = (key: string, instructions = key) => ({ key, role: 'builder', instructions, tools: ['read'] });
  const byName = (...files: BlueprintFile[]) => new Map(files.map((f) => [f.blueprint.name, f]));

  test('each step and variable says which file it came from; the own name in extends means the shared one', () => {
    const shared = byName(
      made('_shared', 'base', { variables: { test: 'npm test' }, steps: [step('plan'), step('build')] }),
      made('_shared', 'fix', { extends: 'base', steps: [step('check', `run \${test}`)] }),
    );
    const own = byName(
      made('Vizu', 'fix', {
        extends: 'fix',
        variables: { test: { default: 'npm run ui', description: 'how its tests are run' } },
        steps: [step('build', 'draw')],
      }),
    );
    const found = resolveBlueprint(own.get('fix') as BlueprintFile, lookUp(own, shared));
    expect(found.blueprint.steps.map((s) => [s.key, s.instructions, found.stepFiles[s.key]])).toEqual([
      ['plan', 'plan', '_shared/blueprints/base.yaml'],
      ['build', 'draw', 'Vizu/blueprints/fix.yaml'],
      ['check', 'run npm run ui', '_shared/blueprints/fix.yaml'],
    ]);
    expect(found.variableFiles).toEqual({ test: 'Vizu/blueprints/fix.yaml' });
    expect(found.files).toEqual([
      'Vizu/blueprints/fix.yaml',
      '_shared/blueprints/fix.yaml',
      '_shared/blueprints/base.yaml',
    ]);
  });

  test('a ring names everybody in it, in order', () => {
    const all = byName(
      made('_shared', 'start', { extends: 'a' }),
      made('_shared', 'a', { extends: 'b' }),
      made('_shared', 'b', { extends: 'c' }),
      made('_shared', 'c', { extends: 'a', steps: [step('x')] }),
    );
    expect(() => resolveBlueprint(all.get('start') as BlueprintFile, lookUp(new Map(), all))).toThrow(
      'extends itself in a ring: a -> b -> c -> a',
    );
  });

  test('a variable that nobody defines is named, also one that every object has', () => {
    for (const name of ['missing', 'constructor']) {
      const file = made('_shared', 'x', { steps: [step('build', `use \${${name}}`)] });
      expect(() => resolveBlueprint(file, () => undefined)).toThrow(`uses \${${name}}, which no blueprint`);
    }
  });

  test('agents and rounds are for workflows', () => {
    const parse = (rest: object) =>
      blueprintSchema.safeParse({ name: 'x', steps: [{ ...step('build'), agent: 'Vizu' }], ...rest });
    expect(parse({}).error?.issues.map((i) => i.path.join('.'))).toEqual(['steps.0.agent']);
    expect(parse({ kind: 'workflow', max_iterations: 2 }).success).toBe(true);
  });
});
