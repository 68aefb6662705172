import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import { plain } from '#server/domain/plain.ts';
import type { RoutePreview } from '#server/domain/views/routing.ts';
import { env } from '#server/platform/env.ts';
import type { Answer } from '#workers/route.ts';
import { api, refusalOf } from './client.ts';
import { routeText } from './format.ts';
import { taskNumber } from './mc.ts';
import { exits, isJson, print } from './output.ts';

interface Options {
  description: string;
  tag: string[];
  file?: string;
  rules?: boolean;
}

/** `alai route`: who would do it, on which model, and why. Nothing is created. */
export function registerRouteCommand(program: Command): void {
  const route = program
    .command('route')
    .description('a dry run: who would do it, on which model, and why; nothing is created')
    .argument('[title]')
    .option('-d, --description <text>', 'description', '')
    .option('-t, --tag <tag>', 'tag, repeatable', (v: string, all: string[]) => [...all, v], [])
    .option('--rules', 'by the rules of companies/ alone, without asking the server')
    .option('-f, --file <tasks.jsonl>', 'many: {"id", "title", "description"} a line, - for standard input')
    .action(async (title: string | undefined, o: Options) => {
      if (o.file !== undefined) return await routeFile(o.file);
      if (title === undefined)
        throw new AlaiError(
          'BAD_INPUT',
          'There is nothing to route.',
          'Give a title, or --file tasks.jsonl with {"id", "title", "description"} a line.',
        );
      const { preview, by } = await routeOne(title, o);
      const { answerOf } = await import('#workers/route.ts');
      const { id: _, ...flat } = answerOf(null, preview.route);
      const { suggestion = null } = preview;
      print({ ...flat, by, suggestion, route: preview.route }, () =>
        [routeText(preview), ...(suggestion ? [`  ? ${suggestion.text}`] : []), `  (${by})`].join('\n'),
      );
    });
  route
    .command('correct')
    .description(
      'say who should have got a task, or how hard it is; remembered and offered for similar tasks',
    )
    .argument('<task>', 'number', taskNumber)
    .option('--company <name>')
    .option('--complexity <1-5>', 'how hard it is', Number)
    .action(async (taskId: number, o: { company?: string; complexity?: number }) => {
      const { applied } = await api().routing.correct.mutate({
        taskId,
        company: o.company ?? null,
        complexity: o.complexity ?? null,
      });
      print({ ok: true, applied }, () =>
        applied
          ? `#${taskId} is routed so now, and it is remembered.`
          : `Remembered. #${taskId} itself has begun and goes on as it is.`,
      );
    });
  route
    .command('corrections')
    .description('what people changed about routes; --forget <id> offers it no more')
    .option('--forget <id>', 'by its number in this list', taskNumber)
    .action(async (o: { forget?: number }) => {
      if (o.forget !== undefined) await api().routing.forget.mutate({ id: o.forget });
      const all = await api().routing.corrections.query();
      print(all, () =>
        all.length
          ? all
              .map(
                (c) =>
                  `${c.id}  #${c.taskId} ${c.title}: ${[
                    ...(c.toCompany ? [`${c.fromCompany} -> ${c.toCompany}`] : []),
                    ...(c.toComplexity ? [`complexity ${c.fromComplexity} -> ${c.toComplexity}`] : []),
                  ].join(', ')} (${c.actor})`,
              )
              .join('\n')
          : 'Nobody has corrected a route yet: npx alai route correct 4001 --company Vizu',
      );
    });
}

const BY_RULES = 'by the rules alone, from the companies folder; no server was asked';

async function routeOne(title: string, o: Options): Promise<{ preview: RoutePreview; by: string }> {
  const text = { title, description: o.description, tags: o.tag };
  const local = async () => {
    const { routeByRules } = await import('#workers/route.ts');
    const route = routeByRules(env().ALAI_COMPANIES, text);
    return { preview: { title, route, projectRequired: true }, by: BY_RULES };
  };
  if (o.rules) return await local();
  try {
    const [preview] = await api().routing.preview.query({ tasks: [text], projectId: null });
    if (!preview) throw new Error('no answer');
    return { preview, by: 'as the server would route it now' };
  } catch (e) {
    const refusal = refusalOf(e);
    const absent =
      isAlaiError(refusal) &&
      (refusal.code === 'SIGN_IN_REQUIRED' || /does not answer/.test(refusal.message));
    if (!absent) throw e;
    return await local();
  }
}

/** Answers a line for each line, in their order. Bad lines are named on standard error, and the rest goes on. */
async function routeFile(file: string): Promise<void> {
  const { routeLine } = await import('#workers/route.ts');
  const folder = env().ALAI_COMPANIES;
  const place = path.resolve(process.env.ALAI_CWD ?? '.', file);
  const input = file === '-' ? process.stdin : createReadStream(place, 'utf8');
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const opened = new Promise<never>((_, reject) => {
    input.once('error', (e: NodeJS.ErrnoException) =>
      reject(
        new AlaiError(
          'NOT_FOUND',
          `${file} cannot be read${e.code ? ` (${e.code})` : ''}.`,
          'Give a file with one JSON object a line.',
        ),
      ),
    );
  });
  let line = 0;
  let bad = 0;
  let good = 0;
  const work = async () => {
    for await (const raw of lines) {
      line += 1;
      const result = routeLine(folder, raw, line);
      if (result === null) continue;
      if ('answer' in result) {
        good += 1;
        const more = process.stdout.write(
          isJson() ? `${JSON.stringify(result.answer)}\n` : wordsOf(result.answer),
        );
        if (!more) await new Promise<void>((resume) => void process.stdout.once('drain', resume));
      } else {
        bad += 1;
        process.stderr.write(plain(`line ${result.line}: ${result.problem}\n`));
      }
    }
  };
  await Promise.race([work(), opened]);
  process.stderr.write(
    `${good} routed ${BY_RULES}${bad ? `; ${bad} bad ${bad === 1 ? 'line' : 'lines'} left out` : ''}.\n`,
  );
  if (bad) process.exitCode = exits.failed;
}

const wordsOf = (a: Answer): string =>
  plain(
    `${a.id ?? '-'}  ${a.company} · complexity ${a.complexity} · ${a.type} · T${a.tier} · ${a.host ?? 'no host'}${a.held ? `  ◆ held: ${a.held.pattern}` : ''}\n`,
  );
