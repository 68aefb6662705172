import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Said } from './answer.ts';
import {
  type Body,
  CONTEXT_LENGTH,
  type Context,
  EMBEDDERS,
  isInstalled,
  json,
  type Protocol,
  type Request,
  THINKERS,
  vectorsOf,
} from './context.ts';
import type { WireMessage } from './conversation.ts';
import { takeTurn } from './turn.ts';
import { REFUSAL, stream, type Voice } from './voice.ts';

const VERSION = '0.24.0-rehearsal';

/** Ollama's protocol. */
export const ollama: Protocol = async (r) => {
  const { ctx, res } = r;
  switch (`${r.method} ${r.path}`) {
    case 'GET /api/version':
      json(res, 200, { version: VERSION });
      return true;
    case 'GET /api/tags':
      json(res, 200, { models: [...ctx.installed].map(tag) });
      return true;
    case 'GET /api/ps':
      json(res, 200, { models: loaded(ctx) });
      return true;
    case 'POST /api/show':
      show(r);
      return true;
    case 'POST /api/pull':
      await pull(r);
      return true;
    case 'DELETE /api/delete':
      json(res, ctx.installed.delete(modelOf(r.body)) ? 200 : 404, {});
      return true;
    case 'POST /api/embed':
      embed(r);
      return true;
    case 'POST /api/chat':
    case 'POST /api/generate':
      await speak(r, r.path === '/api/chat');
      return true;
    default:
      return false;
  }
};

async function speak(r: Request, chat: boolean): Promise<void> {
  const { ctx, res, body } = r;
  const model = modelOf(body);
  const messages = (chat ? body.messages : [{ role: 'user', content: body.prompt }]) as
    | WireMessage[]
    | undefined;
  if (!Array.isArray(messages)) return json(res, 400, { error: 'messages must be a list' });
  if (messages.length === 0 && isInstalled(ctx, model))
    return json(res, 200, line(model, { role: 'assistant', content: '' }, true, 'load'));
  const tools = Array.isArray(body.tools) ? (body.tools as { function?: { name?: string } }[]) : [];
  const turn = await takeTurn(r, {
    model,
    messages,
    tools: tools.map((t) => t.function?.name ?? ''),
    format: body.format,
    known: isInstalled(ctx, model),
  });
  if (turn.kind === 'gone') return;
  if (turn.kind === 'refused')
    return json(
      res,
      turn.refusal.status,
      { error: errorText(turn.refusal.status, model) },
      turn.refusal.headers,
    );
  const { said, thought, tokens } = turn;
  if (said.fault === 'truncated-call')
    return json(res, 500, {
      error: `error parsing tool call: raw='{"path": "a', err=unexpected end of JSON input`,
    });
  const counts = { prompt_eval_count: tokens.in, eval_count: tokens.out };
  if (body.stream === false) {
    const whole = chat ? message(said.text, said) : said.text;
    return json(res, 200, line(model, whole, true, 'stop', counts));
  }
  const speech = { said, thought, tokens, ms: ctx.o.paceMs / 2, dripMs: ctx.o.dripMs ?? 20_000 };
  await stream(res, chat ? chatVoice(model) : generateVoice(model), speech);
}

function errorText(status: number, model: string): string {
  switch (status) {
    case 401:
      return 'unauthorized';
    case 402:
      return 'insufficient balance';
    case 404:
      return `model '${model}' not found`;
    case 429:
      return 'too many requests';
    case 503:
      return 'server busy, please try again. maximum pending requests exceeded';
    default:
      return 'llama runner process has terminated';
  }
}

function chatVoice(model: string): Voice {
  const put = (what: unknown) => `${JSON.stringify(line(model, what, false))}\n`;
  const text = (content: string) => put({ role: 'assistant', content });
  return {
    contentType: 'application/x-ndjson',
    begin: () => '',
    thought: (thinking) => put({ role: 'assistant', content: '', thinking }),
    text,
    calls: (said) => put(message('', said)),
    halfCall: () => null,
    refuse: text,
    end: (ending, t) =>
      `${JSON.stringify(
        line(model, { role: 'assistant', content: '' }, true, ending === 'length' ? 'length' : 'stop', {
          prompt_eval_count: t.in,
          eval_count: t.out,
        }),
      )}\n`,
    garbage: () => '{"model":"broken","message":{"role":"assistant","content":"half a\n',
  };
}

function generateVoice(model: string): Voice {
  const chat = chatVoice(model);
  const text = (part: string) => `${JSON.stringify(line(model, part, false))}\n`;
  return {
    ...chat,
    thought: () => '',
    text,
    calls: () => '',
    refuse: () => text(REFUSAL),
    end: (_, t) =>
      `${JSON.stringify(line(model, '', true, 'stop', { prompt_eval_count: t.in, eval_count: t.out }))}\n`,
  };
}

