import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, type Said } from './answer.ts';
import { readConversation, type WireMessage } from './conversation.ts';
import {
  askedFault,
  bareModel,
  type FaultName,
  FaultPlan,
  markedFault,
  plannedFaultSchema,
} from './faults.ts';
import { loadScenarios, type Scenario } from './scenarios.ts';
import { type Body, details, json, line, message, stream, tag } from './wire.ts';

export interface RehearsalOptions {
  scenarios: string;
  /** Milliseconds a turn takes, so that a person can watch. */
  paceMs: number;
  models: string[];
}

const EMBEDDERS = /bge|embed|minilm/i;
const VERSION = '0.24.0-rehearsal';
const CONTEXT = 32_768;

/** Ollama's wire protocol over scenario files. It says of itself, in fields every client can read, that it is scripted. */
export function createRehearsal(o: RehearsalOptions): Server {
  const scenarios = loadScenarios(o.scenarios);
  const installed = new Set(o.models);
  const lastUse = new Map<string, number>();
  const faults = new FaultPlan();
  const ctx: Context = { o, scenarios, installed, lastUse, faults };
  const server = createServer((req, res) => {
    handle(ctx, req, res).catch((e: unknown) => {
      if (!res.headersSent) json(res, 500, { error: e instanceof Error ? e.message : String(e) });
      else res.destroy();
    });
  });
  server.keepAliveTimeout = 5_000;
  return server;
}

interface Context {
  o: RehearsalOptions;
  scenarios: Scenario[];
  installed: Set<string>;
  lastUse: Map<string, number>;
  faults: FaultPlan;
}

async function handle(ctx: Context, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = new URL(req.url ?? '/', 'http://x').pathname;
  const route = `${req.method} ${path}`;
  if (route === 'GET /' || route === 'HEAD /') return void res.end('Ollama is running (scripted rehearsal)');
  if (route === 'GET /api/version') return json(res, 200, { version: VERSION });
  if (route === 'GET /api/tags') return json(res, 200, { models: [...ctx.installed].map(tag) });
  if (route === 'GET /api/ps') return json(res, 200, { models: loaded(ctx) });
  const raw = await readBody(req);
  if (raw === null) return json(res, 413, { error: 'request too large' });
  let body: Body;
  try {
    body = raw === '' ? {} : (JSON.parse(raw) as Body);
  } catch {
    return json(res, 400, { error: 'invalid JSON in request' });
  }
  switch (route) {
    case 'POST /rehearsal/faults': {
      const f = plannedFaultSchema.safeParse(body);
      if (!f.success) return json(res, 400, { error: f.error.message });
      ctx.faults.plan(f.data);
      return json(res, 200, { planned: f.data });
    }
    case 'DELETE /rehearsal/faults':
      ctx.faults.clear();
      return json(res, 200, {});
    case 'POST /api/show':
      return show(ctx, res, body);
    case 'POST /api/pull':
      return pull(ctx, res, body);
    case 'DELETE /api/delete':
      return json(res, ctx.installed.delete(modelOf(body)) ? 200 : 404, {});
    case 'POST /api/embed':
      return embed(ctx, res, body);
    case 'POST /api/chat':
    case 'POST /api/generate':
      return speak(ctx, req, res, body, raw, path === '/api/chat');
    default:
      return json(res, 404, { error: `${route} is not part of this protocol` });
  }
}

async function speak(
  ctx: Context,
  req: IncomingMessage,
  res: ServerResponse,
  body: Body,
  raw: string,
  chat: boolean,
) {
  const model = modelOf(body);
  const header = req.headers['x-rehearsal-fault'];
  const messages = (chat ? body.messages : [{ role: 'user', content: body.prompt }]) as
    | WireMessage[]
    | undefined;
  if (!Array.isArray(messages)) return json(res, 400, { error: 'messages must be a list' });
  const tools = Array.isArray(body.tools) ? (body.tools as { function?: { name?: string } }[]) : [];
  const conversation = readConversation(
    messages,
    tools.map((t) => t.function?.name ?? ''),
  );
  const fault =
    ctx.faults.take(raw) ??
    askedFault(model, typeof header === 'string' ? header : undefined) ??
    markedFault(conversation.facts?.title ?? '', conversation.told);
  if (!isInstalled(ctx, model) || fault === '404')
    return json(res, 404, { error: `model '${model}' not found` });
  if (fault === '429') return json(res, 429, { error: 'too many requests' });
  if (fault === '500') return json(res, 500, { error: 'llama runner process has terminated' });
  if (fault === '503')
    return json(res, 503, { error: 'server busy, please try again. maximum pending requests exceeded' });
  if (fault === 'hang-up') return void req.socket.destroy();
  if (messages.length === 0)
    return json(res, 200, line(model, { role: 'assistant', content: '' }, true, 'load'));
  ctx.lastUse.set(bareModel(model), Date.now());
  await sleep(fault === 'slow' ? 3_000 : ctx.o.paceMs / 2);
  const said = scripted(answer(ctx.scenarios, conversation), fault);
  const tokens = {
    prompt_eval_count: Math.ceil(raw.length / 4),
    eval_count: Math.ceil(JSON.stringify(said).length / 4),
  };
  if (body.stream === false) {
    const whole = chat ? message(said.text, said) : said.text;
    return json(res, 200, line(model, whole, true, 'stop', tokens));
  }
  await stream(res, model, said, ctx.o.paceMs / 2, tokens, chat);
}

