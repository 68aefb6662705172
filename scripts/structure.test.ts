import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { companyViolations, prismaViolations } from './structure.ts';

describe('import rules', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'alai-rules-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Lints planted files with the project's own configuration and returns the messages by file. */
  function lint(files: Record<string, string>): Record<string, string> {
    mkdirSync(folder, { recursive: true });
    copyFileSync('biome.json', path.join(folder, 'biome.json'));
    try {
      symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
    } catch {
      // linked by an earlier call
    }
    for (const [file, imported] of Object.entries(files)) {
      mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(folder, file), `import { a } from '${imported}';\n\nexport const b = a;\n`);
    }
    const args = [
      'lint',
      '--only=style/noRestrictedImports',
      '--vcs-enabled=false',
      '--reporter=github',
      '.',
    ];
    const run = spawnSync(path.resolve('node_modules/.bin/biome'), args, { cwd: folder, encoding: 'utf8' });
    const found = [...`${run.stdout}`.matchAll(/file=(?:\S*\/alai-rules-[^/]+\/)?([^,]+),.*::(.*)/g)];
    return Object.fromEntries(found.map(([, file, message]) => [file, message]));
  }

  test('a violation in each kind of folder is refused with the place where the code belongs', () => {
    const found = lint({
      'server/domain/a.ts': '#server/platform/db.ts',
      'server/domain/b.ts': 'node:fs',
      'server/platform/a.ts': '#server/engine/claim.ts',
      'server/catalogue/a.ts': '#server/routing/policy.ts',
      'server/engine/a.ts': '../routing/policy.ts',
      'server/routing/a.ts': '#server/intake/policy.ts',
      'server/quality/gates/a.ts': '../../execution/schema.ts',
      'server/human-queue/a.ts': 'react',
      'server/execution/a.ts': '#workers/host.ts',
      'server/api/a.ts': 'next/headers',
      'components/board/a.ts': '#server/engine/claim.ts',
      'components/board/b.ts': '#server/api/context.ts',
      'app/a.ts': '#server/platform/db.ts',
      'cli/a.ts': '#server/engine/claim.ts',
    });
    expect(Object.keys(found)).toHaveLength(14);
    expect(found['server/routing/a.ts']).toContain('workers/ and server/api compose them');
    expect(found['app/a.ts']).toContain('data comes through the API');
  });

  test('what the rules allow passes', () => {
    rmSync(folder, { recursive: true, force: true });
    const found = lint({
      'server/domain/a.ts': 'zod',
      'server/domain/b.ts': './a.ts',
      'server/platform/a.ts': '#server/domain/a.ts',
      'server/routing/a.ts': '#server/engine/claim.ts',
      'server/routing/b.ts': '#server/catalogue/data.ts',
      'server/quality/gates/a.ts': '../schema.ts',
      'server/api/a.ts': '#server/engine/claim.ts',
      'components/board/a.ts': '#server/api/root.ts',
      'workers/a.ts': '#server/execution/run.ts',
    });
    expect(found).toEqual({});
  });
});

describe('structure', () => {
  test('Prisma is used in data.ts and commands.ts only', () => {
    const use = 'const rows = await db.prisma.task.findMany();';
    expect(prismaViolations('server/intake/data.ts', use)).toEqual([]);
    expect(prismaViolations('server/intake/policy.ts', `\n${use}`)).toMatchObject([{ line: 2 }]);
  });

  test('a company folder holds no code and no unknown file', () => {
    expect(companyViolations('companies/Vizu/agents/lead.yaml')).toEqual([]);
    expect(companyViolations('companies/_shared/routing.yaml')).toEqual([]);
    expect(companyViolations('companies/Vizu/index.ts')).toHaveLength(1);
    expect(companyViolations('companies/Vizu/agents/intern.yaml')).toHaveLength(1);
    expect(companyViolations('companies/notes.md')).toHaveLength(1);
  });
});
