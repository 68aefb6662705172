import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, type Said } from './answer.ts';
import { type Request, THINKERS } from './context.ts';
import { readConversation, type WireMessage } from './conversation.ts';
import { askedFault, bareModel, type FaultName, markedFault } from './faults.ts';

/** One request to speak, as every protocol has it. */
export interface Asked {
  model: string;
  messages: WireMessage[];
  /** Names of the tools that were offered. */
  tools: string[];
  /** The answer has to be JSON of this schema. */
  format?: unknown;
  /** The protocol knows this model. */
  known: boolean;
}

/** A refusal before there is an answer; each protocol has its own words for it. */
export interface Refusal {
  status: 401 | 402 | 404 | 429 | 500 | 503;
  headers: Record<string, string>;
}

export interface Tokens {
  in: number;
  out: number;
  cacheRead: number;
  cacheWrite: number;
  thinking: number;
}

export type Turn =
  | { kind: 'refused'; refusal: Refusal }
  /** The connection is gone, or held without a word. */
  | { kind: 'gone' }
  | { kind: 'said'; said: Said; thought: string; tokens: Tokens };

/** What becomes of a request: the same faults and the same answers, whatever the protocol. */
export async function takeTurn(r: Request, asked: Asked): Promise<Turn> {
  const { ctx, req, raw } = r;
  const header = req.headers['x-rehearsal-fault'];
  const conversation = readConversation(asked.messages, asked.tools);
  const fault =
    ctx.faults.take(raw) ??
    askedFault(asked.model, typeof header === 'string' ? header : undefined) ??
    markedFault(conversation.facts?.title ?? '', conversation.told);
  const refusal = refusalOf(asked.known ? fault : '404');
  if (refusal) return { kind: 'refused', refusal };
  if (fault === 'hang-up') {
    req.socket.destroy();
    return { kind: 'gone' };
  }
  if (fault === 'stall') return { kind: 'gone' };
  ctx.lastUse.set(bareModel(asked.model), Date.now());
  await sleep(fault === 'slow' ? 3_000 : ctx.o.paceMs / 2);
  const scripted = answer(ctx.scenarios, conversation);
  // A scenario that is told in text holds to what it was asked for by itself.
  const format = conversation.inText.length > 0 ? undefined : asked.format;
  const said = withFault(shaped(scripted, format), fault);
  const thought = THINKERS.test(asked.model) ? 'Thinking it over, as the script says.' : '';
  const out = Math.ceil((JSON.stringify(said).length + thought.length) / 4);
  return {
    kind: 'said',
    said,
    thought,
    tokens: {
      in: Math.ceil(raw.length / 4),
      out,
      thinking: Math.ceil(thought.length / 4),
      ...cacheOf(r, asked),
    },
  };
}

function refusalOf(fault: FaultName | null): Refusal | null {
  switch (fault) {
    case '401':
    case '402':
    case '404':
    case '429':
    case '500':
    case '503':
      return { status: Number(fault) as Refusal['status'], headers: {} };
    case '429-later':
      return { status: 429, headers: { 'retry-after': '1' } };
    case 'clock-skew': {
      // A server whose clock is a day ahead asks for one second of patience.
      const now = Date.now() + 24 * 60 * 60_000;
      const at = (ms: number) => new Date(ms).toUTCString();
      return { status: 429, headers: { date: at(now), 'retry-after': at(now + 1_000) } };
    }
    default:
      return null;
  }
}

function withFault(said: Said, fault: FaultName | null): Said {
  switch (fault) {
    case 'truncated':
    case 'endless':
    case 'bad-json':
    case 'silent':
    case 'drip':
    case 'huge':
    case 'reset':
    case 'truncated-call':
    case 'refusal':
      return { ...said, fault };
    case 'empty':
      return { ...said, text: '', calls: [] };
    case 'unknown-tool':
      return { ...said, calls: [{ name: 'create_file', arguments: { path: 'README.md', text: 'hello' } }] };
    case 'bad-arguments':
      return { ...said, calls: [{ name: 'write', arguments: { file: 1 } }] };
    case 'wrong-schema':
      return { ...said, calls: [{ name: 'report', arguments: { verdict: 'perhaps', summary: 42 } }] };
    case 'same-call':
      return { ...said, calls: [{ name: 'read', arguments: { path: 'nothing/is-here.txt' } }] };
    default:
      return said;
  }
}

/** Held to a schema, a scripted answer is the smallest object that fits it. */
function shaped(said: Said, format: unknown): Said {
  if (format === undefined || format === null || said.calls.length > 0) return said;
  return { ...said, text: JSON.stringify(sample(format)) };
}

function sample(schema: unknown): unknown {
  const s = (schema ?? {}) as {
    type?: string;
    enum?: unknown[];
    properties?: Record<string, unknown>;
    required?: string[];
    minimum?: number;
  };
  if (s.enum) return s.enum[0];
  switch (s.type) {
    case 'object': {
      const names = s.required ?? Object.keys(s.properties ?? {});
      return Object.fromEntries(names.map((n) => [n, sample(s.properties?.[n])]));
    }
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return s.minimum ?? 0;
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return 'scripted';
  }
}

/** The beginning that stays the same over a conversation: system prompt and tools, written once and read from then on. */
function cacheOf({ ctx, body }: Request, asked: Asked): Pick<Tokens, 'cacheRead' | 'cacheWrite'> {
  const system = asked.messages.find((m) => m.role === 'system')?.content ?? '';
  const beginning = `${system}${JSON.stringify(body.tools ?? [])}`;
  const size = Math.ceil(beginning.length / 4);
  if (size < 32) return { cacheRead: 0, cacheWrite: 0 };
  const key = createHash('sha256')
    .update(`${bareModel(asked.model)}\n${beginning}`)
    .digest('hex');
  if (ctx.cached.has(key)) return { cacheRead: size, cacheWrite: 0 };
  if (ctx.cached.size > 1_000) ctx.cached.clear();
  ctx.cached.add(key);
  return { cacheRead: 0, cacheWrite: size };
}
