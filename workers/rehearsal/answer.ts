import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { abroad, askerAmong, shellAmong } from './abroad.ts';
import type { Conversation, Facts } from './conversation.ts';
import type { FaultName } from './faults.ts';
import { inText } from './in-text.ts';
import type { Answer, Condition, Move, Scenario } from './scenarios.ts';

export interface Said {
  text: string;
  calls: { name: string; arguments: Record<string, unknown> }[];
  fault: FaultName | null;
  scenario: string;
}

/** The answer to a conversation: a pure function of its messages and the scenario files. */
export function answer(scenarios: Scenario[], c: Conversation): Said {
  const facts = c.facts;
  if (!facts) return plain(c);
  if (c.inText.length > 0) {
    const asks = askerAmong(c.offered) ? ['ask_human'] : [];
    const all = moved(scenarios, { ...c, offered: [...c.inText, ...asks] });
    return shellAmong(c.offered) ? abroad(all, c) : inText(all);
  }
  for (const s of scenarios) {
    if (!s.title.test(facts.title)) continue;
    const part = s.answers.find((a) => fits(a, facts, c));
    if (!part) continue;
    const said = nextMove(part.moves, c, facts, s);
    if (said) return said;
  }
  return { text: 'I have nothing to add to this step.', calls: closing(c), fault: null, scenario: 'none' };
}

/** Every call a scenario would make one after the other, for whoever has to say all of it at once. */
function moved(scenarios: Scenario[], c: Conversation): Said {
  const all: Said = { text: '', calls: [], fault: null, scenario: 'none' };
  const words: string[] = [];
  for (let n = 0; n < MOST_MOVES; n++) {
    const said = answer(scenarios, { ...c, inText: [], calls: all.calls });
    if (said.text) words.push(said.text);
    all.scenario = said.scenario;
    all.fault = said.fault;
    all.calls.push(...said.calls);
    if (said.fault || said.calls.length === 0 || said.calls.some((call) => call.name === 'finish')) break;
  }
  return { ...all, text: words.join('\n') };
}
const MOST_MOVES = 40;

function fits(a: Answer, f: Facts, c: Conversation): boolean {
  const among = (v: string | string[] | undefined, x: string) =>
    v === undefined || (Array.isArray(v) ? v : [v]).includes(x);
  return (
    among(a.stage, f.stage) &&
    among(a.step, f.step) &&
    (a.cycle === undefined || a.cycle.includes(f.cycle)) &&
    (a.offered === undefined || c.offered.includes(a.offered)) &&
    (a.notOffered === undefined || !c.offered.includes(a.notOffered))
  );
}

/** The first move that applies and is not in the conversation yet. Closing calls count only since the last remark. */
function nextMove(moves: Move[], c: Conversation, f: Facts, s: Scenario): Said | null {
  const made = c.calls.map((call) => ({ key: keyOf(call.name, call.arguments), used: false }));
  for (const move of moves) {
    if (!holds(move.when, c, f)) continue;
    const calls = move.calls
      .flatMap((m) =>
        Object.entries(m).map(([name, args]) => {
          const filled = fill(args, c, f, s);
          return { name, arguments: name === 'report' ? wholeReport(filled, c, f) : filled };
        }),
      )
      .filter((call) => c.offered.length === 0 || c.offered.includes(call.name) || !KNOWN.has(call.name));
    if (move.calls.length > 0 && calls.length === 0) continue;
    const closes = calls.some((call) => call.name === 'finish');
    const keys = calls.map((call) => keyOf(call.name, call.arguments));
    const hits = keys.map((k) => made.find((m) => !m.used && m.key === k));
    if (!closes && calls.length > 0 && hits.every((h) => h !== undefined)) {
      for (const h of hits) h.used = true;
      continue;
    }
    return { text: fillText(move.say, c, f), calls, fault: move.fault ?? null, scenario: s.name };
  }
  return null;
}

/** A report names by itself what the conversation shows, unless the scenario says otherwise (to lie, for one). */
function wholeReport(said: Record<string, unknown>, c: Conversation, f: Facts): Record<string, unknown> {
  const written = [
    ...new Set(
      c.calls
        .filter((call) => call.name === 'write' || call.name === 'edit')
        .map((call) => (call.arguments as { path?: unknown }).path)
        .filter((p) => typeof p === 'string'),
    ),
  ];
  const rejects = said.verdict === 'reject';
  return {
    ...(written.length > 0 ? { filesWritten: written } : {}),
    ...(f.role === 'builder' && c.planItems > 0
      ? { planItems: Array.from({ length: c.planItems }, (_, i) => ({ item: i + 1, state: 'done' })) }
      : {}),
    ...(c.earlier.length > 0 ? { consulted: c.earlier } : {}),
    ...(f.stage === 'REVIEW'
      ? {
          criteria: c.criteria.map((text, i) => ({
            number: i + 1,
            met: !rejects,
            evidence: rejects ? 'See the findings.' : `Read in the change: ${text.slice(0, 120)}`,
          })),
        }
      : {}),
    ...said,
  };
}

