import { initTRPC, TRPCError } from '@trpc/server';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import superjson from 'superjson';
import { ZodError } from 'zod';
import { logCall } from '#server/audit/commands.ts';
import { AlaiError, type ErrorCode, isAlaiError } from '#server/domain/errors.ts';
import { leastRole, may, type Permission, permissions } from '#server/domain/permissions.ts';
import { actorOf, type Viewer } from './auth.ts';
import { logged, needed } from './permissions.ts';
import type { Services } from './services.ts';

export interface Context {
  viewer: Viewer | null;
  s: Services;
  /** Whether the one who asks is still signed in: for answers that last longer than a request. */
  stillAllowed?: () => Promise<boolean>;
}

/** What the wire calls our refusals. Everything not named here is the caller's input. */
const wireCodes: Partial<Record<ErrorCode, TRPCError['code']>> = {
  NOT_FOUND: 'NOT_FOUND',
  NOT_ALLOWED: 'FORBIDDEN',
  SIGN_IN_REQUIRED: 'UNAUTHORIZED',
  SIGN_IN_LINK_INVALID: 'UNAUTHORIZED',
  RATE_LIMITED: 'TOO_MANY_REQUESTS',
  ILLEGAL_TRANSITION: 'CONFLICT',
  CONFLICT: 'CONFLICT',
  IDEMPOTENCY_KEY_REUSED: 'CONFLICT',
  ALREADY_DECIDED: 'CONFLICT',
  DIGEST_CHANGED: 'CONFLICT',
  UNDO_TOO_LATE: 'CONFLICT',
  DATABASE_UNREACHABLE: 'SERVICE_UNAVAILABLE',
  QUEUE_UNREACHABLE: 'INTERNAL_SERVER_ERROR',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
};

/** What a refusal says on the wire: a stable code, a sentence of facts, and what to do. */
export interface Refusal {
  code: ErrorCode;
  message: string;
  hint: string;
}

/** Turns whatever was thrown into a refusal; an unexpected error keeps its details on the server. */
export function refusalOf(cause: unknown): Refusal {
  if (isAlaiError(cause)) return { code: cause.code, message: cause.message, hint: cause.hint };
  if (cause instanceof ZodError) {
    const first = cause.issues[0];
    const place = first?.path.join('.') || 'The input';
    return {
      code: 'BAD_INPUT',
      message: `${place}: ${first?.message ?? 'is not valid'}.`,
      hint: 'Correct it and try again.',
    };
  }
  // tRPC reads the request before any of our code: what it cannot read fails with the parser's error.
  if (cause instanceof SyntaxError)
    return {
      code: 'BAD_INPUT',
      message: 'The request is not valid JSON.',
      hint: 'Correct it and try again.',
    };
  return {
    code: 'INTERNAL',
    message: 'The server failed to answer.',
    hint: 'Try again. If it stays, read the log of the web process.',
  };
}

/** A refusal of ours with its code on the wire; anything else as it was. */
export function onTheWire(cause: unknown): unknown {
  if (!isAlaiError(cause)) return cause;
  return new TRPCError({ code: wireCodes[cause.code] ?? 'BAD_REQUEST', message: cause.message, cause });
}

const t = initTRPC.context<Context>().create({
  transformer: superjson,
  errorFormatter: ({ shape, error }) => {
    const refusal = error.cause
      ? refusalOf(error.cause)
      : { code: 'INTERNAL' as const, message: error.message, hint: '' };
    return {
      ...shape,
      message: refusal.message,
      data: { code: shape.data.code, httpStatus: shape.data.httpStatus, refusal },
    };
  },
});

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Gives our refusals their code on the wire. First in every procedure. */
const refusals = t.middleware(async ({ next }) => {
  const result = await next();
  if (!result.ok && isAlaiError(result.error.cause)) throw onTheWire(result.error.cause);
  return result;
});

/** Far above what hands or a script do, and far below what would keep the database busy. Counted per web process. */
const changes = new RateLimiterMemory({ points: 1_200, duration: 60 });

async function countChange(who: string): Promise<void> {
  await changes.consume(who).catch(() => {
    throw new AlaiError(
      'RATE_LIMITED',
      'More than 1,200 changes within a minute.',
      'Wait a minute, then go on.',
    );
  });
}

/** Lets through whoever has the permission. Throws SIGN_IN_REQUIRED or NOT_ALLOWED, which say what is missing. */
export function requirePermission(viewer: Viewer | null, permission: Permission): asserts viewer is Viewer {
  if (!viewer)
    throw new AlaiError('SIGN_IN_REQUIRED', 'Sign in first.', 'Open the sign-in page, or send an API token.');
  if (may(viewer.role, viewer.scopes, permission)) return;
  throw may(viewer.role, null, permission)
    ? new AlaiError(
        'NOT_ALLOWED',
        `This token may not ${permissions[permission]}.`,
        `Make one with the scope "${permission}".`,
      )
    : new AlaiError(
        'NOT_ALLOWED',
        `This needs the role ${leastRole(permission)}; you have ${viewer.role}.`,
        'Ask the owner.',
      );
}

/**
 * A procedure for whoever has the permission that `permissions.ts` names for it. There is no other kind: a path without a row
 * is refused to everybody.
 */
export const procedure = t.procedure
  .use(refusals)
  .use(async ({ ctx: { viewer, s }, path, type, getRawInput, next }) => {
    const permission = needed[path];
    if (!permission)
      throw new AlaiError(
        'NOT_ALLOWED',
        `Nobody was given the right to ${path}.`,
        'Add it to server/api/permissions.ts.',
      );
    requirePermission(viewer, permission);
    if (type === 'mutation') await countChange(viewer.id);
    const result = await next({ ctx: { viewer } });
    if (result.ok && type === 'mutation' && logged.has(path))
      await logCall(s.db, path, await getRawInput(), actorOf(viewer));
    return result;
  });
