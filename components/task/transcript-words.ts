import { count, took } from '../ui/format.ts';
import { companyName } from '../ui/words.ts';
import type { TranscriptEntry } from './use-transcript.ts';

const text = (v: unknown): string =>
  typeof v === 'string' ? v : v === undefined || v === null ? '' : JSON.stringify(v);
const number = (v: unknown): number | null => (typeof v === 'number' ? v : null);
const record = (v: unknown): Record<string, unknown> =>
  v && typeof v === 'object' ? (v as Record<string, unknown>) : {};

/** A tool call and, once it is back, its result. */
export interface Call {
  seq: number;
  at: Date;
  name: string;
  /** "auth/Session.kt", "npm test": what the call is about. */
  about: string;
  args: Record<string, unknown>;
  done: boolean;
  ok: boolean;
  output: string;
  ms: number | null;
  exitCode: number | null;
  added: number | null;
  removed: number | null;
}

export type Line =
  | { kind: 'say'; seq: number; at: Date; who: string; text: string; streaming: boolean }
  | { kind: 'calls'; seq: number; at: Date; calls: Call[] }
  | { kind: 'gate'; seq: number; at: Date; gate: string; ok: boolean; detail: string; tryNumber: number }
  | { kind: 'error'; seq: number; at: Date; message: string; hint: string };

/** What a call is about, from its arguments. */
function aboutOf(name: string, args: Record<string, unknown>): string {
  if (name === 'plan' && Array.isArray(args.items))
    return `${args.items.length} ${args.items.length === 1 ? 'item' : 'items'}`;
  if (Array.isArray(args.command)) return args.command.map(text).join(' ');
  const said =
    args.command ?? args.path ?? args.pattern ?? args.query ?? args.title ?? args.summary ?? args.taskSummary;
  if (said !== undefined) return text(said);
  return name === 'list' ? '.' : '';
}

/** How a call ended, in two words: "+18 −6", "exit 1", "refused". */
export function endOf(call: Call): string {
  if (!call.done) return 'running';
  if (call.added !== null || call.removed !== null) return `+${call.added ?? 0} −${call.removed ?? 0}`;
  if (call.exitCode !== null) return `exit ${call.exitCode}`;
  if (!call.ok) return 'refused';
  return call.ms === null ? 'ok' : took(call.ms);
}

/** Reads in a row fold into one line. */
const folds = new Set(['read', 'list', 'search']);

/**
 * Entries as the page tells them: who said what, calls joined with their results, reads in a row folded. All text is
 * data of the agent or the repository; it is shown, never interpreted.
 */
export function linesOf(entries: TranscriptEntry[], company: string | null): Line[] {
  const agent = [companyName(company), 'agent'].filter(Boolean).join(' ');
  const results = new Map<string, TranscriptEntry>();
  for (const e of entries) if (e.kind === 'tool_result') results.set(text(e.data.id), e);
  const lines: Line[] = [];
  for (const e of entries) {
    const { seq, at, data } = e;
    if (e.kind === 'harness' || e.kind === 'assistant' || e.kind === 'stream') {
      const said = text(data.text);
      const who = e.kind === 'harness' ? 'Harness' : agent;
      if (said.trim() || e.kind === 'stream')
        lines.push({ kind: 'say', seq, at, who, text: said, streaming: e.kind === 'stream' });
    } else if (e.kind === 'tool_call') {
      const name = text(data.name) || 'tool';
      const args = record(data.arguments);
      const back = results.get(text(data.id));
      const call: Call = {
        seq,
        at,
        name,
        about: aboutOf(name, args),
        args,
        done: !!back,
        ok: back ? back.data.ok !== false : true,
        output: back ? text(back.data.output) : '',
        ms: number(back?.data.ms),
        exitCode: number(back?.data.exitCode),
        added: number(back?.data.added),
        removed: number(back?.data.removed),
      };
      const last = lines[lines.length - 1];
      if (
        folds.has(name) &&
        call.ok &&
        last?.kind === 'calls' &&
        last.calls.every((c) => folds.has(c.name) && c.ok)
      )
        last.calls.push(call);
      else lines.push({ kind: 'calls', seq, at, calls: [call] });
    } else if (e.kind === 'gate') {
      lines.push({
        kind: 'gate',
        seq,
        at,
        gate: text(data.gate),
        ok: data.ok === true,
        detail: text(data.detail),
        tryNumber: number(data.try) ?? 1,
      });
    } else if (e.kind === 'error') {
      lines.push({
        kind: 'error',
        seq,
        at,
        message: text(data.message) || text(data.code),
        hint: text(data.hint),
      });
    }
  }
  return lines;
}

/** The last tool lines, newest last. */
export function lastCalls(entries: TranscriptEntry[], n: number): { calls: Call[]; total: number } {
  const calls = linesOf(entries, null).flatMap((l) => (l.kind === 'calls' ? l.calls : []));
  return { calls: calls.slice(-n), total: calls.length };
}

/** "6 reads", "2 reads, 1 search". */
export function foldedName(calls: Call[]): string {
  if (calls.length === 1) return calls[0]?.name ?? '';
  const by = new Map<string, number>();
  for (const c of calls) by.set(c.name, (by.get(c.name) ?? 0) + 1);
  return [...by]
    .map(([name, n]) => `${count(n)} ${n === 1 ? name : name === 'search' ? 'searches' : `${name}s`}`)
    .join(', ');
}
