import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { download } from './client.ts';
import { taskNumber } from './mc.ts';
import { exits, print } from './output.ts';

/** `alai verify 4001`: looks again at everything the proof of work of a task claims. */
export function registerVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('run the evidence of a task again: hashes, tree, and the checks on the commit')
    .argument('[task]', 'its number', taskNumber)
    .option('--archive <file>', 'a downloaded proof of work, instead of asking the server')
    .option('--unsandboxed', 'run the commands of the project although this machine has no sandbox')
    .option('--save <file>', 'keep the downloaded archive')
    .action(
      async (
        task: number | undefined,
        o: { archive?: string; save?: string; unsandboxed?: boolean },
        command: Command,
      ) => {
        const { verifyProof } = await import('#workers/verify/verify.ts');
        if (task === undefined && !o.archive) command.error('error: name a task or an --archive');
        const from = (file: string) => path.resolve(process.env.ALAI_CWD ?? '.', file);
        const zip = o.archive
          ? await readArchive(from(o.archive))
          : await download(`/api/tasks/${task}/proof`);
        if (o.save) await writeFile(from(o.save), zip);
        const v = await verifyProof(zip, o.unsandboxed ?? false);
        print(v, () =>
          [
            `#${v.taskId} ${v.title}`,
            ...v.items.map(
              (i) =>
                `${markOf(i)} ${i.name}${i.recorded && i.now !== i.recorded ? ` (then: ${i.recorded}, now: ${i.now})` : ''}\n    ${i.detail.split('\n')[0]}`,
            ),
            `Not run again: check 3 (gates are recorded runs; their commands are run above) and 17 (the default branch has moved on).`,
            `${v.passed} as recorded, ${v.failed} not. ⊘ does not apply, as its line says.`,
          ].join('\n'),
        );
        if (!v.ok) process.exitCode = exits.failed;
      },
    );
}

const markOf = (i: { ok: boolean; now: string | null }): string =>
  !i.ok
    ? '✕'
    : i.now === 'not applicable'
      ? '⊘'
      : i.now === 'pending'
        ? '○'
        : i.now === 'fail'
          ? '✕ (as recorded)'
          : '✓';

async function readArchive(file: string): Promise<Uint8Array> {
  return await readFile(file).catch((e: NodeJS.ErrnoException) => {
    throw new AlaiError(
      'BAD_INPUT',
      `${file} cannot be read (${e.code}).`,
      'Name an archive downloaded from a task.',
    );
  });
}
