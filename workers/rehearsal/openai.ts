import type { Said } from './answer.ts';
import { CONTEXT_LENGTH, json, type Protocol, type Request, vectorsOf } from './context.ts';
import type { WireMessage } from './conversation.ts';
import { bareModel } from './faults.ts';
import { type Tokens, takeTurn } from './turn.ts';
import { REFUSAL, stream, type Voice } from './voice.ts';

interface ChatMessage {
  role: string;
  content?: string | null | { type: string; text?: string }[];
  tool_calls?: { id?: string; function?: { name?: string; arguments?: string } }[];
  tool_call_id?: string;
}

/** Chat completions, embeddings and models of OpenAI and of the servers that copy it. */
export const openai: Protocol = async (r) => {
  switch (`${r.method} ${r.path.replace(/^\/v1(?=\/)/, '')}`) {
    case 'POST /chat/completions':
      await speak(r);
      return true;
    case 'POST /embeddings':
      embed(r);
      return true;
    case 'GET /models':
      json(r.res, 200, { object: 'list', data: modelNames(r).map(modelOf) });
      return true;
    default:
      return false;
  }
};

const modelNames = ({ ctx }: Request) => [...ctx.installed];
const modelOf = (id: string) => ({
  id,
  object: 'model',
  created: 0,
  owned_by: 'scripted',
  meta: { n_ctx_train: CONTEXT_LENGTH },
});

