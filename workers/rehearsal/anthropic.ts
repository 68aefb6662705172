import type { Said } from './answer.ts';
import { json, type Protocol, type Request } from './context.ts';
import type { WireMessage } from './conversation.ts';
import { bareModel } from './faults.ts';
import { type Tokens, takeTurn } from './turn.ts';
import { REFUSAL, stream, type Voice } from './voice.ts';

interface Block {
  type: string;
  text?: string;
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  content?: string | Block[];
  cache_control?: unknown;
}
interface ClaudeMessage {
  role: string;
  content: string | Block[];
}

/** Anthropic's Messages. */
export const anthropic: Protocol = async (r) => {
  switch (`${r.method} ${r.path}`) {
    case 'POST /v1/messages':
      await speak(r);
      return true;
    case 'POST /v1/messages/count_tokens':
      json(r.res, 200, { input_tokens: Math.ceil(r.raw.length / 4) });
      return true;
    case 'GET /v1/models':
      if (!r.req.headers['anthropic-version']) return false;
      json(r.res, 200, {
        data: [...r.ctx.installed].map((id) => ({
          type: 'model',
          id,
          display_name: `${id} (scripted)`,
          created_at: new Date(0).toISOString(),
        })),
        has_more: false,
        first_id: null,
        last_id: null,
      });
      return true;
    default:
      return false;
  }
};

async function speak(r: Request): Promise<void> {
  const { ctx, res, body } = r;
  const model = String(body.model ?? '');
  const messages = body.messages as ClaudeMessage[] | undefined;
  if (!Array.isArray(messages) || messages.length === 0)
    return fail(res, 400, 'messages: at least one message is required');
  if (typeof body.max_tokens !== 'number') return fail(res, 400, 'max_tokens: Field required');
  const orphan = unansweredCall(messages);
  if (orphan)
    return fail(
      res,
      400,
      `messages: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${orphan}`,
    );
  const tools = Array.isArray(body.tools) ? (body.tools as { name?: string }[]) : [];
  const output = body.output_config as { format?: { schema?: unknown } } | undefined;
  const turn = await takeTurn(r, {
    model,
    messages: wireOf(body.system, messages),
    tools: tools.map((t) => t.name ?? ''),
    format: output?.format?.schema,
    known: !/missing/.test(model),
  });
  if (turn.kind === 'gone') return;
  if (turn.kind === 'refused') return fail(res, turn.refusal.status, null, turn.refusal.headers);
  const { said, thought } = turn;
  // Nothing is cached unless the caller asked for it.
  const cached = r.raw.includes('"cache_control"');
  const tokens = cached ? turn.tokens : { ...turn.tokens, cacheRead: 0, cacheWrite: 0 };
  if (body.stream === true) {
    const speech = { said, thought, tokens, ms: ctx.o.paceMs / 2, dripMs: ctx.o.dripMs ?? 20_000 };
    return await stream(res, events(bareModel(model), messages.length), speech);
  }
  const refused = said.fault === 'refusal';
  const content = [
    ...(thought ? [{ type: 'thinking', thinking: thought, signature: 'scripted' }] : []),
    ...(refused || said.text ? [{ type: 'text', text: refused ? REFUSAL : said.text }] : []),
    ...callsOf(said, messages.length),
  ];
  const stop_reason = refused ? 'refusal' : said.calls.length > 0 ? 'tool_use' : 'end_turn';
  json(res, 200, { ...shell(bareModel(model)), content, stop_reason, usage: usageOf(tokens) });
}

function fail(
  res: Request['res'],
  status: number,
  said: string | null,
  headers: Record<string, string> = {},
): void {
  const [type, message] = said ? ['invalid_request_error', said] : errorOf(status);
  // Their servers call being overloaded 529.
  json(
    res,
    status === 503 ? 529 : status,
    { type: 'error', error: { type, message }, request_id: 'req_scripted' },
    headers,
  );
}

function errorOf(status: number): [string, string] {
  switch (status) {
    case 401:
      return ['authentication_error', 'invalid x-api-key'];
    case 402:
      return ['billing_error', 'Your credit balance is too low to access the Anthropic API.'];
    case 404:
      return ['not_found_error', 'model: there is no such model'];
    case 429:
      return ['rate_limit_error', 'This request would exceed your rate limit.'];
    case 503:
      return ['overloaded_error', 'Overloaded'];
    default:
      return ['api_error', 'Internal server error'];
  }
}

const shell = (model: string) => ({
  id: 'msg_scripted',
  type: 'message',
  role: 'assistant',
  model,
  stop_sequence: null,
});

const usageOf = (t: Tokens) => ({
  input_tokens: Math.max(0, t.in - t.cacheRead - t.cacheWrite),
  output_tokens: t.out,
  cache_read_input_tokens: t.cacheRead,
  cache_creation_input_tokens: t.cacheWrite,
  output_tokens_details: { thinking_tokens: t.thinking },
});

