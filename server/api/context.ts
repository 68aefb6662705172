import type { Context } from './trpc.ts';

/** Who asks, from the session cookie or a bearer token. */
export async function createContext(_req: Request): Promise<Context> {
  return { viewer: null };
}
