import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { anthropic } from './anthropic.ts';
import { type Body, type Context, json, type Protocol, type RehearsalOptions } from './context.ts';
import { FaultPlan, plannedFaultSchema } from './faults.ts';
import { gemini } from './gemini.ts';
import { llamaServer } from './llama-server.ts';
import { ollama } from './ollama.ts';
import { openai } from './openai.ts';
import { responses } from './responses.ts';
import { loadScenarios } from './scenarios.ts';

export type { RehearsalOptions } from './context.ts';

/** The protocols it speaks, on one address; a new one is one file and one line here. */
const protocols: readonly Protocol[] = [ollama, llamaServer, anthropic, gemini, openai, responses];

/** Model servers over scenario files. Each answer says of itself, in a header every client can read, that it is scripted. */
export function createRehearsal(o: RehearsalOptions): Server {
  const ctx: Context = {
    o,
    scenarios: loadScenarios(o.scenarios),
    installed: new Set(o.models),
    lastUse: new Map(),
    faults: new FaultPlan(),
    cached: new Set(),
  };
  const server = createServer((req, res) => {
    handle(ctx, req, res).catch((e: unknown) => {
      if (!res.headersSent) json(res, 500, { error: e instanceof Error ? e.message : String(e) });
      else res.destroy();
    });
  });
  server.keepAliveTimeout = 5_000;
  return server;
}

async function handle(ctx: Context, req: IncomingMessage, res: ServerResponse): Promise<void> {
  res.setHeader('x-rehearsal', 'scripted');
  const path = new URL(req.url ?? '/', 'http://x').pathname;
  const method = req.method ?? 'GET';
  if (path === '/' && (method === 'GET' || method === 'HEAD'))
    return void res.end('Ollama is running (scripted rehearsal)');
  const raw = await readBody(req);
  if (raw === null) return json(res, 413, { error: 'request too large' });
  let body: Body;
  try {
    body = raw === '' ? {} : (JSON.parse(raw) as Body);
  } catch {
    return json(res, 400, { error: 'invalid JSON in request' });
  }
  if (path === '/rehearsal/faults') return planFaults(ctx, method, body, res);
  const request = { ctx, req, res, method, path, raw, body };
  for (const protocol of protocols) if (await protocol(request)) return;
  json(res, 404, { error: `${method} ${path} is not part of this protocol` });
}

function planFaults(ctx: Context, method: string, body: Body, res: ServerResponse): void {
  const f = plannedFaultSchema.safeParse(body);
  if (method === 'DELETE') ctx.faults.clear();
  else if (f.success) ctx.faults.plan(f.data);
  else json(res, 400, { error: f.error.message });
  if (!res.headersSent) json(res, 200, { planned: f.data ?? null });
}

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
