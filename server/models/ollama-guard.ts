import { isAlaiError } from '#server/domain/errors.ts';
import { modelError } from './provider.ts';

/** No honest answer is larger; a server that never ends is cut here even when it streams quickly. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface Guard {
  fetch: typeof fetch;
  /** Why this guard cut the call, if it did. */
  cut(): 'idle' | 'total' | 'bytes' | 'json' | null;
  close(): void;
}

/**
 * A fetch for one call that obeys our signal (the client's own abort does nothing before headers), and ends a server
 * that is silent, endless or speaks no JSON. The client would only warn about a broken line and go on.
 */
export function guardedFetch(o: { signal: AbortSignal; idleMs: number; totalMs: number }): Guard {
  const own = new AbortController();
  let why: ReturnType<Guard['cut']> = null;
  const cut = (reason: NonNullable<typeof why>) => {
    why ??= reason;
    own.abort();
  };
  let idle = setTimeout(() => cut('idle'), o.idleMs);
  const total = setTimeout(() => cut('total'), o.totalMs);
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
    const isLines = contentType.includes('ndjson');
    return new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, out) {
        clearTimeout(idle);
        idle = setTimeout(() => cut('idle'), o.idleMs);
        bytes += chunk.byteLength;
        if (bytes > MAX_BYTES) {
          cut('bytes');
          throw new Error('too many bytes');
        }
        if (isLines) {
          const parts = (line + decoder.decode(chunk, { stream: true })).split('\n');
          line = parts.pop() ?? '';
          for (const p of parts) if (p.trim() !== '') check(p, cut);
        }
        out.enqueue(chunk);
      },
      flush() {
        if (isLines && line.trim() !== '') check(line, cut);
      },
    });
  };

  return {
    cut: () => why,
    close,
    fetch: (async (input: string | URL | Request, init?: RequestInit) => {
      const response = await fetch(input, { ...init, signal });
      if (!response.body) return response;
      const type = response.headers.get('content-type') ?? '';
      return new Response(response.body.pipeThrough(watch(type)), response);
    }) as typeof fetch,
  };
}

function check(line: string, cut: (why: 'json') => void): void {
  try {
    JSON.parse(line);
  } catch {
    cut('json');
    throw new Error(`not JSON: ${line.slice(0, 200)}`);
  }
}

/** Turns whatever went wrong into one of our codes; rethrows the abort's own reason when it was ours. */
export function classify(
  e: unknown,
  guard: Guard,
  url: string,
  model: string,
  signal: AbortSignal,
  partial = '',
): unknown {
  if (isAlaiError(e)) return e;
  const said = e instanceof Error ? e.message : String(e);
  const who = model || 'The model server';
  switch (guard.cut()) {
    case 'idle':
      return modelError(
        'MODEL_TIMEOUT',
        `${who} was silent for too long`,
        'The server may be loading the model or hang.',
        true,
        e,
      );
    case 'total':
      return modelError(
        'MODEL_TIMEOUT',
        `${who} did not end in time`,
        'A smaller model or task may be needed.',
        false,
        e,
      );
    case 'bytes':
      return modelError(
        'MODEL_GARBAGE',
        `${who} answered without end`,
        'The call was cut by its size.',
        false,
        e,
      );
    case 'json':
      return modelError(
        'MODEL_GARBAGE',
        `${who} answered something that is not JSON`,
        'The agent is told so and asked again.',
        false,
        e,
      );
    case null:
      break;
  }
  const timedOut = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  if (signal.aborted && !timedOut) return signal.reason;
  if (signal.aborted) {
    return modelError('MODEL_TIMEOUT', `${url} did not answer in time`, 'Check the model server.', true, e);
  }
  const status = e !== null && typeof e === 'object' && 'status_code' in e ? Number(e.status_code) : 0;
  if (status === 404) {
    return modelError(
      'MODEL_MISSING',
      `${model} is not installed at ${url}`,
      `Run: ollama pull ${model}`,
      false,
      e,
    );
  }
  if (status === 429 || status === 503) {
    return modelError(
      'MODEL_BUSY',
      `${url} is busy: ${said}`,
      'It is tried again; lower the host’s slots if it stays so.',
      true,
      e,
    );
  }
  if (status >= 500) {
    // A tool call that broke off is a 500 too: the same messages would break again, so the agent has to hear of it.
    return /pars|tool call|json|unexpected eof|invalid character/i.test(said)
      ? modelError(
          'MODEL_GARBAGE',
          `${who} wrote a broken tool call: ${said}`,
          'The agent is told so and asked again.',
          false,
          e,
        )
      : modelError(
          'MODEL_UNREACHABLE',
          `${url} answered ${status}: ${said}`,
          'See the model server’s log.',
          true,
          e,
        );
  }
  if (status >= 400) {
    const transient = status === 408 || status === 409;
    return modelError(
      'MODEL_GARBAGE',
      `${url} refused the request (${status}): ${said}`,
      'See the model server’s log.',
      transient,
      e,
    );
  }
  if (
    /did not receive done/i.test(said) ||
    (partial && /terminated|aborted|socket|other side closed/i.test(said))
  ) {
    return modelError(
      'MODEL_GARBAGE',
      `${who} broke off in the middle of an answer`,
      'The agent is told so and asked again.',
      false,
      e,
    );
  }
  if (/^(fetch failed|terminated)|ECONN|socket|other side closed/i.test(said)) {
    return modelError(
      'MODEL_UNREACHABLE',
      `${url} does not answer`,
      'Start the model server, or check its address.',
      true,
      e,
    );
  }
  return modelError(
    'MODEL_GARBAGE',
    `${who}: ${said.slice(0, 500)}`,
    'See the model server’s log.',
    false,
    e,
  );
}
