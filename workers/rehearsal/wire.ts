import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Said } from './answer.ts';

/** The shapes of Ollama's protocol: lines, messages, descriptions of models. */

export type Body = Record<string, unknown>;

/** An answer as lines, in the pieces and the pace of a model that speaks; with its fault, when it has one. */
export async function stream(
  res: ServerResponse,
  model: string,
  said: Said,
  ms: number,
  tokens: Body,
  chat: boolean,
) {
  res.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const put = (o: unknown) => void res.write(`${JSON.stringify(o)}\n`);
  const text = said.text || (said.fault ? 'Let me think about this' : '');
  const words = text.match(/\S+\s*/g) ?? [];
  const size = Math.max(4, Math.ceil(words.length / 6));
  for (let i = 0; i < words.length; i += size) {
    if (res.destroyed) return;
    const part = words.slice(i, i + size).join('');
    put(line(model, chat ? { role: 'assistant', content: part } : part, false));
    await sleep((ms * size) / Math.max(words.length, 1));
  }
  switch (said.fault) {
    case 'truncated':
      return void res.end();
    case 'bad-json':
      res.write('{"model":"broken","message":{"role":"assistant","content":"half a\n');
      return void res.end();
    case 'silent':
      return;
    case 'endless':
      while (!res.destroyed) {
        put(line(model, chat ? { role: 'assistant', content: 'and on and on ' } : 'and on ', false));
        await sleep(5);
      }
      return;
    default:
  }
  const calls = message('', said);
  if (chat && said.calls.length > 0) put(line(model, calls, false));
  put(line(model, chat ? { role: 'assistant', content: '' } : '', true, 'stop', tokens));
  res.end();
}

export function message(content: string, said: Said) {
  const tool_calls = said.calls.map((c) => ({ function: { name: c.name, arguments: c.arguments } }));
  return { role: 'assistant', content, ...(tool_calls.length > 0 ? { tool_calls } : {}) };
}

export function line(model: string, what: unknown, done: boolean, reason?: string, tokens: Body = {}) {
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

export const details = () => ({
  parent_model: '',
  format: 'scripted',
  family: 'scripted',
  families: ['scripted'],
  parameter_size: '0',
  quantization_level: 'none',
});

export function tag(name: string) {
  const digest = createHash('sha256').update(name).digest('hex');
  return { name, model: name, modified_at: new Date(0).toISOString(), size: 0, digest, details: details() };
}

export function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify(body));
}
