import { z } from 'zod';
import { readEntries } from '#server/audit/data.ts';
import { type AuditEntry, type AuditFilter, auditFilterSchema } from '#server/domain/audit.ts';
import type { Db } from '#server/platform/db.ts';

const exportFormats = ['csv', 'jsonl'] as const;
export type ExportFormat = (typeof exportFormats)[number];

const PAGE = 1_000;
const columns = [
  ...['n', 'at', 'actorKind', 'actor', 'type', 'entity', 'entityId', 'from', 'to', 'reason'],
  ...['projectId', 'pipelineId', 'taskId', 'data', 'hash'],
] as const satisfies (keyof AuditEntry)[];

/** A cell that a spreadsheet shows and never runs: text that starts like a formula gets an apostrophe. */
function cell(value: unknown): string {
  const text =
    value === null || value === undefined
      ? ''
      : value instanceof Date
        ? value.toISOString()
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Filter and format from the address of an export. Throws zod's error for what it does not know. */
export function exportInput(params: URLSearchParams): { filter: AuditFilter; format: ExportFormat } {
  const { format, ...rest } = Object.fromEntries(params);
  const date = (text: string | undefined) => (text === undefined ? null : new Date(text));
  return {
    format: z.enum(exportFormats).parse(format ?? 'jsonl'),
    filter: auditFilterSchema.parse({
      ...rest,
      people: rest.people !== 'false',
      from: date(rest.from),
      to: date(rest.to),
      ...(rest.taskId === undefined ? {} : { taskId: Number(rest.taskId) }),
    }),
  };
}

/** The whole trail of a filter, the newest first, read page by page: it may be larger than memory. */
export async function* exportTrail(
  db: Db,
  filter: AuditFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  if (format === 'csv') yield `${columns.join(',')}\r\n`;
  for (let cursor: string | null = null, first = true; first || cursor; first = false) {
    const page: { entries: AuditEntry[]; next: string | null } = await readEntries(db, filter, cursor, PAGE);
    yield page.entries
      .map((e) =>
        format === 'csv' ? `${columns.map((c) => cell(e[c])).join(',')}\r\n` : `${JSON.stringify(e)}\n`,
      )
      .join('');
    cursor = page.next;
  }
}
