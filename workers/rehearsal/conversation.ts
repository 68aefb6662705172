import { shellAmong } from './abroad.ts';

/** What the messages say: everything an answer may depend on. No state is kept between two requests. */

export interface WireMessage {
  role: string;
  content?: string;
  tool_calls?: { function?: { name?: string; arguments?: unknown } }[];
  tool_name?: string;
}

export interface Facts {
  task: number;
  title: string;
  stage: string;
  cycle: number;
  step: string;
  role: string;
  company: string;
  tags: string[];
}

export interface Conversation {
  facts: Facts | null;
  /** Feedback and every remark of the harness after the first prompt. */
  told: string;
  /** Results of the tools so far. */
  seen: string;
  findings: string;
  change: string;
  /** The acceptance criteria, in the order of their numbers. */
  criteria: string[];
  /** The nearest earlier work that was given, as it is referred to: `#4001`. */
  earlier: string[];
  /** How many numbered items the plan in the prompt has. */
  planItems: number;
  /** Tool calls already made, in order. */
  calls: { name: string; arguments: unknown }[];
  listed: string[];
  offered: string[];
  /** What an answer in text may hold, for whom no tools are offered: tool names. Empty where tools are. */
  inText: string[];
  lastUser: string;
  /** A human answered a question of this step. */
  answered: boolean;
}

/** Reads a conversation as the harness writes it: data in `<data kind="…">` fences, tool calls as the protocol has them. */
export function readConversation(messages: WireMessage[], offered: string[]): Conversation {
  const users = messages.filter((m) => m.role === 'user').map((m) => m.content ?? '');
  // Agents of others put words of their own before what they were asked.
  const at = Math.max(
    0,
    users.findIndex((u) => u.includes('<data kind="facts">')),
  );
  const first = users[at] ?? '';
  const shell = shellAmong(offered);
  const results = messages.filter((m) => m.role === 'tool');
  const repository = fence(first, 'repository');
  const system = messages.find((m) => m.role === 'system')?.content ?? '';
  const calls = messages.flatMap((m) =>
    (m.tool_calls ?? []).map((c) => ({
      name: c.function?.name ?? '',
      arguments: c.function?.arguments ?? {},
    })),
  );
  return {
    facts: readFacts(fence(first, 'facts')),
    told: [
      fence(first, 'feedback'),
      ...users.slice(at + 1),
      ...results.map((r) => r.content ?? '').filter(isRefusal),
    ].join('\n'),
    seen: [repository, ...results.map((m) => m.content ?? '')].join('\n'),
    findings: fence(first, 'findings'),
    change: fence(first, 'change'),
    criteria: [...fence(first, 'criteria').matchAll(/^\d+\. (.+)$/gm)].map((m) => m[1] ?? ''),
    earlier: [...fence(first, 'earlier').matchAll(/#\d+/g)].slice(0, 1).map((m) => m[0]),
    planItems: fence(first, 'plan').match(/^\d+\. /gm)?.length ?? 0,
    calls,
    listed: [
      repository.split('\n\n')[0] ?? '',
      ...results
        .filter((r) => r.tool_name === 'list' || (shell !== null && r.tool_name === shell))
        .map((r) => r.content ?? ''),
    ]
      .flatMap((text) => text.split('\n'))
      .map((l) => l.trim())
      .filter((l) => /^[\w./@-]+$/.test(l) && !l.endsWith('/')),
    offered,
    inText: offered.length === 0 || shell ? textParts(`${system}\n${first}`) : [],
    lastUser: users.at(-1) ?? '',
    answered: users.some((u) => u.includes('<data kind="answer">')),
  };
}

/** An answer in text ends with a JSON object whose parts the prompt names; whole files may stand before it. */
function textParts(system: string): string[] {
  const holds = /^- The JSON object holds: ([\w, ]+)\./m.exec(system)?.[1]?.split(', ') ?? [];
  if (holds.length === 0) return [];
  const names = { summary: 'finish', findings: 'finding' } as Record<string, string>;
  const writes = /^FILE: |^- With your own tools, inside/m.test(system);
  return [...holds.map((h) => names[h] ?? h), ...(writes ? ['write'] : [])];
}

const isRefusal = (s: string) => s.startsWith('REFUSED') || s.startsWith('FAILED');

function fence(text: string, kind: string): string {
  const open = `<data kind="${kind}">`;
  const at = text.indexOf(open);
  if (at < 0) return '';
  const end = text.indexOf('</data>', at);
  return text.slice(at + open.length, end < 0 ? undefined : end);
}

function readFacts(json: string): Facts | null {
  try {
    const f = JSON.parse(json) as Partial<Facts>;
    return {
      task: Number(f.task ?? 0),
      title: String(f.title ?? ''),
      stage: String(f.stage ?? ''),
      cycle: Number(f.cycle ?? 0),
      step: String(f.step ?? ''),
      role: String(f.role ?? ''),
      company: String(f.company ?? ''),
      tags: Array.isArray(f.tags) ? f.tags.map(String) : [],
    };
  } catch {
    return null;
  }
}
