/**
 * Every way a request can be refused. A code is a promise to callers: it never changes its meaning, and the message
 * that travels with it says what is wrong while `hint` says what to do about it.
 */
export const errorCodes = [
  'BAD_INPUT',
  'TITLE_EMPTY',
  'TITLE_TOO_LONG',
  'NOT_FOUND',
  'NOT_ALLOWED',
  'SIGN_IN_REQUIRED',
  'SIGN_IN_LINK_INVALID',
  'RATE_LIMITED',
  'ILLEGAL_TRANSITION',
  'CONFLICT',
  'IDEMPOTENCY_KEY_REUSED',
  'DEPENDENCY_CYCLE',
  'COMPANY_UNKNOWN',
  'COMPANY_INVALID',
  'BLUEPRINT_UNKNOWN',
  'BLUEPRINT_INVALID',
  'PROJECT_NOT_A_REPOSITORY',
  'PROJECT_BARE',
  'PROJECT_DIRTY',
  'PROJECT_EMPTY',
  'PROJECT_REQUIRED',
  'PROJECT_URL_REFUSED',
  'PROJECT_UNREACHABLE',
  'PROJECT_TOO_LARGE',
  'ADDRESS_REFUSED',
  'ALREADY_DECIDED',
  'DIGEST_CHANGED',
  'UNDO_TOO_LATE',
  'REASON_REQUIRED',
  'FACTORY_STOPPED',
  'HOST_UNKNOWN',
  'MODEL_UNREACHABLE',
  'MODEL_MISSING',
  'MODEL_BUSY',
  'MODEL_GARBAGE',
  'MODEL_TIMEOUT',
  'MODEL_REFUSED',
  'MODEL_WRONG',
  'MODEL_PAUSED',
  'PROVIDER_UNKNOWN',
  'PROVIDER_KEY',
  'PROVIDER_QUOTA',
  'SANDBOX_MISSING',
  'SANDBOX_REFUSED',
  'TOOL_REFUSED',
  'WORKTREE_UNWRITABLE',
  'GIT_FAILED',
  'LIMIT_REACHED',
  'BUDGET_EXCEEDED',
  'PRICE_MISSING',
  'TIER_UNSERVED',
  'LEASE_LOST',
  'ABORTED',
  'PORT_IN_USE',
  'HOME_IN_USE',
  'DATABASE_UNREACHABLE',
  'DATABASE_NOT_OURS',
  'QUEUE_BACKEND_MISMATCH',
  'QUEUE_UNREACHABLE',
  'NODE_TOO_OLD',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** A refusal with a stable code, a message of facts, and a hint that says what to do next. */
export class AlaiError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly data: Record<string, unknown>;
  constructor(
    code: ErrorCode,
    message: string,
    hint: string,
    data: Record<string, unknown> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AlaiError';
    this.code = code;
    this.hint = hint;
    this.data = data;
  }
}

/** Codes that say that the machine or a service failed, and nothing of the work or of the model's skill. */
export const nobodysFault = [
  'MODEL_UNREACHABLE',
  'MODEL_BUSY',
  'MODEL_PAUSED',
  'PROVIDER_KEY',
  'PROVIDER_QUOTA',
  'GIT_FAILED',
  'WORKTREE_UNWRITABLE',
  'SANDBOX_REFUSED',
  'DATABASE_UNREACHABLE',
] as const satisfies readonly ErrorCode[];

/** True for a refusal of ours, also when it crossed a bundle boundary and lost its prototype. */
export function isAlaiError(e: unknown): e is AlaiError {
  return e instanceof Error && e.name === 'AlaiError' && 'code' in e && 'hint' in e;
}
