import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Said } from './answer.ts';
import type { Tokens } from './turn.ts';

export type Ending = 'stop' | 'calls' | 'length' | 'refusal';

/** How one protocol writes a streamed answer. Each returns the bytes; the pace and the faults are the same for all. */
export interface Voice {
  contentType: string;
  begin(tokens: Tokens): string;
  thought(part: string): string;
  text(part: string): string;
  calls(said: Said): string;
  /** A tool call that breaks off in its arguments; null where the protocol fails before it streams. */
  halfCall(): string | null;
  refuse(text: string): string;
  end(ending: Ending, tokens: Tokens): string;
  /** A piece that is no JSON. */
  garbage(): string;
}

const HUGE = 50 * 1024 * 1024;
export const REFUSAL = 'I cannot help with that.';

export interface Speech {
  said: Said;
  thought: string;
  tokens: Tokens;
  /** Milliseconds the words take. */
  ms: number;
  dripMs: number;
}

/** An answer in the pieces and the pace of a model that speaks; with its fault, when it has one. */
export async function stream(res: ServerResponse, voice: Voice, s: Speech): Promise<void> {
  const { said, tokens } = s;
  res.writeHead(200, { 'content-type': voice.contentType, 'cache-control': 'no-cache' });
  const put = (text: string) => {
    if (text !== '' && !res.destroyed) res.write(text);
  };
  put(voice.begin(tokens));
  if (s.thought) put(voice.thought(s.thought));
  if (said.fault === 'refusal') {
    put(voice.refuse(REFUSAL));
    put(voice.end('refusal', tokens));
    return void res.end();
  }
  const text = said.text || (said.fault ? 'Let me think about this' : '');
  const words = text.match(/\S+\s*/g) ?? [];
  const size = Math.max(4, Math.ceil(words.length / 6));
  for (let i = 0; i < words.length; i += size) {
    if (res.destroyed) return;
    put(voice.text(words.slice(i, i + size).join('')));
    await sleep((s.ms * size) / Math.max(words.length, 1));
  }
  switch (said.fault) {
    case 'truncated':
      return void res.end();
    case 'bad-json':
      put(voice.garbage());
      return void res.end();
    case 'silent':
      return;
    case 'reset':
      return void res.socket?.resetAndDestroy();
    case 'endless':
      while (!res.destroyed) {
        put(voice.text('and on and on '));
        await sleep(5);
      }
      return;
    case 'huge':
      return huge(res, voice.text('and on and on '.repeat(4_000)));
    case 'drip':
      for (const byte of Buffer.from(voice.text('and on and on '.repeat(400)))) {
        if (res.destroyed) return;
        res.write(Buffer.of(byte));
        await sleep(s.dripMs, undefined, { ref: false });
      }
      return void res.end();
    case 'truncated-call':
      put(voice.halfCall() ?? '');
      put(voice.end('length', tokens));
      return void res.end();
    default:
  }
  if (said.calls.length > 0) put(voice.calls(said));
  put(voice.end(said.calls.length > 0 ? 'calls' : 'stop', tokens));
  res.end();
}

async function huge(res: ServerResponse, piece: string): Promise<void> {
  for (let sent = 0; sent < HUGE && !res.destroyed; sent += piece.length)
    if (!res.write(piece)) await Promise.race([new Promise((r) => res.once('drain', r)), sleep(50)]);
  res.end();
}
