/** No honest answer is larger; a server that never ends is cut here even when it streams quickly. */
const MAX_BYTES = 8 * 1024 * 1024;

export type Cut = 'first' | 'idle' | 'total' | 'bytes' | 'json' | 'redirect';

export interface Guard {
  fetch: typeof fetch;
  /** Why this guard cut the call, if it did. */
  cut(): Cut | null;
  /** The last answer's status and headers, also where a client keeps them to itself. */
  answered(): { status: number; headers: Headers } | null;
  close(): void;
}

export interface GuardOptions {
  signal: AbortSignal;
  /** Until the first piece; `idleMs` when absent. */
  firstTokenMs?: number | undefined;
  idleMs: number;
  totalMs: number;
  onAnswer?: ((a: { scripted: boolean }) => void) | undefined;
  /** How addresses are reached; the plain fetch for a host's own model server. */
  via?: typeof fetch | undefined;
}

/**
 * A fetch for one call that obeys our signal (no client's own abort does so before headers), follows no redirect, and
 * ends a server that is silent, endless or speaks no JSON. A piece is a whole line: single bytes are no sign of life.
 */
export function guardedFetch(o: GuardOptions): Guard {
  const own = new AbortController();
  let why: Cut | null = null;
  let last: { status: number; headers: Headers } | null = null;
  const cut = (reason: Cut) => {
    why ??= reason;
    own.abort();
  };
  let idle = setTimeout(() => cut('first'), o.firstTokenMs ?? o.idleMs);
  const total = setTimeout(() => cut('total'), o.totalMs);
  const alive = () => {
    clearTimeout(idle);
    idle = setTimeout(() => cut('idle'), o.idleMs);
  };
  const close = () => {
    clearTimeout(idle);
    clearTimeout(total);
    own.abort();
  };
  const signal = AbortSignal.any([own.signal, o.signal]);

  const watch = (contentType: string) => {
    let bytes = 0;
    let line = '';
    const decoder = new TextDecoder();
    const isEvents = contentType.includes('event-stream');
    const isLines = isEvents || contentType.includes('ndjson');
    const look = (one: string) => {
      const json = isEvents ? dataOf(one) : one.trim();
      if (json === null || json === '' || json === '[DONE]') return;
      try {
        JSON.parse(json);
      } catch {
        cut('json');
        throw new Error(`not JSON: ${json.slice(0, 200)}`);
      }
    };
    return new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, out) {
        bytes += chunk.byteLength;
        if (bytes > MAX_BYTES) {
          cut('bytes');
          throw new Error('too many bytes');
        }
        if (isLines) {
          const parts = (line + decoder.decode(chunk, { stream: true })).split('\n');
          line = parts.pop() ?? '';
          if (parts.length > 0) alive();
          for (const p of parts) look(p);
        }
        out.enqueue(chunk);
      },
      flush() {
        if (isLines) look(line);
      },
    });
  };

  return {
    cut: () => why,
    answered: () => last,
    close,
    fetch: (async (input: string | URL | Request, init?: RequestInit) => {
      const response = await (o.via ?? fetch)(input, { ...init, signal, redirect: 'manual' });
      last = { status: response.status, headers: response.headers };
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel().catch(() => {});
        cut('redirect');
        throw new Error(`redirected to ${response.headers.get('location') ?? 'somewhere else'}`);
      }
      if (response.ok) o.onAnswer?.({ scripted: response.headers.has('x-rehearsal') });
      if (!response.body) return response;
      const type = response.headers.get('content-type') ?? '';
      return new Response(response.body.pipeThrough(watch(type)), {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
      });
    }) as typeof fetch,
  };
}

/** The data of one line of an event stream; null for names, comments and empty lines. */
const dataOf = (line: string): string | null => (line.startsWith('data:') ? line.slice(5).trim() : null);
