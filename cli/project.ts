import { type Command, Option } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { type MergeMode, mergeModes } from '#server/domain/merge.ts';
import type { ProjectView } from '#server/domain/views/project.ts';
import { api } from './client.ts';
import { print } from './output.ts';

/** `alai project`: what is known, and how accepted work meets its branch. */
export function registerProjectCommands(program: Command): void {
  const project = program.command('project').description('projects: list, set');
  project
    .command('list')
    .description('every project, the one used last first')
    .action(async () => {
      const all = await api().projects.list.query();
      print(all, () =>
        all.length > 0
          ? all
              .map((p) => [p.id, p.name, p.defaultBranch, p.merge, p.path].filter(Boolean).join('  '))
              .join('\n')
          : 'No projects. One comes with the first task: npx alai mc add "…" --project <folder>',
      );
    });
  project
    .command('set')
    .description('change a project')
    .argument('<project>', 'id or name')
    .addOption(
      new Option('--merge <mode>', 'how accepted work meets its branch')
        .choices(mergeModes)
        .makeOptionMandatory(),
    )
    .action(async (wanted: string, o: { merge: MergeMode }) => {
      const found = await projectNamed(wanted);
      await api().projects.set.mutate({ id: found.id, merge: o.merge });
      print({ ...found, merge: o.merge }, () => `${found.name} merges by ${o.merge} from the next merge on.`);
    });
}

/** The one project of this id or name. Throws NOT_FOUND when there is none, or more than one. */
export async function projectNamed(wanted: string): Promise<ProjectView> {
  const named = (await api().projects.list.query()).filter((p) => p.id === wanted || p.name === wanted);
  const [found] = named;
  if (found && named.length === 1) return found;
  throw new AlaiError(
    'NOT_FOUND',
    found ? `${named.length} projects are called ${wanted}.` : `There is no project ${wanted}.`,
    'Give its id: see `npx alai project list`.',
  );
}
