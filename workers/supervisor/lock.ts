import { linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import { sleep } from '#server/platform/clock.ts';
import { readText, writeAtomic, writeOnce } from '#server/platform/files.ts';
import { isAlive, markOf, type ProcessMark, signalMarked } from '#server/platform/processes.ts';

const heldSchema = z.object({ pid: z.number().int(), startTime: z.string(), url: z.string() });

/**
 * One supervisor per home. The lock is a file that names its holder by process id and start time, so a crash leaves a
 * lock that the next start recognises as nobody's.
 */
export function lockHome(home: string, url: string): { release(): void } {
  const file = path.join(home, 'supervisor.json');
  const mine = markOf(process.pid);
  if (!mine)
    throw new AlaiError('INTERNAL', 'This process cannot find its own start time.', 'Please report this.');
  const text = JSON.stringify({ ...mine, url });
  for (let n = 0; n < 5; n++) {
    const held = writeOnce(file, text, 0o644);
    if (held === text) {
      return {
        release: () => {
          if (readText(file) === text) rmSync(file, { force: true });
        },
      };
    }
    const holder = heldSchema.safeParse(parse(held));
    if (holder.success && isAlive(holder.data)) {
      throw new AlaiError(
        'HOME_IN_USE',
        `Mission Control already runs here: process ${holder.data.pid}, ${holder.data.url}`,
        `Open it, or stop it with Ctrl-C (kill ${holder.data.pid}). For a second copy set another home and port: ` +
          'ALAI_HOME=.alai-2 PORT=3062 npm start',
        { pid: holder.data.pid, url: holder.data.url },
      );
    }
    takeAway(file, held);
  }
  throw new AlaiError(
    'HOME_IN_USE',
    `${file} cannot be taken.`,
    'Remove it if no Mission Control runs here.',
  );
}

/** Removes a dead holder's lock; when somebody else was faster and it is theirs already, it is put back. */
function takeAway(file: string, dead: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readText(aside) !== dead) linkSync(aside, file);
  } catch {
    // gone already, or a third one took it: the next round sees who
  } finally {
    rmSync(aside, { force: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const marks = (home: string) => path.join(home, 'run', 'processes');

/** Remembers a child on disk, so that a later start can end it when we were killed before we could. */
export function rememberChild(home: string, name: string, pid: number): void {
  const mark = markOf(pid);
  if (mark) writeAtomic(path.join(marks(home), `${name}.json`), JSON.stringify(mark));
}

export function forgetChild(home: string, name: string): void {
  rmSync(path.join(marks(home), `${name}.json`), { force: true });
}

const markSchema = z.object({ pid: z.number().int().positive(), startTime: z.string() });

/** Ends what an earlier supervisor of this home left running. Never touches a process that merely has the same id. */
export async function endLeftovers(home: string): Promise<string[]> {
  const found: { name: string; mark: ProcessMark }[] = [];
  for (const file of listed(marks(home))) {
    const name = file.replace(/\.json$/, '');
    const mark = markSchema.safeParse(parse(readText(path.join(marks(home), file)) ?? ''));
    if (mark.success && isAlive(mark.data)) found.push({ name, mark: mark.data });
    else forgetChild(home, name);
  }
  for (const { mark } of found) signalMarked(mark, 'SIGTERM');
  const deadline = Date.now() + 3_000;
  while (found.some((f) => isAlive(f.mark)) && Date.now() < deadline) await sleep(50);
  for (const { mark } of found) signalMarked(mark, 'SIGKILL');
  for (const { name } of found) forgetChild(home, name);
  return found.map((f) => f.name);
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).filter((f) => f.endsWith('.json'));
  } catch {
    return [];
  }
}
