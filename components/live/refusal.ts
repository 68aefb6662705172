import { TRPCClientError } from '@trpc/client';
import type { AppRouter } from '#server/api/root.ts';
import type { ErrorCode } from '#server/domain/errors.ts';

export interface ShownRefusal {
  code: ErrorCode | 'UNREACHABLE';
  message: string;
  hint: string;
}

/** What to show for an error of a query or mutation: always a fact and a next move. */
export function refusalOf(e: unknown): ShownRefusal {
  if (e instanceof TRPCClientError) {
    const data = (e as TRPCClientError<AppRouter>).data;
    if (data?.refusal) return data.refusal;
    if (data) return { code: 'INTERNAL', message: e.message, hint: '' };
  }
  return {
    code: 'UNREACHABLE',
    message: 'Mission Control does not answer.',
    hint: 'The web process may be starting again. This page keeps trying by itself.',
  };
}

/** True when the session is over, so that only signing in again helps. */
function isSignedOut(e: unknown): boolean {
  return e instanceof TRPCClientError && (e as TRPCClientError<AppRouter>).data?.code === 'UNAUTHORIZED';
}

/** Leads to the sign-in when that is all that helps, and back here afterwards. */
export function goToSignIn(e: unknown): void {
  if (!isSignedOut(e) || location.pathname === '/sign-in') return;
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}