async function speak(r: Request): Promise<void> {
  const { ctx, res, body } = r;
  const model = String(body.model ?? '');
  const messages = body.messages as ChatMessage[] | undefined;
  if (!Array.isArray(messages) || messages.length === 0)
    return fail(res, 400, "'messages' must be a list that is not empty");
  const tools = Array.isArray(body.tools) ? (body.tools as { function?: { name?: string } }[]) : [];
  const orphan = unansweredCall(messages);
  if (orphan)
    return fail(
      res,
      400,
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. (${orphan})`,
    );
  const format = body.response_format as { json_schema?: { schema?: unknown } } | undefined;
  const turn = await takeTurn(r, {
    model,
    messages: wireOf(messages),
    tools: tools.map((t) => t.function?.name ?? ''),
    format: format?.json_schema?.schema,
    known: !/missing/.test(model),
  });
  if (turn.kind === 'gone') return;
  if (turn.kind === 'refused') return fail(res, turn.refusal.status, null, turn.refusal.headers);
  const { said, thought, tokens } = turn;
  const options = body.stream_options as { include_usage?: boolean } | undefined;
  const voice = chunks(bareModel(model), options?.include_usage === true);
  if (body.stream === true) {
    const speech = { said, thought, tokens, ms: ctx.o.paceMs / 2, dripMs: ctx.o.dripMs ?? 20_000 };
    return await stream(res, voice, speech);
  }
  const refused = said.fault === 'refusal';
  json(res, 200, {
    id: 'chatcmpl-scripted',
    object: 'chat.completion',
    created: seconds(),
    model: bareModel(model),
    system_fingerprint: 'scripted',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: refused ? null : said.text,
          refusal: refused ? REFUSAL : null,
          ...(said.calls.length > 0 ? { tool_calls: callsOf(said) } : {}),
        },
        logprobs: null,
        finish_reason: refused ? 'content_filter' : said.calls.length > 0 ? 'tool_calls' : 'stop',
      },
    ],
    usage: usageOf(tokens),
  });
}

/** Their errors, word for word where a client reads them. */
function fail(
  res: Request['res'],
  status: number,
  said: string | null,
  headers: Record<string, string> = {},
): void {
  const [message, type, code] = said ? [said, 'invalid_request_error', null] : errorOf(status);
  json(res, status, { error: { message, type, param: null, code } }, headers);
}

function errorOf(status: number): [string, string, string | null] {
  switch (status) {
    case 401:
      return ['Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'];
    case 402:
      return ['Insufficient Balance', 'unknown_error', 'invalid_request_error'];
    case 404:
      return [
        'The model does not exist or you do not have access to it.',
        'invalid_request_error',
        'model_not_found',
      ];
    case 429:
      return ['Rate limit reached for requests', 'requests', 'rate_limit_exceeded'];
    case 503:
      return ['The engine is currently overloaded, please try again later.', 'server_error', null];
    default:
      return ['The server had an error while processing your request.', 'server_error', null];
  }
}

const seconds = () => Math.floor(Date.now() / 1_000);

function chunks(model: string, withUsage: boolean): Voice {
  const put = (delta: unknown, finish_reason: string | null = null, more: object = {}) =>
    event({
      id: 'chatcmpl-scripted',
      object: 'chat.completion.chunk',
      created: seconds(),
      model,
      system_fingerprint: 'scripted',
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...more,
    });
  const endings = { stop: 'stop', calls: 'tool_calls', length: 'length', refusal: 'content_filter' };
  return {
    contentType: 'text/event-stream',
    begin: () => put({ role: 'assistant', content: '', refusal: null }),
    thought: (part) => put({ reasoning_content: part }),
    text: (part) => put({ content: part }),
    calls: (said) =>
      callsOf(said)
        .map((call, index) => {
          const half = Math.ceil(call.function.arguments.length / 2);
          const { name, arguments: text } = call.function;
          return (
            put({
              tool_calls: [{ index, id: call.id, type: 'function', function: { name, arguments: '' } }],
            }) +
            put({ tool_calls: [{ index, function: { arguments: text.slice(0, half) } }] }) +
            put({ tool_calls: [{ index, function: { arguments: text.slice(half) } }] })
          );
        })
        .join(''),
    halfCall: () =>
      put({
        tool_calls: [
          {
            index: 0,
            id: 'call_half',
            type: 'function',
            function: { name: 'write', arguments: '{"path": "a' },
          },
        ],
      }),
    refuse: (text) => put({ refusal: text }),
    end: (ending, tokens) =>
      put({}, endings[ending]) +
      (withUsage
        ? event({
            id: 'chatcmpl-scripted',
            object: 'chat.completion.chunk',
            created: seconds(),
            model,
            choices: [],
            usage: usageOf(tokens),
          })
        : '') +
      'data: [DONE]\n\n',
    garbage: () => 'data: {"id":"broken","choices":[{"delta":{"content":"half a\n\n',
  };
}

const event = (o: unknown) => `data: ${JSON.stringify(o)}\n\n`;

function callsOf(said: Said) {
  return said.calls.map((c, i) => ({
    id: `call_${i + 1}`,
    type: 'function' as const,
    function: { name: c.name, arguments: JSON.stringify(c.arguments) },
  }));
}

const usageOf = (t: Tokens) => ({
  prompt_tokens: t.in,
  completion_tokens: t.out,
  total_tokens: t.in + t.out,
  prompt_tokens_details: { cached_tokens: Math.min(t.cacheRead, t.in) },
  completion_tokens_details: { reasoning_tokens: t.thinking },
});

/** A call of the history that nobody answered: the real server refuses such a conversation. */
function unansweredCall(messages: ChatMessage[]): string | null {
  const answered = new Set(messages.map((m) => m.tool_call_id));
  for (const m of messages)
    for (const c of m.tool_calls ?? []) if (!answered.has(c.id)) return c.id ?? 'a call without an id';
  return null;
}

/** Their messages in the words every scenario is written for. */
function wireOf(messages: ChatMessage[]): WireMessage[] {
  const names = new Map<string, string>();
  return messages.map((m) => {
    const content = Array.isArray(m.content)
      ? m.content.map((p) => p.text ?? '').join('')
      : (m.content ?? '');
    if (m.role === 'tool') return { role: 'tool', content, tool_name: names.get(m.tool_call_id ?? '') ?? '' };
    const calls = (m.tool_calls ?? []).map((c) => {
      names.set(c.id ?? '', c.function?.name ?? '');
      return { function: { name: c.function?.name ?? '', arguments: parsed(c.function?.arguments) } };
    });
    return {
      role: m.role === 'developer' ? 'system' : m.role,
      content,
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    };
  });
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}

function embed({ res, body }: Request): void {
  const inputs = (Array.isArray(body.input) ? body.input : [body.input ?? '']).map(String);
  if (/missing/.test(String(body.model))) {
    fail(res, 404, null);
    return;
  }
  const tokens = Math.ceil(inputs.join(' ').length / 4);
  json(res, 200, {
    object: 'list',
    model: body.model,
    data: vectorsOf(inputs).map((v, index) => ({
      object: 'embedding',
      index,
      embedding:
        body.encoding_format === 'base64' ? Buffer.from(Float32Array.from(v).buffer).toString('base64') : v,
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}
