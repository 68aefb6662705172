import path from 'node:path';
import type { Command } from 'commander';
import { env } from '#server/platform/env.ts';
import { exits, print } from './output.ts';

/** `alai validate`: everything wrong with the companies, without a server. Exit code 1 when there is something. */
export function registerValidateCommand(program: Command): void {
  program
    .command('validate')
    .description(
      'check companies, skills, blueprints, workflows and routing; names every problem with its remedy',
    )
    .option('--dir <folder>', 'the folder of companies')
    .action(async (o: { dir?: string }) => {
      const { validateCompanies } = await import('#workers/validate.ts');
      const folder = o.dir ? path.resolve(process.env.ALAI_CWD ?? '.', o.dir) : env().ALAI_COMPANIES;
      const { counts, problems } = validateCompanies(folder);
      const shown = o.dir?.replace(/\/+$/, '') ?? 'companies';
      const named = problems.map((p) => ({ ...p, file: p.file.replace(/^companies(?=\/)/, shown) }));
      print({ ok: problems.length === 0, counts, problems: named }, () =>
        named.length
          ? [
              ...named.map((p) => `${p.file}:${p.line} ${p.message}\n    ${p.remedy}`),
              `${named.length} ${named.length === 1 ? 'problem' : 'problems'}.`,
            ].join('\n')
          : `All good: ${counts.companies} companies, ${counts.blueprints} blueprints, ${counts.skills} skills, ${counts.workflows} workflows.`,
      );
      if (problems.length) process.exitCode = exits.failed;
    });
}
