import path from 'node:path';
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter } from '#server/api/root.ts';
import { AlaiError, type ErrorCode, errorCodes } from '#server/domain/errors.ts';
import { env } from '#server/platform/env.ts';
import { readText } from '#server/platform/files.ts';

export type Api = ReturnType<typeof createTRPCClient<AppRouter>>;

/** Where Mission Control is, and who asks: the token that `npm start` wrote, or ALAI_URL and ALAI_API_TOKEN for another machine. */
function target(): { url: string; token: string } {
  const e = env();
  const url = (process.env.ALAI_URL ?? `http://127.0.0.1:${e.PORT}`).replace(/\/$/, '');
  const token = e.ALAI_API_TOKEN ?? readText(path.join(e.ALAI_HOME, 'token'))?.trim();
  if (!token)
    throw new AlaiError(
      'SIGN_IN_REQUIRED',
      `There is no token in ${e.ALAI_HOME}.`,
      'Run npm start once in this folder, or set ALAI_URL and ALAI_API_TOKEN.',
    );
  return { url, token };
}

/** So long nothing is said of a server that takes its time, and so long it is waited for. */
const PATIENCE = { quietMs: 8_000, mostMs: 120_000 };

/** Asks, says on stderr when the answer takes long, and ends when none comes: a hung server would hold a terminal for ever. */
export function patientFetch({ quietMs, mostMs } = PATIENCE): typeof fetch {
  return async (input, init) => {
    const slow = setTimeout(
      () =>
        process.stderr.write(
          'Mission Control takes long to answer; waiting for it … (one that hangs is started again within a minute)\n',
        ),
      quietMs,
    );
    try {
      const most = AbortSignal.timeout(mostMs);
      return await fetch(input, {
        ...init,
        signal: init?.signal ? AbortSignal.any([init.signal, most]) : most,
      });
    } finally {
      clearTimeout(slow);
    }
  };
}

/** A typed client of the API; the CLI holds no logic of its own. */
export function api(): Api {
  const { url, token } = target();
  return createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${url}/api/trpc`,
        transformer: superjson,
        // A question can be longer than an address may be.
        methodOverride: 'POST',
        fetch: patientFetch(),
        headers: { authorization: `Bearer ${token}` },
      }),
    ],
  });
}

/** Downloads a file of the API. Throws our typed refusal when the server says no. */
export async function download(route: string): Promise<Uint8Array> {
  const { url, token } = target();
  const answer = await fetch(`${url}${route}`, { headers: { authorization: `Bearer ${token}` } }).catch(
    (e) => {
      throw unreachable(e);
    },
  );
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  const body = (await answer.json().catch(() => null)) as {
    error?: { code?: string; message?: string; hint?: string };
  } | null;
  const code = body?.error?.code;
  const known = code !== undefined && (errorCodes as readonly string[]).includes(code);
  throw new AlaiError(
    known ? (code as ErrorCode) : 'INTERNAL',
    body?.error?.message ?? `The server answered ${answer.status}.`,
    body?.error?.hint ?? '',
  );
}

const unreachable = (cause?: unknown) =>
  new AlaiError(
    'NOT_FOUND',
    `Mission Control does not answer at ${target().url}.`,
    'Start it with npm start. Where it runs already, what hangs is started again by itself within two minutes.',
    {},
    cause,
  );

/** Turns an answer of the API into our typed refusal; a server that is not there gets its own words. */
export function refusalOf(e: unknown): unknown {
  if (!(e instanceof TRPCClientError)) return e;
  const refusal = (e.data as { refusal?: { code?: string; hint?: string } } | undefined)?.refusal;
  const code = refusal?.code;
  if (code && (errorCodes as readonly string[]).includes(code))
    return new AlaiError(code as ErrorCode, e.message, refusal?.hint ?? '');
  if (e.cause && /fetch failed|ECONNREFUSED|timeout/.test(String(e.cause))) return unreachable();
  return e;
}
