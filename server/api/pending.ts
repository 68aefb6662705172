import { AlaiError } from '#server/domain/errors.ts';

/** Stands where a room is not connected yet, so that a page says so instead of guessing. */
export function pending(what: string): never {
  throw new AlaiError('INTERNAL', `${what} is not connected yet.`, 'Come back after the next update.');
}