function callsOf(said: Said, turn: number) {
  return said.calls.map((c, i) => ({
    type: 'tool_use',
    // A client may keep what it saw by this name, so no two turns share one.
    id: `toolu_${turn}_${i + 1}`,
    name: c.name,
    input: c.arguments,
  }));
}

function events(model: string, turn: number): Voice {
  let index = -1;
  let open: 'text' | 'thinking' | null = null;
  const close = () => {
    if (open === null) return '';
    open = null;
    return event('content_block_stop', { index });
  };
  const enter = (kind: 'text' | 'thinking', content_block: object) => {
    if (open === kind) return '';
    const before = close();
    open = kind;
    index++;
    return before + event('content_block_start', { index, content_block });
  };
  const text = (part: string) =>
    enter('text', { type: 'text', text: '' }) +
    event('content_block_delta', { index, delta: { type: 'text_delta', text: part } });
  const call = (id: string, name: string, pieces: string[], whole: boolean) => {
    index++;
    return (
      event('content_block_start', { index, content_block: { type: 'tool_use', id, name, input: {} } }) +
      pieces
        .map((partial_json) =>
          event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json } }),
        )
        .join('') +
      (whole ? event('content_block_stop', { index }) : '')
    );
  };
  const endings = { stop: 'end_turn', calls: 'tool_use', length: 'max_tokens', refusal: 'refusal' };
  return {
    contentType: 'text/event-stream',
    begin: (t) =>
      event('message_start', {
        message: {
          ...shell(model),
          content: [],
          stop_reason: null,
          usage: { ...usageOf(t), output_tokens: 1 },
        },
      }) + event('ping', {}),
    thought: (part) =>
      enter('thinking', { type: 'thinking', thinking: '', signature: '' }) +
      event('content_block_delta', { index, delta: { type: 'thinking_delta', thinking: part } }) +
      event('content_block_delta', { index, delta: { type: 'signature_delta', signature: 'scripted' } }),
    text,
    calls: (said) =>
      close() +
      callsOf(said, turn)
        .map((c) => {
          const json = JSON.stringify(c.input);
          const half = Math.ceil(json.length / 2);
          return call(c.id, c.name, [json.slice(0, half), json.slice(half)], true);
        })
        .join(''),
    halfCall: () => close() + call('toolu_half', 'write', ['{"path": "a'], true),
    refuse: text,
    end: (ending, t) =>
      close() +
      event('message_delta', {
        delta: { stop_reason: endings[ending], stop_sequence: null },
        usage: usageOf(t),
      }) +
      event('message_stop', {}),
    garbage: () =>
      'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"half a\n\n',
  };
}

const event = (type: string, o: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...o })}\n\n`;

/** A call whose result is not in the very next message: the real server refuses such a conversation. */
function unansweredCall(messages: ClaudeMessage[]): string | null {
  for (const [n, m] of messages.entries()) {
    if (!Array.isArray(m.content)) continue;
    const next = messages[n + 1]?.content;
    const answered = new Set(Array.isArray(next) ? next.map((b) => b.tool_use_id) : []);
    const open = m.content.find((b) => b.type === 'tool_use' && !answered.has(b.id));
    if (open) return open.id ?? 'a call without an id';
  }
  return null;
}

/** Their messages in the words every scenario is written for. */
function wireOf(system: unknown, messages: ClaudeMessage[]): WireMessage[] {
  const names = new Map<string, string>();
  const said = textOf(system as string | Block[] | undefined);
  return [
    ...(said ? [{ role: 'system', content: said }] : []),
    ...messages.flatMap((m): WireMessage[] => {
      if (typeof m.content === 'string') return [{ role: m.role, content: m.content }];
      const results = m.content
        .filter((b) => b.type === 'tool_result')
        .map((b) => ({
          role: 'tool',
          content: textOf(b.content),
          tool_name: names.get(b.tool_use_id ?? '') ?? '',
        }));
      const calls = m.content
        .filter((b) => b.type === 'tool_use')
        .map((b) => {
          names.set(b.id ?? '', b.name ?? '');
          return { function: { name: b.name ?? '', arguments: b.input ?? {} } };
        });
      const texts = m.content.filter((b) => b.type === 'text');
      // What a user said one after the other comes as the blocks of one message.
      if (m.role === 'user')
        return [...results, ...texts.map((b) => ({ role: 'user', content: b.text ?? '' }))];
      const content = textOf(texts);
      return [{ role: m.role, content, ...(calls.length > 0 ? { tool_calls: calls } : {}) }];
    }),
  ];
}

const textOf = (content: string | Block[] | undefined): string =>
  typeof content === 'string' ? content : (content ?? []).map((b) => b.text ?? '').join('\n');
