import type { AlaiError } from '#server/domain/errors.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import type { Guard } from './guard.ts';
import { modelError } from './provider.ts';

/** What a failed call was about; filled by the provider that made it. */
export interface Called {
  guard: Guard;
  url: string;
  model: string;
  signal: AbortSignal;
  /** What had been said before it broke. */
  partial?: string;
  /** What to do when the model is not there. */
  missing?: string;
  /** The variable that holds the key, by name only. */
  keyEnv?: string | null;
}

/** How a connection failed, by what the system said; the first three mean that there is no way to the server. */
type NetworkTrouble = 'dns' | 'route' | 'refused' | 'reset';

const TROUBLES: Record<string, NetworkTrouble> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ENETUNREACH: 'route',
  EHOSTUNREACH: 'route',
  ENETDOWN: 'route',
  ETIMEDOUT: 'route',
  UND_ERR_CONNECT_TIMEOUT: 'route',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
};

const TOLD = 'The agent is told so and asked again.';
const LOG = 'See the model server’s log.';

/** Turns whatever went wrong into one of our codes, with its kind; answers with the abort's own reason when it was ours. */
export function failureOf(e: unknown, c: Called): unknown {
  const who = c.model || 'The model server';
  const cause = { cause: e };
  switch (c.guard.cut()) {
    case 'first':
      return modelError(
        'MODEL_TIMEOUT',
        `${who} said nothing in time`,
        'The server may be loading the model, or hang.',
        'transient',
        cause,
      );
    case 'idle':
      return modelError(
        'MODEL_TIMEOUT',
        `${who} was silent for too long`,
        'The server may hang, or be out of memory.',
        'transient',
        cause,
      );
    case 'total':
      return modelError(
        'MODEL_TIMEOUT',
        `${who} did not end in time`,
        'A smaller model or task may be needed.',
        'permanent',
        cause,
      );
    case 'bytes':
      return modelError(
        'MODEL_GARBAGE',
        `${who} answered without end`,
        'The call was cut by its size.',
        'permanent',
        cause,
      );
    case 'json':
      return modelError(
        'MODEL_GARBAGE',
        `${who} answered something that is not JSON`,
        TOLD,
        'permanent',
        cause,
      );
    case 'redirect':
      return modelError(
        'ADDRESS_REFUSED',
        `${c.url} sends its callers elsewhere, and no redirect is followed`,
        'Write the address it really has into companies/_shared/providers.yaml.',
        'permanent',
        cause,
      );
    case null:
      break;
  }
  const timedOut = c.signal.reason instanceof Error && c.signal.reason.name === 'TimeoutError';
  if (c.signal.aborted && !timedOut) return c.signal.reason;
  if (c.signal.aborted)
    return modelError(
      'MODEL_TIMEOUT',
      `${c.url} did not answer in time`,
      'Check the model server.',
      'transient',
      cause,
    );
  const inner = ours(e);
  if (inner) {
    inner.data.kind ??= 'permanent';
    return inner;
  }
  const status = statusOf(e) || overloaded(e);
  if (status > 0) return refusalOf(e, status, c, who);
  return brokenOff(e, c, who);
}

/**
 * Whether the account itself is empty, which a person has to mend. Of a 429 only a name of its own says so: Gemini words a limit by the
 * minute as OpenAI words an empty account ("check your plan and billing details").
 */
const isEmpty = (said: string, status: number): boolean =>
  /insufficient[_ ](quota|balance|funds)|credit balance/i.test(said) ||
  (status !== 429 && /billing/i.test(said));

