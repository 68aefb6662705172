import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { api } from './client.ts';
import { taskText } from './format.ts';
import { projectOf } from './mc.ts';
import { exits, print } from './output.ts';

/** `alai run` and `alai workflows`: one task by a named workflow. */
export function registerRunCommands(program: Command): void {
  program
    .command('workflows')
    .description('the workflows there are: what each does, and with how many rounds')
    .action(async () => {
      const client = api();
      const rows = (await client.companies.blueprints.query({ company: null })).filter(
        (r) => r.kind === 'workflow',
      );
      const views = await Promise.all(
        rows.map((r) => client.companies.blueprint.query({ name: r.name, company: null })),
      );
      print(views, () =>
        views
          .map(
            (v) =>
              `${v.name.padEnd(16)} ${v.description}\n${' '.repeat(17)}${v.steps.map((s) => s.key).join(' -> ')}`,
          )
          .join('\n'),
      );
    });
  program
    .command('run')
    .description('do one task by a workflow: its steps go round until the review is content')
    .argument('<title>')
    .requiredOption('--project <folder|id>', 'a git repository on this machine, or a known project')
    .option('-w, --workflow <name>', 'see npx alai workflows', 'default')
    .option('-d, --description <text>', 'description', '')
    .option('--wait', 'stay until the task itself is done')
    .action(
      async (
        title: string,
        o: { project: string; workflow: string; description: string; wait?: boolean },
      ) => {
        const client = api();
        const made = await client.tasks.create.mutate({
          idempotencyKey: randomUUID(),
          project: projectOf(o.project),
          pipelineTitle: null,
          tasks: [{ title, description: o.description, blueprint: o.workflow }],
        });
        const id = made.taskIds[0] as number;
        if (!o.wait) {
          print(made, () => `Task #${id} runs by the workflow ${o.workflow}: npx alai mc show ${id}`);
          return;
        }
        for (;;) {
          const task = await client.tasks.get.query({ id });
          if (!['OPEN', 'QUEUED', 'RUNNING'].includes(task.state)) {
            print(task, () => taskText(task));
            if (task.state !== 'DONE') process.exitCode = exits.failed;
            return;
          }
          await sleep(500);
        }
      },
    );
}
