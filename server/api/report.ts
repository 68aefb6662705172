import type { TRPCError } from '@trpc/server';
import { isAlaiError } from '#server/domain/errors.ts';
import { createLogger, type Logger } from '#server/platform/logger.ts';

const shared = globalThis as unknown as { alaiWebLog?: Logger };

export function webLog(): Logger {
  shared.alaiWebLog ??= createLogger('web');
  return shared.alaiWebLog;
}

/** Writes down what went wrong on the server's side. Refusals are answers, not errors. */
export function report(error: TRPCError, path: string | undefined): void {
  if (isAlaiError(error.cause) || error.code !== 'INTERNAL_SERVER_ERROR') return;
  webLog().error({ err: error.cause ?? error, path }, 'procedure failed');
}
