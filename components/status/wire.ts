import type { ErrorCode } from '#server/domain/errors.ts';
import type { Phone } from '#server/domain/views/phone.ts';

/**
 * The few calls this page makes, without the client of the other rooms: that one alone would weigh more than the page may.
 * On the wire a date is its ISO text.
 */
export type Told<T> = T extends Date ? string : T extends object ? { [K in keyof T]: Told<T[K]> } : T;
type Newer = 'troubles' | 'watched' | 'runs';
/** The last answer that a device keeps may be of a version that did not know these. */
export type ToldPhone = Omit<Told<Phone>, Newer> & Partial<Pick<Told<Phone>, Newer>>;

export interface WireRefusal {
  code: ErrorCode | 'UNREACHABLE';
  message: string;
  hint: string;
}

export class Refused extends Error {
  readonly refusal: WireRefusal;
  constructor(refusal: WireRefusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

const unreachable: WireRefusal = {
  code: 'UNREACHABLE',
  message: 'Mission Control does not answer.',
  hint: 'Nothing was sent twice. Try again when the page is live.',
};

interface Body<T> {
  result?: { data?: { json?: T } };
  error?: { json?: { message?: string; data?: { refusal?: WireRefusal; httpStatus?: number } } };
}

/** Longer than a slow phone needs; a connection that says nothing for so long is none. */
const PATIENCE = 10_000;

async function call<T>(path: string, init: RequestInit): Promise<{ data: T; last: boolean }> {
  let res: Response;
  let body: Body<T>;
  try {
    res = await fetch(`/api/trpc/${path}`, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    body = (await res.json()) as Body<T>;
  } catch {
    throw new Refused(unreachable);
  }
  if (res.ok && body.result?.data?.json !== undefined)
    return { data: body.result.data.json, last: res.headers.has('x-alai-last') };
  const told = body.error?.json;
  if (res.status === 401)
    throw new Refused({ code: 'SIGN_IN_REQUIRED', message: 'Sign in first.', hint: '' });
  throw new Refused(
    told?.data?.refusal ??
      (told?.message ? { code: 'INTERNAL', message: told.message, hint: '' } : unreachable),
  );
}

/** Reads. `last` says that the network was silent and the service worker gave what it remembered. */
export const read = <T>(path: string, input?: unknown) =>
  call<T>(
    input === undefined ? path : `${path}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`,
    {},
  );

/** Changes something; sent once, never repeated by itself. */
export const send = async <T>(path: string, input: unknown): Promise<T> =>
  (
    await call<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ json: input }),
    })
  ).data;
