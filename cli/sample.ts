import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { api } from './client.ts';
import { exits, isJson, print } from './output.ts';

const ended = new Set(['DONE', 'FAILED', 'CANCELLED', 'NEEDS_HUMAN']);

/** What a script reads at the end of a sample run. */
function summary(p: PipelineView, seconds: number) {
  return {
    done: p.counts.DONE,
    failed: p.counts.FAILED,
    cancelled: p.counts.CANCELLED,
    needsHuman: p.counts.NEEDS_HUMAN,
    byStage: p.byStage,
    seconds: Math.round(seconds * 10) / 10,
    project: p.projectPath,
    projectId: p.projectId,
    pipeline: p.id,
    state: p.state,
    scripted: p.scripted,
  };
}

/** `alai sample bento --wait`: the shipped sample, from the terminal. */
export function registerSampleCommand(program: Command): void {
  program
    .command('sample')
    .description(
      'run a shipped sample: a repository, five tasks, twenty and more after a while; scripted, no model is called',
    )
    .argument('<name>', 'bento', (v: string) => {
      if (v === 'bento') return v;
      throw new InvalidArgumentError('the shipped sample is: bento');
    })
    .option('--wait', 'stay until it is done')
    .option('--timeout <seconds>', 'give up waiting after', (v: string) => Number(v), 600)
    .action(async (name: 'bento', o: { wait?: boolean; timeout: number }) => {
      const client = api();
      const started = Date.now();
      const created = await client.sample.run.mutate({ name });
      if (!o.wait) {
        print(
          created,
          () =>
            `Pipeline #${created.pipelineId} runs with tasks ${created.taskIds.map((t) => `#${t}`).join(', ')}.`,
        );
        return;
      }
      let last = '';
      for (;;) {
        const view = await client.pipelines.get.query({ id: created.pipelineId }).catch((e) => {
          // The web server may be restarting; the factory goes on without it.
          if (Date.now() - started > o.timeout * 1000) throw e;
          return null;
        });
        if (view && ended.has(view.state)) {
          const result = summary(view, (Date.now() - started) / 1000);
          print(
            result,
            () =>
              `${result.done} done, ${result.failed} failed in ${result.seconds} s. Repository: ${result.project}\nscripted, no model was called`,
          );
          process.exitCode = view.state === 'DONE' && result.failed === 0 ? exits.ok : exits.failed;
          return;
        }
        const line = view
          ? `${view.counts.DONE} done, ${view.counts.RUNNING} running, ${view.counts.QUEUED} queued`
          : 'waiting for the web server';
        if (!isJson() && line !== last) process.stderr.write(`${line}\n`);
        last = line;
        if (Date.now() - started > o.timeout * 1000)
          throw new AlaiError(
            'LIMIT_REACHED',
            `Not done after ${o.timeout} s: ${line}.`,
            `Look at it with: npx alai pipeline status ${created.taskIds[0]}`,
          );
        await sleep(500);
      }
    });
}
