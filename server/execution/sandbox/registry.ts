import { detectBwrap } from './bwrap.ts';
import { noSandbox } from './none.ts';
import type { Sandbox } from './sandbox.ts';
import { detectSeatbelt } from './seatbelt.ts';

/** One way in per kind; each says null where it does not work. */
const kinds = {
  bwrap: detectBwrap,
  seatbelt: detectSeatbelt,
  none: async () => noSandbox,
} as const satisfies Record<Sandbox['kind'], () => Promise<Sandbox | null>>;

/** The best sandbox that really works on this machine: tried, not guessed. */
export async function detectSandbox(): Promise<Sandbox> {
  return (await kinds.bwrap()) ?? (await kinds.seatbelt()) ?? (await kinds.none());
}
