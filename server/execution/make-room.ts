import type { Message } from '#server/models/provider.ts';
import { tokensOf } from './prompt/tokens.ts';

/** Beyond this share of the model's context, old tool output makes room. */
const SHARE = 0.7;
/** What is left of it, so that the model knows what it once read. */
const KEEP = 200;
/** The newest results are what the model works with right now. */
const NEWEST = 2;
const LEFT_OUT = '… left out to make room; call the tool again if you need it …';

export interface Room {
  /** Tools whose output was shortened, oldest first. */
  trimmed: string[];
  tokens: number;
}

const sizeOf = (m: Message): number =>
  tokensOf(m.content) + (m.toolCalls ? tokensOf(JSON.stringify(m.toolCalls)) : 0);

/**
 * Shortens old tool output, oldest first, when a conversation passes its share of the context; the server would cut
 * its beginning instead, which is the task. When even that is not enough, what was written by old calls goes too.
 */
export function makeRoom(messages: Message[], context: number, answer: number): Room {
  const soft = Math.floor(context * SHARE);
  const hard = Math.max(2_000, context - Math.min(answer, context / 4));
  let used = messages.reduce((n, m) => n + sizeOf(m), 0);
  const room: Room = { trimmed: [], tokens: 0 };
  if (used <= soft) return room;
  const results = messages.filter((m) => m.role === 'tool');
  const shorten = (m: Message, change: () => void, name: string) => {
    const before = sizeOf(m);
    change();
    const gained = before - sizeOf(m);
    used -= gained;
    room.tokens += gained;
    room.trimmed.push(name);
  };
  const output = (all: Message[], limit: number) => {
    for (const m of all) {
      if (used <= limit) return;
      if (m.content.length < KEEP * 2 || m.content.endsWith(LEFT_OUT)) continue;
      shorten(m, () => (m.content = `${m.content.slice(0, KEEP)}\n${LEFT_OUT}`), m.toolName ?? 'tool');
    }
  };
  output(results.slice(0, -NEWEST), soft);
  output(results, hard);
  for (const m of messages.slice(0, -NEWEST)) {
    if (used <= hard) break;
    if (!m.toolCalls || sizeOf(m) < KEEP) continue;
    shorten(
      m,
      () => (m.toolCalls = m.toolCalls?.map((c) => ({ ...c, arguments: brief(c.arguments) }))),
      'arguments',
    );
  }
  return room;
}

/** Long texts of a call's arguments, by their beginning. */
function brief(v: unknown): unknown {
  if (typeof v === 'string') return v.length > KEEP * 2 ? `${v.slice(0, KEEP)}\n${LEFT_OUT}` : v;
  if (Array.isArray(v)) return v.map(brief);
  if (v !== null && typeof v === 'object')
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, brief(x)]));
  return v;
}

/** "6 reads, 2 lists" as the transcript tells it. */
export function roomText(room: Room, context: number): string {
  const by = new Map<string, number>();
  for (const name of room.trimmed) by.set(name, (by.get(name) ?? 0) + 1);
  const what = [...by].map(([name, n]) => `${n} × ${name}`).join(', ');
  return `Made room in the conversation: the output of ${what} was shortened by about ${room.tokens} tokens. The model’s context is ${context} tokens.`;
}
