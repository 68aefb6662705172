import type { Report } from '#server/domain/report.ts';
import type { EarlierWork } from '#server/domain/work.ts';
import { charsOf, type Fitted } from './tokens.ts';

/**
 * What agents of this pipeline did before: the nearest in full while they fit, the others in a sentence, and at last a
 * line that says how many are not shown. Each is referred to by its task, `#4001`.
 */
export function sessionLog(earlier: EarlierWork[], budget: number): Fitted {
  const told = earlier.filter((e): e is EarlierWork & { report: Report } => e.report !== null);
  let room = charsOf(budget);
  const lines: string[] = [];
  let full = 0;
  let brief = 0;
  // Once one is too long for the room, all further ones are brief: a gap in the middle would mislead.
  let inFull = true;
  for (const e of told) {
    const whole = entry(e);
    // Room is kept for the others to be named at least.
    if (inFull && whole.length + 2 <= room - (told.length - full - 1) * 40) {
      lines.push(whole);
      room -= whole.length + 2;
      full++;
      continue;
    }
    inFull = false;
    const short = summary(e);
    if (short.length + 2 > room - 80) break;
    lines.push(short);
    room -= short.length + 2;
    brief++;
  }
  const dropped = told.length - full - brief;
  if (dropped > 0)
    lines.push(`(${dropped} earlier ${dropped === 1 ? 'task is' : 'tasks are'} not shown here.)`);
  const words = [
    ...(brief > 0 ? [`${brief} summarised`] : []),
    ...(dropped > 0 ? [`${dropped} not shown`] : []),
  ];
  return { text: lines.join('\n\n'), trimmed: words.length > 0 ? words.join(', ') : null };
}

const heading = (e: EarlierWork): string =>
  [`#${e.taskId}`, e.stage ?? 'TASK', e.company, e.verdict, e.title && `"${e.title.slice(0, 120)}"`]
    .filter(Boolean)
    .join(' ');

/** One report by its schema: agent_type, company, task_summary, files_written, key_decisions, blockers, verification. */
function entry(e: EarlierWork & { report: Report }): string {
  const r = e.report;
  const list = (name: string, items: string[]) =>
    items.length > 0 ? [`${name}: ${items.map((i) => i.replace(/\s+/g, ' ')).join('; ')}`] : [];
  return [
    `${heading(e)} (${r.agentType})`,
    r.taskSummary.trim(),
    ...list('Files', r.filesWritten),
    ...list('Decisions', r.keyDecisions),
    ...list('Blockers', r.blockers),
    ...(r.verification.trim() ? [`Verified: ${r.verification.trim()}`] : []),
  ].join('\n');
}

function summary(e: EarlierWork & { report: Report }): string {
  const [first = ''] = e.report.taskSummary.trim().split(/(?<=[.!?])\s+/u);
  const files = e.report.filesWritten;
  const named = files.slice(0, 6).join(', ');
  const more = files.length > 6 ? ` and ${files.length - 6} more` : '';
  return `${heading(e)}: ${first.slice(0, 240)}${files.length > 0 ? ` Files: ${named}${more}` : ''}`;
}