const KNOWN = new Set([
  'list',
  'read',
  'write',
  'edit',
  'search',
  'run',
  'ask_human',
  'plan',
  'report',
  'finding',
  'finish',
]);

function holds(w: Condition, c: Conversation, f: Facts): boolean {
  return (
    (!w.told || w.told.test(c.told)) &&
    !w.notTold?.test(c.told) &&
    (!w.seen || w.seen.test(c.seen)) &&
    !w.notSeen?.test(c.seen) &&
    (!w.findings || w.findings.test(c.findings)) &&
    !w.notFindings?.test(c.findings) &&
    (!w.change || w.change.test(c.change)) &&
    !w.notChange?.test(c.change) &&
    (!w.offered || c.offered.includes(w.offered)) &&
    (!w.title || w.title.test(f.title)) &&
    !w.notTitle?.test(f.title)
  );
}

/** `{ $file: path }` becomes that file's text; `{ $template: path }` its text with `{{…}}` filled. */
function fill(
  args: Record<string, unknown>,
  c: Conversation,
  f: Facts,
  s: Scenario,
): Record<string, unknown> {
  const one = (v: unknown): unknown => {
    if (typeof v === 'string') return fillText(v, c, f);
    if (Array.isArray(v)) return v.map(one);
    if (v !== null && typeof v === 'object') {
      const o = v as Record<string, unknown>;
      if (typeof o.$file === 'string') return readFileSync(join(s.folder, o.$file), 'utf8');
      if (typeof o.$template === 'string')
        return fillText(readFileSync(join(s.folder, o.$template), 'utf8'), c, f);
      return Object.fromEntries(Object.entries(o).map(([k, x]) => [k, one(x)]));
    }
    return v;
  };
  return one(args) as Record<string, unknown>;
}

function fillText(text: string, c: Conversation, f: Facts): string {
  return text.replace(/\{\{([\w.-]+)\}\}/g, (_, name: string) => values(name, c, f));
}

function values(name: string, c: Conversation, f: Facts): string {
  switch (name) {
    case 'task':
      return String(f.task);
    case 'title':
      return f.title;
    case 'stage':
      return f.stage;
    case 'company':
      return f.company;
    case 'cycle':
      return String(f.cycle);
    case 'slug':
      return `task-${f.task}`;
    case 'package':
      return /"name":\s*"([^"\\]+)"/.exec(c.seen)?.[1] ?? 'unnamed';
    case 'files':
      return (
        c.listed
          .slice(0, 12)
          .map((p) => `- \`${p}\``)
          .join('\n') || '- none yet'
      );
    case 'file-count':
      return String(c.listed.length);
    case 'changed':
      return (
        changedFiles(c)
          .map((p) => `- ${p}`)
          .join('\n') || '- nothing'
      );
    case 'changed-count':
      return String(changedFiles(c).length);
    default:
      return changedFiles(c)[0] ?? 'README.md';
  }
}

const changedFiles = (c: Conversation) => [...c.change.matchAll(/^\+\+\+ b\/(.+)$/gm)].map((m) => m[1] ?? '');

const keyOf = (name: string, args: unknown) => `${name} ${canonical(args)}`;

function canonical(v: unknown): string {
  if (Array.isArray(v)) return `[${v.map(canonical).join(',')}]`;
  if (v !== null && typeof v === 'object') {
    const entries = Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, x]) => `${k}:${canonical(x)}`).join(',')}}`;
  }
  return JSON.stringify(v);
}

function closing(c: Conversation): Said['calls'] {
  const summary = 'There was nothing to do in this step.';
  const verdict = c.facts?.stage === 'REVIEW' || c.facts?.stage === 'SECURITY' ? { verdict: 'pass' } : {};
  return [
    ...(c.offered.includes('plan') ? [{ name: 'plan', arguments: { items: [{ title: summary }] } }] : []),
    ...(c.offered.includes('report')
      ? [
          {
            name: 'report',
            arguments: c.facts ? wholeReport({ summary, ...verdict }, c, c.facts) : { summary },
          },
        ]
      : []),
    ...(c.offered.includes('finish') ? [{ name: 'finish', arguments: { summary } }] : []),
  ];
}

/** Somebody asks without a task around it (a test of the server, a classifier): say honestly what this is. */
function plain(c: Conversation): Said {
  // Asked to show that it calls tools, it does.
  const asked = /Call the tool (\w+) with (\{.*?\})/.exec(c.lastUser);
  if (asked?.[1] && c.offered.includes(asked[1]))
    return {
      ...{ text: '', fault: null, scenario: 'plain' },
      calls: [{ name: asked[1], arguments: JSON.parse(asked[2] ?? '{}') as Record<string, unknown> }],
    };
  const echo = c.lastUser.slice(0, 200).replaceAll('\n', ' ');
  return {
    text: `This answer is scripted; no model was called. You said: ${echo}`,
    calls: [],
    fault: null,
    scenario: 'plain',
  };
}