/** A refusal by status, the same for every protocol. */
function refusalOf(e: unknown, status: number, c: Called, who: string): AlaiError {
  const said = messageOf(e);
  const cause = { cause: e };
  const later = { cause: e, retryAfterMs: retryAfter(c.guard.answered()?.headers ?? null) };
  if (status === 402 || isEmpty(`${codeOf(e)} ${said}`, status))
    return modelError(
      'PROVIDER_QUOTA',
      `${c.url} has no money or quota left for this account: ${said}`,
      'Top up the account, or choose another tier.',
      'over-budget',
      cause,
    );
  if (status === 401 || status === 403)
    return modelError(
      'PROVIDER_KEY',
      `${c.url} does not take the key${c.keyEnv ? ` in ${c.keyEnv}` : ''}: ${said}`,
      c.keyEnv
        ? `The key is wrong, expired or for another address: set the right ${c.keyEnv} in the file .env of the folder where npm start or npx alai worker runs, or in its shell, and restart that.`
        : 'No key is known for this address. Look whether it is the right one; if it wants a key, write it with its key_env into companies/_shared/providers.yaml.',
      'permanent',
      cause,
    );
  if (status === 404)
    return modelError(
      'MODEL_MISSING',
      `${c.model} is not available at ${c.url}`,
      c.missing ?? 'Correct the model’s name in companies/_shared/tiers.yaml.',
      'permanent',
      cause,
    );
  if ([408, 409, 425, 429, 503, 529].includes(status))
    return modelError(
      'MODEL_BUSY',
      `${c.url} is busy: ${said}`,
      'Lower the host’s slots, or the rates in providers.yaml, if it stays so.',
      'transient',
      later,
    );
  if (status >= 500) {
    // A tool call that broke off is a 500 too: the same messages would break again, so the agent has to hear of it.
    return /pars|tool call|json|unexpected eof|invalid character/i.test(said)
      ? modelError('MODEL_GARBAGE', `${who} wrote a broken tool call: ${said}`, TOLD, 'permanent', cause)
      : modelError('MODEL_UNREACHABLE', `${c.url} answered ${status}: ${said}`, LOG, 'transient', later);
  }
  if (/content.?(filter|policy)|safety|violat/i.test(said))
    return modelError(
      'MODEL_REFUSED',
      `${who} refused the request: ${said}`,
      'Another model or another wording may take it.',
      'refused',
      cause,
    );
  return modelError(
    'MODEL_GARBAGE',
    `${c.url} refused the request (${status}): ${said}`,
    LOG,
    'permanent',
    cause,
  );
}

/** The connection's end, by what the system said. */
function brokenOff(e: unknown, c: Called, who: string): AlaiError {
  const cause = { cause: e };
  const text = chainOf(e)
    .map((x) => x.message)
    .join(' · ');
  const broke =
    /terminated|aborted|socket|other side closed|premature close|ended without|did not receive done/i;
  if (/did not receive done|ended without/i.test(text) || (c.partial && broke.test(text)))
    return modelError(
      'MODEL_GARBAGE',
      `${who} broke off in the middle of an answer`,
      TOLD,
      'permanent',
      cause,
    );
  const trouble = troubleOf(e);
  if (trouble || /^(fetch failed|terminated|connection error)|ECONN|socket|other side closed/i.test(text)) {
    const error = modelError(
      'MODEL_UNREACHABLE',
      `${c.url} does not answer${trouble === 'dns' ? ': its name is not known here' : ''}`,
      'Start the model server, or check its address.',
      'transient',
      cause,
    );
    error.data.network = trouble ?? 'reset';
    return error;
  }
  return modelError('MODEL_GARBAGE', `${who}: ${messageOf(e)}`, LOG, 'permanent', cause);
}

/** What the system said of a connection; null when it was no matter of the network. */
function troubleOf(e: unknown): NetworkTrouble | null {
  for (const one of chainOf(e)) {
    const code = 'code' in one ? String(one.code) : '';
    const found = TROUBLES[code];
    if (found) return found;
  }
  return null;
}

/** An error of ours that a client wrapped on its way, such as a refused address. */
function ours(e: unknown): AlaiError | null {
  for (const one of chainOf(e)) if (isAlaiError(one)) return one;
  return null;
}

function chainOf(e: unknown): Error[] {
  const chain: Error[] = [];
  for (let x: unknown = e; x instanceof Error && chain.length < 6; x = x.cause) {
    chain.push(x);
    if (x instanceof AggregateError) chain.push(...x.errors.filter((y): y is Error => y instanceof Error));
  }
  return chain;
}

function statusOf(e: unknown): number {
  if (e === null || typeof e !== 'object') return 0;
  const status = 'status' in e ? e.status : 'status_code' in e ? e.status_code : 0;
  return typeof status === 'number' ? status : 0;
}

/** The protocol's own name of the error, where it has one: OpenAI's "insufficient_quota". */
const codeOf = (e: unknown): string =>
  e !== null && typeof e === 'object' && 'code' in e && typeof e.code === 'string' ? e.code : '';

/** An error that came as an event in a stream that had begun with 200. */
function overloaded(e: unknown): number {
  const said = messageOf(e);
  if (/overloaded/i.test(said)) return 529;
  if (/rate.?limit/i.test(said)) return 429;
  if (/api_error|server_error|internal server/i.test(said)) return 500;
  return 0;
}

const messageOf = (e: unknown) => (e instanceof Error ? e.message : String(e)).slice(0, 500);

/** `retry-after` in milliseconds: seconds, a date by the server's own clock, or the header some give in milliseconds. */
function retryAfter(headers: Headers | null): number | undefined {
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const said = headers?.get('retry-after');
  if (!said) return undefined;
  const seconds = Number(said);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1_000 : undefined;
  const at = Date.parse(said);
  const theirs = Date.parse(headers?.get('date') ?? '');
  // Against their clock: one that goes wrong must not make anybody wait for hours.
  return Number.isNaN(at) ? undefined : Math.max(0, at - (Number.isNaN(theirs) ? Date.now() : theirs));
}
