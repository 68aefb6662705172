import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import type { MinionView } from '#server/domain/views/minion.ts';
import { api } from './client.ts';
import { projectOf, taskNumber } from './mc.ts';
import { exits, print } from './output.ts';
import { untilOver } from './wait.ts';

interface NewMinion {
  project?: string;
  blueprint?: string;
  company?: string;
  mcTask?: number;
  wait?: boolean;
}

const line = (m: MinionView): string =>
  [
    `#${m.taskId}`,
    m.state,
    m.title,
    [m.company, m.blueprint].filter(Boolean).join(' · '),
    m.branch && m.commit ? `${m.branch} at ${m.commit.slice(0, 7)}` : '',
  ]
    .filter(Boolean)
    .join('  ');

async function create(titles: string[], o: NewMinion): Promise<number[]> {
  const client = api();
  const source = o.mcTask === undefined ? null : await client.tasks.get.query({ id: o.mcTask });
  const wanted = titles.length > 0 ? titles : source ? [source.title] : [];
  if (wanted.length === 0)
    throw new AlaiError(
      'TITLE_EMPTY',
      'A minion needs a title.',
      'Write one, or name a task with --mc-task.',
    );
  const project = projectOf(o.project) ?? source?.projectId ?? null;
  if (project === null)
    throw new AlaiError('PROJECT_REQUIRED', 'A minion works in a project.', 'Name it with --project FOLDER.');
  const made = await client.tasks.create.mutate({
    idempotencyKey: randomUUID(),
    project,
    pipelineTitle: null,
    tasks: wanted.map((title) => ({
      title,
      description: source?.description ?? '',
      priority: source?.priority ?? 'M',
      tags: [],
      owner: null,
      parentId: source?.id ?? null,
      dependsOn: [],
      company: o.company ?? null,
      blueprint: o.blueprint ?? null,
      tier: null,
      minion: true,
    })),
  });
  return made.taskIds;
}

const options = (c: Command) =>
  c
    .option('--project <folder|id>', 'a git repository on this machine, or a known project')
    .option('--blueprint <name>', 'instead of the one chosen by type')
    .option('--company <name>')
    .option('--mc-task <task>', 'take title and text of this task, and stand below it', taskNumber);

/** `alai minion`: one task, one worktree, one blueprint, no reviews; its branch lives until merged or discarded. */
export function registerMinionCommands(program: Command): void {
  const minion = program
    .command('minion')
    .description(
      'one task, one worktree, no reviews: run, enqueue, status, list, merge, discard, bin, restore',
    );
  options(minion.command('run').description('start one').argument('[title]'))
    .option('--wait', 'until it is built or needs you')
    .action(async (title: string | undefined, o: NewMinion) => {
      const [id] = (await create(title ? [title] : [], o)) as [number];
      if (o.wait) await untilOver(id);
      const view = await api().integration.minion.query({ id });
      print(view, () => line(view));
      if (o.wait && view.state !== 'waiting' && view.state !== 'merged') process.exitCode = exits.failed;
    });
  options(minion.command('enqueue').description('queue one or more').argument('<titles...>')).action(
    async (titles: string[], o: NewMinion) => {
      const ids = await create(titles, o);
      const made = await Promise.all(ids.map((id) => api().integration.minion.query({ id })));
      print(made, () => made.map(line).join('\n'));
    },
  );
  minion
    .command('status')
    .argument('<task>', 'number', taskNumber)
    .action(async (id: number) => {
      const view = await api().integration.minion.query({ id });
      print(view, () => line(view));
    });
  minion
    .command('list')
    .description('those that still need somebody')
    .option('--all', 'merged and discarded ones too')
    .action(async (o: { all?: boolean }) => {
      const all = await api().integration.minions.query({ all: o.all ?? false });
      print(all, () =>
        all.length > 0 ? all.map(line).join('\n') : 'No minions. Start one with: npx alai minion run "…"',
      );
    });
  minion
    .command('merge')
    .description('merge its branch as it is')
    .argument('<task>', 'number', taskNumber)
    .argument('[reason]')
    .option('--wait', 'until it is merged or comes back')
    .action(async (id: number, reason: string | undefined, o: { wait?: boolean }) => {
      await api().integration.mergeMinion.mutate({ id, reason: reason ?? '' });
      let view = await api().integration.minion.query({ id });
      while (o.wait && (view.state === 'merging' || view.state === 'queued')) {
        await new Promise((r) => setTimeout(r, 500));
        view = await api().integration.minion.query({ id });
      }
      print(view, () => line(view));
    });
  minion
    .command('discard')
    .description('end it; its branch goes to the recovery bin')
    .argument('<task>', 'number', taskNumber)
    .argument('[reason]')
    .action(async (id: number, reason?: string) => {
      await api().integration.discardMinion.mutate({ id, reason: reason ?? '' });
      const view = await api().integration.minion.query({ id });
      print(view, () => line(view));
    });
  minion
    .command('bin')
    .description('what was discarded or left unfinished, for 14 days')
    .action(async () => {
      const all = await api().integration.bin.query();
      print(all, () =>
        all.length > 0
          ? all
              .map(
                (e) =>
                  `${e.key}  ${e.sha.slice(0, 7)}  until ${e.until.toISOString().slice(0, 10)}  ${e.subject}`,
              )
              .join('\n')
          : 'The recovery bin is empty.',
      );
    });
  minion
    .command('restore')
    .description('put an entry of the bin onto a branch of the project again')
    .argument('<key>', 'task-attempt, as the bin lists it')
    .action(async (key: string) => {
      if (!/^#?\d+-\d+$/.test(key))
        throw new AlaiError(
          'BAD_INPUT',
          `"${key}" is no entry of the bin.`,
          'An entry is a task and an attempt, such as 4037-1: see npx alai minion bin.',
        );
      const made = await api().integration.restore.mutate({ key });
      print(
        made,
        () => `${made.branch} is at ${made.sha.slice(0, 10)}${made.folder ? ` in ${made.folder}` : ''}.`,
      );
    });
}
