import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { auditEntrySchema, sealedText } from '#server/domain/audit.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { api, download } from './client.ts';
import { exits, print } from './output.ts';

/** One line of an export. Throws BAD_INPUT with its number when it is none. */
function entryOf(line: string, number: number) {
  try {
    const raw = JSON.parse(line) as { at: string };
    return auditEntrySchema.parse({ ...raw, at: new Date(raw.at) });
  } catch {
    throw new AlaiError(
      'BAD_INPUT',
      number === 1 && line.startsWith('n,at,')
        ? 'A CSV cannot be verified: it is written for spreadsheets.'
        : `Line ${number} is damaged: it is no entry of the audit trail.`,
      'Export JSON lines: npx alai audit export trail.jsonl',
    );
  }
}

/** Makes the seals of an exported trail again; it must be whole (no filter), as JSON lines, in either order. */
export function verifyExport(text: string): { ok: boolean; sealed: number; problem: string | null } {
  const entries = text
    .split('\n')
    .filter(Boolean)
    .map((line, i) => entryOf(line, i + 1))
    .filter((e) => e.n !== null)
    .sort((a, b) => (a.n as number) - (b.n as number));
  let hash = '';
  let n = 0;
  for (const e of entries) {
    hash = createHash('sha256')
      .update(`${hash}\n${sealedText(e)}`)
      .digest('hex');
    if (e.n !== n + 1) return { ok: false, sealed: n, problem: `Entry ${n + 1} is not in the file.` };
    if (e.hash !== hash) return { ok: false, sealed: n, problem: `Entry ${n + 1} is not what was sealed.` };
    n++;
  }
  return { ok: true, sealed: n, problem: null };
}

/** `alai audit …`: who did what, when and why. */
export function registerAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('the newest entries of the audit trail')
    .option('--who <name>', 'only what this person did')
    .option('--words <text>', 'only entries with these words')
    .option('--machines', 'also what engine, workers and policies did')
    .option('--limit <n>', 'how many', '50')
    .action(async (o: { who?: string; words?: string; machines?: boolean; limit: string }) => {
      const { entries } = await api().audit.list.query({
        filter: { actor: o.who ?? null, q: o.words ?? '', people: !o.machines },
        limit: Math.min(500, Math.max(1, Number(o.limit) || 50)),
      });
      print(entries, () =>
        entries
          .map(
            (e) =>
              `${e.at.toISOString().slice(0, 19).replace('T', ' ')}  ${e.actor.padEnd(16)}  ${e.type}  ${e.entity} ${e.entityId}` +
              `${e.from || e.to ? `  ${e.from ?? ''} -> ${e.to ?? ''}` : ''}${e.reason ? `  “${e.reason}”` : ''}`,
          )
          .join('\n'),
      );
    });
  audit
    .command('export <file>')
    .description('write the whole trail; .csv for a spreadsheet, else JSON lines')
    .action(async (file: string) => {
      const format = file.endsWith('.csv') ? 'csv' : 'jsonl';
      writeFileSync(file, await download(`/api/audit?format=${format}&people=false`));
      print({ file, format }, () => `Written to ${file}.`);
    });
  audit
    .command('verify [file]')
    .description('make every seal again, in the database or in an exported file')
    .action(async (file: string | undefined) => {
      const state = file ? verifyExport(readText(file)) : await api().audit.verify.query();
      print(state, () =>
        state.ok ? `${state.sealed} entries, none changed.` : (state.problem ?? 'Broken.'),
      );
      if (!state.ok) process.exitCode = exits.failed;
    });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new AlaiError('NOT_FOUND', `${file} cannot be read.`, 'Give the path of an export.');
  }
}
