import type { Command } from 'commander';
import { api } from './client.ts';
import { pipelineText, sessionLogText } from './format.ts';
import { registerGraphCommands } from './graph.ts';
import { taskNumber } from './mc.ts';
import { print } from './output.ts';

/** `alai pipeline …`. */
export function registerPipelineCommands(program: Command): void {
  const pipeline = program
    .command('pipeline')
    .description(
      'pipelines: status, advance, create (by the number of one of its tasks), log, rerun, skip, add, after',
    );
  const show = async (taskId: number) => {
    const task = await api().tasks.get.query({ id: taskId });
    const view = await api().pipelines.get.query({ id: task.pipelineId as number });
    print(view, () => pipelineText(view));
  };
  pipeline.command('status').argument('<task>', 'number', taskNumber).action(show);
  pipeline
    .command('log')
    .description('what the agents of a pipeline did, the newest first')
    .argument('<pipeline>', 'number of the pipeline', taskNumber)
    .action(async (id: number) => {
      const log = await api().pipelines.sessionLog.query({ id });
      print(log, () => sessionLogText(log));
    });
  pipeline
    .command('advance')
    .description('queue what may go on now')
    .argument('<task>', 'number', taskNumber)
    .action(async (taskId: number) => {
      await api().pipelines.advance.mutate({ taskId });
      await show(taskId);
    });
  pipeline
    .command('create')
    .description('start the chain of a task that has none live')
    .argument('<task>', 'number', taskNumber)
    .action(async (taskId: number) => {
      await api().pipelines.create.mutate({ taskId });
      await show(taskId);
    });

  registerGraphCommands(pipeline);
}
