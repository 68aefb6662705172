import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { api } from './client.ts';
import { taskNumber } from './mc.ts';
import { print } from './output.ts';

const numbers = (ids: number[]) => ids.map((n) => `#${n}`).join(', ');
const list = (text: string): number[] =>
  text === 'nothing'
    ? []
    : text.split(',').map((part) => {
        const n = Number(part.replace('#', '').trim());
        if (!Number.isInteger(n) || n < 1)
          throw new AlaiError(
            'BAD_INPUT',
            `"${part}" is no task number.`,
            'Write the numbers with commas, 4001,4002, or the word nothing.',
          );
        return n;
      });

/** `alai pipeline rerun|skip|add|after`: changes the course of a pipeline, each with a reason. */
export function registerGraphCommands(pipeline: Command): void {
  pipeline
    .command('rerun')
    .description(
      'do a node again; with --following also all that waits for it, with --failed what failed of its pipeline',
    )
    .argument('<task>', 'number', taskNumber)
    .requiredOption('--reason <why>', 'kept in the history')
    .option('--following', 'and everything that waits for it')
    .option('--failed', 'everything of its pipeline that failed or was cancelled, instead of this task')
    .action(async (taskId: number, o: { reason: string; following?: boolean; failed?: boolean }) => {
      const made = o.failed
        ? await api().graph.rerunFailed.mutate({
            id: (await api().tasks.get.query({ id: taskId })).pipelineId as number,
            reason: o.reason,
          })
        : await api().graph.rerun.mutate({
            taskId,
            mode: o.following ? 'following' : 'only',
            reason: o.reason,
          });
      print(made, () => `Begins again: ${numbers(made.taskIds)}`);
    });
  pipeline
    .command('skip')
    .description('leave out work that nobody has begun; what waited for it goes on')
    .argument('<task>', 'number', taskNumber)
    .requiredOption('--reason <why>', 'kept in the history')
    .action(async (taskId: number, o: { reason: string }) => {
      const done = await api().graph.skip.mutate({ taskId, reason: o.reason });
      print(done, () => `#${taskId} is skipped.`);
    });
  pipeline
    .command('add')
    .description('a new task in the pipeline of another: after it, or --before it')
    .argument('<task>', 'number of the task it is put beside', taskNumber)
    .argument('<title>')
    .requiredOption('--reason <why>', 'kept in the history')
    .option('--before', 'that task waits for the new one, and must not have started')
    .action(async (taskId: number, title: string, o: { reason: string; before?: boolean }) => {
      const made = await api().graph.add.mutate({
        taskId,
        where: o.before ? 'before' : 'after',
        title,
        reason: o.reason,
        idempotencyKey: randomUUID(),
      });
      print(made, () => `#${made.taskId} is added ${o.before ? 'before' : 'after'} #${taskId}.`);
    });
  pipeline
    .command('after')
    .description('change what a task waits for, before it starts: 4001,4002 or nothing')
    .argument('<task>', 'number', taskNumber)
    .argument('<numbers>', 'all that it shall wait for')
    .requiredOption('--reason <why>', 'kept in the history')
    .action(async (taskId: number, on: string, o: { reason: string }) => {
      const task = await api().tasks.get.query({ id: taskId });
      const done = await api().graph.reorder.mutate({
        taskId,
        waitsFor: list(on),
        seen: task.dependsOn.map((d) => d.id),
        reason: o.reason,
      });
      print(done, () => `#${taskId} waits for ${numbers(list(on)) || 'nothing'}.`);
    });
}
