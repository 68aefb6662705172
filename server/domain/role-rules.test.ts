import { describe, expect, it } from 'vitest';
import { blueprintStepSchema } from './blueprint.ts';
import {
  type CompanyRules,
  defaultRules,
  matchesGlob,
  readOnlyReason,
  stepRules,
  toolsFor,
  writeReason,
} from './role-rules.ts';

const step = (over: Record<string, unknown> = {}) =>
  blueprintStepSchema.parse({
    key: 'build',
    role: 'builder',
    instructions: 'Do it.',
    tools: ['read', 'write', 'edit', 'run', 'report', 'finish'],
    ...over,
  });
const rulesWith = (change: (r: CompanyRules) => void) => {
  const r = defaultRules();
  change(r);
  return r;
};
const why = (over: Record<string, unknown>, path: string, company = defaultRules()) =>
  writeReason(stepRules('CodeCraft', company, step(over)), path);

describe('what a role may write', () => {
  it.each([
    ['builder', 'src/a.js', null],
    ['builder', '.GIT/config', 'agents/builder.yaml forbidden_paths .git/**'],
    ['lead', 'src/a.js', 'lead of CodeCraft may not write src/a.js: agents/lead.yaml write_locked'],
    ['lead', 'companies/CodeCraft/notes.md', 'write_locked'],
    ['reviewer', 'src/a.js', 'reviewers are read-only'],
  ])('%s on %s: %s', (role, path, reason) => {
    expect(why({ role }, path)?.reason ?? 'allowed').toContain(reason ?? 'allowed');
  });

  it('stays locked for leads and reviewers whatever their files say', () => {
    const open = rulesWith((r) => {
      for (const role of ['lead', 'reviewer'] as const)
        Object.assign(r.roles[role], {
          writeLocked: false,
          readOnly: false,
          forbiddenPaths: [],
          allowedPaths: ['**'],
        });
    });
    for (const role of ['lead', 'reviewer'])
      expect(readOnlyReason(stepRules('X', open, step({ role })))).not.toBeNull();
  });

  it('is role and blueprint together, and says what is allowed instead', () => {
    const company = rulesWith((r) => {
      r.roles.builder.allowedPaths = ['docs/**', '*.md'];
      r.roles.builder.forbiddenPaths = ['docs/legal/**', '**/.env*'];
    });
    expect(why({}, 'docs/a/b.md', company)).toBeNull();
    expect(why({}, 'README.md', company)).toBeNull();
    expect(why({}, 'src/a.js', company)).toMatchObject({
      reason: expect.stringContaining('agents/builder.yaml allowed_paths'),
      hint: expect.stringContaining('docs/**, *.md'),
    });
    expect(why({}, 'docs/legal/x.md', company)?.reason).toContain('forbidden_paths docs/legal/**');
    expect(why({}, 'docs/LEGAL/x.md', company)?.reason).toContain('forbidden_paths docs/legal/**');
    expect(why({}, 'docs/.ENV.local', company)?.reason).toContain('**/.env*');
    expect(why({ paths: { allow: ['docs/api/**'] } }, 'docs/a.md', company)?.hint).toContain('docs/api/**');
    expect(why({ paths: { deny: ['**/*.lock'] } }, 'a/b.LOCK')?.reason).toContain('paths.deny');
  });

  it('a builder whose file locks him writes nothing', () => {
    const locked = rulesWith((r) => {
      r.roles.builder.writeLocked = true;
    });
    expect(why({}, 'a', locked)?.reason).toContain('agents/builder.yaml write_locked');
  });
});

describe('which tools a role may use', () => {
  it('is what the blueprint offers, narrowed by role and tools.json, never below report and finish', () => {
    const company = rulesWith((r) => {
      r.roles.builder.tools = ['read', 'write'];
      r.tools.builder = { allow: null, deny: ['write', 'finish'] };
    });
    const { tools, withheld } = toolsFor(stepRules('X', company, step()), step());
    expect(tools).toEqual(['read', 'report', 'finish']);
    expect(withheld.write?.reason).toContain('config/tools.json deny');
    expect(withheld.run?.reason).toContain('agents/builder.yaml tools');
  });

  it('never holds a writing tool for a lead or a reviewer', () => {
    for (const role of ['lead', 'reviewer']) {
      const s = step({ role });
      const { tools, withheld } = toolsFor(stepRules('X', defaultRules(), s), s);
      expect(tools).not.toContain('write');
      expect(withheld.edit?.reason).toContain(role);
    }
  });
});

it.each([
  ['docs/**', 'docs/a/b.md', true],
  ['docs/**', 'docsx/a', false],
  ['**/*.md', 'a.md', true],
  ['**/*.md', 'a/b/c.md', true],
  ['*.md', 'a/b.md', false],
  ['Dockerfile', 'Dockerfile', true],
  ['a?c', 'abc', true],
  ['a.c', 'abc', false],
  ['**', 'a\nb', true],
  ['**/x', 'x', true],
  ['**/x', '/x', false],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a//b', false],
  ['a**c', 'ab/c', true],
  ['?', '😀', true],
])('the glob %s on %j is %s', (glob, path, yes) => expect(matchesGlob(path, glob)).toBe(yes));

it('a glob that could be matched in very many ways is answered at once', () => {
  const from = performance.now();
  expect(matchesGlob('a'.repeat(60), `${'*a'.repeat(20)}!`)).toBe(false);
  expect(matchesGlob('a/'.repeat(40), `${'**/'.repeat(20)}!`)).toBe(false);
  expect(performance.now() - from).toBeLessThan(5_000);
});