function scripted(said: Said, fault: FaultName | null): Said {
  switch (fault) {
    case 'truncated':
    case 'endless':
    case 'bad-json':
    case 'silent':
      return { ...said, fault };
    case 'unknown-tool':
      return { ...said, calls: [{ name: 'create_file', arguments: { path: 'README.md', text: 'hello' } }] };
    case 'bad-arguments':
      return { ...said, calls: [{ name: 'write', arguments: { file: 1 } }] };
    default:
      return said;
  }
}

function show(ctx: Context, res: ServerResponse, body: Body): void {
  const name = modelOf(body);
  if (!isInstalled(ctx, name)) {
    json(res, 404, { error: `model '${name}' not found` });
    return;
  }
  json(res, 200, {
    modelfile: '# scripted: answers come from scenario files, no model is called',
    template: '',
    details: details(),
    model_info: { 'general.architecture': 'scripted', 'scripted.context_length': CONTEXT },
    capabilities: EMBEDDERS.test(name) ? ['embedding'] : ['completion', 'tools'],
    modified_at: new Date(0).toISOString(),
  });
}

async function pull(ctx: Context, res: ServerResponse, body: Body): Promise<void> {
  const name = modelOf(body);
  res.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const put = (o: unknown) => void res.write(`${JSON.stringify(o)}\n`);
  put({ status: 'pulling manifest' });
  if (!name || /missing|\+404$/.test(name)) {
    put({ error: 'pull model manifest: file does not exist' });
    return void res.end();
  }
  const digest = `sha256:${createHash('sha256').update(name).digest('hex')}`;
  for (const completed of [0, 250_000, 500_000, 1_000_000]) {
    put({ status: `pulling ${digest.slice(7, 19)}`, digest, total: 1_000_000, completed });
    await sleep(ctx.o.paceMs / 4);
  }
  for (const status of ['verifying sha256 digest', 'writing manifest', 'success']) put({ status });
  ctx.installed.add(name);
  res.end();
}

/** Deterministic vectors: the same words are near each other, which is all a rehearsal of search needs. */
function embed(ctx: Context, res: ServerResponse, body: Body): void {
  const model = modelOf(body);
  if (!isInstalled(ctx, model)) {
    json(res, 404, { error: `model '${model}' not found` });
    return;
  }
  const inputs = (Array.isArray(body.input) ? body.input : [body.input ?? '']).map(String);
  const embeddings = inputs.map((text) => {
    const v = Array.from({ length: 1_024 }, () => 0);
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
      const h = createHash('sha256').update(word).digest();
      for (let i = 0; i < 8; i++) v[h.readUInt16BE(i * 2) % 1_024]! += 1;
    }
    const norm = Math.hypot(...v) || 1;
    return v.map((x) => x / norm);
  });
  json(res, 200, { model, embeddings, prompt_eval_count: inputs.join(' ').length });
}

function loaded(ctx: Context) {
  const now = Date.now();
  return [...ctx.lastUse]
    .filter(([, at]) => now - at < 300_000)
    .map(([name, at]) => ({ ...tag(name), size_vram: 0, expires_at: new Date(at + 300_000).toISOString() }));
}

const modelOf = (b: Body) => String(b.model ?? b.name ?? '');
const isInstalled = (ctx: Context, name: string) => {
  const bare = bareModel(name);
  return ctx.installed.has(bare) || ctx.installed.has(`${bare}:latest`);
};

async function readBody(req: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const b of req as AsyncIterable<Buffer>) {
    bytes += b.length;
    if (bytes > 32 * 1024 * 1024) return null;
    parts.push(b);
  }
  return Buffer.concat(parts).toString();
}
