import type { Said } from './answer.ts';
import { json, type Protocol, type Request } from './context.ts';
import type { WireMessage } from './conversation.ts';
import { bareModel } from './faults.ts';
import { type Tokens, takeTurn } from './turn.ts';
import { REFUSAL, stream, type Voice } from './voice.ts';

interface Item {
  type?: string;
  role?: string;
  content?: string | { text?: string }[];
  name?: string;
  arguments?: string;
  call_id?: string;
  output?: string | { text?: string }[];
}

interface Offered {
  type?: string;
  name?: string;
  tools?: Offered[];
}
/** Tools of an MCP server come in a namespace: `mcp__alai.ask_human`. */
const namesOf = (t: Offered): string[] =>
  t.type === 'namespace' ? (t.tools ?? []).map((x) => `${t.name}.${x.name}`) : [t.name ?? ''];
function calledAs(name: string): { name: string; namespace?: string } {
  const [namespace = '', own] = name.split('.');
  return own ? { name: own, namespace } : { name };
}

/** OpenAI's Responses, as far as Codex speaks them. */
export const responses: Protocol = async (r) => {
  if (`${r.method} ${r.path.replace(/^\/v1(?=\/)/, '')}` !== 'POST /responses') return false;
  const { ctx, res, body } = r;
  const model = String(body.model ?? '');
  const input = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input;
  if (!Array.isArray(input) || input.length === 0) {
    fail(res, 400, "'input' must not be empty");
    return true;
  }
  const tools = Array.isArray(body.tools) ? (body.tools as Offered[]) : [];
  const format = (body.text as { format?: { schema?: unknown } } | undefined)?.format?.schema;
  const turn = await takeTurn(r, {
    model,
    messages: wireOf(body.instructions, input as Item[]),
    tools: tools.flatMap(namesOf),
    format,
    known: !/missing/.test(model),
  });
  if (turn.kind === 'gone') return true;
  if (turn.kind === 'refused') {
    fail(res, turn.refusal.status, null, turn.refusal.headers);
    return true;
  }
  const { said, thought, tokens } = turn;
  if (body.stream === true) {
    const speech = { said, thought, tokens, ms: ctx.o.paceMs / 2, dripMs: ctx.o.dripMs ?? 20_000 };
    await stream(res, events(bareModel(model)), speech);
    return true;
  }
  const text = said.fault === 'refusal' ? REFUSAL : said.text;
  json(res, 200, whole(bareModel(model), [...(text ? [words(text)] : []), ...callsOf(said)], tokens));
  return true;
};

function fail(
  res: Request['res'],
  status: number,
  said: string | null,
  headers: Record<string, string> = {},
) {
  const names: Record<number, string> = {
    401: 'Incorrect API key provided.',
    402: 'You exceeded your current quota, please check your plan and billing details.',
    404: 'The model does not exist or you do not have access to it.',
    429: 'Rate limit reached for requests',
    503: 'The engine is currently overloaded, please try again later.',
  };
  const message = said ?? names[status] ?? 'The server had an error while processing your request.';
  json(res, status, { error: { message, type: 'invalid_request_error', param: null, code: null } }, headers);
}

const words = (text: string) => ({
  type: 'message',
  id: 'msg_scripted',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
});
const callsOf = (said: Said) =>
  said.calls.map((c, i) => ({
    type: 'function_call',
    id: `fc_${i + 1}`,
    call_id: `call_${i + 1}`,
    ...calledAs(c.name),
    arguments: JSON.stringify(c.arguments),
    status: 'completed',
  }));
const whole = (model: string, output: object[], t: Tokens) => ({
  id: 'resp_scripted',
  object: 'response',
  status: 'completed',
  model,
  output,
  usage: {
    input_tokens: t.in,
    input_tokens_details: { cached_tokens: t.cacheRead },
    output_tokens: t.out,
    output_tokens_details: { reasoning_tokens: t.thinking },
    total_tokens: t.in + t.out,
  },
});

function events(model: string): Voice {
  const output: object[] = [];
  let text: string | null = null;
  const done = (item: object) => {
    output.push(item);
    return event('response.output_item.done', { output_index: output.length - 1, item });
  };
  const close = () => {
    if (text === null) return '';
    const item = words(text);
    text = null;
    return done(item);
  };
  const speak = (part: string) => {
    const opening =
      text === null
        ? event('response.output_item.added', {
            output_index: output.length,
            item: { ...words(''), content: [] },
          })
        : '';
    text = (text ?? '') + part;
    return opening + event('response.output_text.delta', { item_id: 'msg_scripted', delta: part });
  };
  return {
    contentType: 'text/event-stream',
    begin: () =>
      event('response.created', {
        response: { id: 'resp_scripted', object: 'response', status: 'in_progress', model, output: [] },
      }),
    thought: () => '',
    text: speak,
    calls: (said) => close() + callsOf(said).map(done).join(''),
    halfCall: () => close() + done({ ...callsOf(HALF)[0], arguments: '{"path": "a' }),
    refuse: speak,
    end: (_ending, t) => close() + event('response.completed', { response: whole(model, output, t) }),
    garbage: () =>
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"half\n\n',
  };
}

const HALF: Said = { text: '', calls: [{ name: 'write', arguments: {} }], fault: null, scenario: '' };
const event = (type: string, o: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...o })}\n\n`;

/** Their items in the words every scenario is written for. */
function wireOf(instructions: unknown, input: Item[]): WireMessage[] {
  const names = new Map(
    input.map((i) => [i.call_id, i.name ?? ''] as const).filter(([, name]) => name !== ''),
  );
  return [
    ...(typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : []),
    ...input.flatMap((i): WireMessage[] => {
      if (i.type === 'function_call') {
        const call = { function: { name: i.name ?? '', arguments: objectOf(i.arguments) } };
        return [{ role: 'assistant', content: '', tool_calls: [call] }];
      }
      if (i.type === 'function_call_output')
        return [{ role: 'tool', content: textOf(i.output), tool_name: names.get(i.call_id) ?? '' }];
      return i.role ? [{ role: i.role === 'developer' ? 'system' : i.role, content: textOf(i.content) }] : [];
    }),
  ];
}

const textOf = (content: Item['content']): string =>
  typeof content === 'string' ? content : (content ?? []).map((c) => c.text ?? '').join('\n');

function objectOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}