function message(content: string, said: Said) {
  const tool_calls = said.calls.map((c) => ({ function: { name: c.name, arguments: c.arguments } }));
  return { role: 'assistant', content, ...(tool_calls.length > 0 ? { tool_calls } : {}) };
}

function line(model: string, what: unknown, done: boolean, reason?: string, tokens: Body = {}) {
  const body = typeof what === 'string' ? { response: what } : { message: what };
  const end = {
    done_reason: reason,
    total_duration: 1_000_000,
    load_duration: 1_000,
    prompt_eval_duration: 1_000,
    eval_duration: 1_000,
  };
  return {
    model,
    created_at: new Date().toISOString(),
    ...body,
    done,
    ...(done ? { ...end, ...tokens } : {}),
  };
}

const details = () => ({
  parent_model: '',
  format: 'scripted',
  family: 'scripted',
  families: ['scripted'],
  parameter_size: '0',
  quantization_level: 'none',
});

/** As large as a model of that name would be, so that memory and downloads can be rehearsed; nothing of it is real. */
function sizeOf(name: string): number {
  if (name.startsWith('kimi')) return 240e9;
  const billions = Number(/(\d+(?:\.\d+)?)b\b/i.exec(name)?.[1] ?? 1);
  return Math.round(billions * 0.62e9);
}

function tag(name: string) {
  const digest = createHash('sha256').update(name).digest('hex');
  return {
    name,
    model: name,
    modified_at: new Date(0).toISOString(),
    size: sizeOf(name),
    digest,
    details: details(),
  };
}

function show({ ctx, res, body }: Request): void {
  const name = modelOf(body);
  if (!isInstalled(ctx, name)) {
    json(res, 404, { error: `model '${name}' not found` });
    return;
  }
  const talks = ['completion', 'tools', ...(THINKERS.test(name) ? ['thinking'] : [])];
  json(res, 200, {
    modelfile: '# scripted: answers come from scenario files, no model is called',
    template: '',
    details: details(),
    model_info: { 'general.architecture': 'scripted', 'scripted.context_length': CONTEXT_LENGTH },
    capabilities: EMBEDDERS.test(name) ? ['embedding'] : talks,
    modified_at: new Date(0).toISOString(),
  });
}

async function pull({ ctx, res, body }: Request): Promise<void> {
  const name = modelOf(body);
  res.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const put = (o: unknown) => void res.write(`${JSON.stringify(o)}\n`);
  put({ status: 'pulling manifest' });
  if (!name || /missing|\+404$/.test(name)) {
    put({ error: 'pull model manifest: file does not exist' });
    return void res.end();
  }
  const weights = sizeOf(name);
  // The larger, the longer; with no pace at all it is there at once.
  const pieces = 20 + Math.round(weights / 0.5e9);
  for (const [layer, total, count] of [
    ['weights', weights, pieces],
    ['template', 1_500, 1],
  ] as const) {
    const digest = `sha256:${createHash('sha256').update(`${name} ${layer}`).digest('hex')}`;
    for (let i = 0; i <= count; i++) {
      put({
        status: `pulling ${digest.slice(7, 19)}`,
        digest,
        total,
        completed: Math.round((total * i) / count),
      });
      if (ctx.o.paceMs > 0) await sleep(ctx.o.paceMs / 2);
      if (res.destroyed) return;
    }
  }
  for (const status of ['verifying sha256 digest', 'writing manifest', 'success']) put({ status });
  ctx.installed.add(name);
  res.end();
}

function embed({ ctx, res, body }: Request): void {
  const model = modelOf(body);
  if (!isInstalled(ctx, model)) {
    json(res, 404, { error: `model '${model}' not found` });
    return;
  }
  const inputs = (Array.isArray(body.input) ? body.input : [body.input ?? '']).map(String);
  json(res, 200, {
    model,
    embeddings: vectorsOf(inputs),
    prompt_eval_count: Math.ceil(inputs.join(' ').length / 4),
  });
}

function loaded(ctx: Context) {
  const now = Date.now();
  return [...ctx.lastUse]
    .filter(([name, at]) => isInstalled(ctx, name) && now - at < 300_000)
    .map(([name, at]) => ({
      ...tag(name),
      size_vram: sizeOf(name),
      expires_at: new Date(at + 300_000).toISOString(),
    }));
}

const modelOf = (b: Body) => String(b.model ?? b.name ?? '');
