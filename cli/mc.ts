import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { taskStatuses } from '#server/domain/status.ts';
import { api } from './client.ts';
import { taskLine, taskText } from './format.ts';
import { exits, print } from './output.ts';
import { untilOver } from './wait.ts';

export function taskNumber(value: string): number {
  const n = Number(value.replace(/^#/, ''));
  if (Number.isInteger(n) && n > 0) return n;
  throw new InvalidArgumentError('a task is a number, such as 4001');
}
function count(value: string): number {
  const n = Number(value);
  if (Number.isInteger(n) && n > 0 && n <= 1_000) return n;
  throw new InvalidArgumentError('a number from 1 to 1000');
}
const collect = (value: string, all: string[]) => [...all, value];

/** A project is named by its id, by an address (https://…, git@…) or by a folder, which may be given relative to where one stands (scripts/alai.mjs goes to its own). */
const isRepositoryUrl = (value: string) =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(value) || /^[\w.-]+@[\w.-]+:/.test(value);
export const projectOf = (value: string | undefined) =>
  value === undefined
    ? null
    : /^[0-9a-f]{16}$/.test(value) || isRepositoryUrl(value)
      ? value
      : path.resolve(process.env.ALAI_CWD ?? '.', value);

/** `alai mc`: tasks from the terminal. */
export function registerTaskCommands(program: Command): void {
  const mc = program
    .command('mc')
    .description('tasks: add, list, show, start, done, cancel, reopen, revert, next');
  mc.command('add')
    .description('create a task; it starts by itself when it has a project and nothing holds it')
    .argument('<title>')
    .addOption(new Option('-p, --priority <priority>', 'priority').choices(['H', 'M', 'L']).default('M'))
    .option('-t, --tag <tag>', 'tag, repeatable (deploy and docs ask for those stages)', collect, [])
    .option('-d, --description <text>', 'description', '')
    .option(
      '--project <folder|url|id>',
      'a git repository: on this machine, at https://… or git@…, or a known one',
    )
    .option(
      '--after <task>',
      'wait for this task, repeatable',
      (v: string, all: number[]) => [...all, taskNumber(v)],
      [],
    )
    .option('--company <name>')
    .option('--blueprint <name>')
    .option('--offline', 'only models that need no network')
    .option('--key <text>', 'idempotency key: the same key creates once')
    .action(async (title: string, o) => {
      const created = await api().tasks.create.mutate({
        idempotencyKey: o.key ?? randomUUID(),
        project: projectOf(o.project),
        pipelineTitle: null,
        tasks: [
          {
            title,
            description: o.description,
            priority: o.priority,
            tags: o.tag,
            owner: null,
            parentId: null,
            dependsOn: o.after,
            company: o.company ?? null,
            blueprint: o.blueprint ?? null,
            tier: null,
            ...(o.offline ? { offline: true } : {}),
          },
        ],
      });
      const task = await api().tasks.get.query({ id: created.taskIds[0] as number });
      print(task, () => taskLine(task));
    });
  mc.command('list')
    .description('open tasks, newest first')
    .option('--all', 'finished ones too')
    .option('--tag <tag>')
    .addOption(
      new Option('--status <status>', 'only these').choices(taskStatuses).argParser((v: string) => {
        const state = v.toUpperCase();
        if ((taskStatuses as readonly string[]).includes(state)) return state;
        throw new InvalidArgumentError(`one of ${taskStatuses.join(', ')}`);
      }),
    )
    .option('-q, --search <text>')
    .option('-n, --limit <n>', 'at most', count, 50)
    .action(async (o) => {
      const items = await api().tasks.list.query({
        limit: o.limit,
        ...(o.status
          ? { status: [o.status] }
          : o.all
            ? {}
            : { status: ['OPEN', 'QUEUED', 'RUNNING', 'NEEDS_HUMAN'] as const }),
        ...(o.tag ? { tag: o.tag } : {}),
        ...(o.search ? { q: o.search } : {}),
      } as never);
      print(items, () =>
        items.length
          ? items.map(taskLine).join('\n')
          : 'No tasks. Add one with: npx alai mc add "…" --project <folder>',
      );
    });
  mc.command('show')
    .argument('<task>', 'number', taskNumber)
    .action(async (id: number) => {
      const task = await api().tasks.get.query({ id });
      print(task, () => taskText(task));
    });
  const act = (name: 'start' | 'done' | 'cancel' | 'reopen', description: string, needsReason: boolean) => {
    const c = mc.command(name).description(description).argument('<task>', 'number', taskNumber);
    if (name !== 'start') c.argument(needsReason ? '<reason>' : '[reason]');
    if (name === 'start') c.option('--project <folder|id>', 'give it this project first');
    c.action(async (id: number, ...rest: unknown[]) => {
      const client = api();
      const reason = typeof rest[0] === 'string' ? rest[0] : '';
      const options = (name === 'start' ? rest[0] : rest[1]) as { project?: string } | undefined;
      if (name === 'start') {
        const project = projectOf(options?.project);
        if (project) await client.tasks.setProject.mutate({ id, project });
        else await client.tasks.start.mutate({ id });
      } else await client.tasks[name].mutate({ id, reason });
      const task = await client.tasks.get.query({ id });
      print(task, () => taskLine(task));
    });
  };
  act('start', 'queue it now', false);
  act('done', 'you did it by hand', true);
  act('cancel', 'end it; on a stage task, the whole chain', true);
  act('reopen', 'do a finished deliverable again', true);
  mc.command('revert')
    .description('take back what a task merged, with a commit of its own that passes gates and checks')
    .argument('<task>', 'number', taskNumber)
    .argument('[reason]')
    .option('--wait', 'until it is reverted or refused')
    .action(async (id: number, reason: string | undefined, o: { wait?: boolean }) => {
      const made = await api().integration.revert.mutate({ id, reason: reason ?? '' });
      const task = await (o.wait ? untilOver(made.taskId) : api().tasks.get.query({ id: made.taskId }));
      print(task, () => [taskLine(task), ...task.findings.map((f) => `  ${f.title}`)].join('\n'));
      if (o.wait && task.verdict === 'reject') process.exitCode = exits.failed;
    });
  mc.command('next')
    .description('the task that would start next')
    .action(async () => {
      const task = await api().tasks.next.query();
      print(task, () =>
        task ? taskLine(task) : 'Nothing would start next: see npx alai mc list for what waits.',
      );
    });
}
