import { viewerOf } from './auth.ts';
import { requireOwnOrigin } from './origin.ts';
import { services } from './services.ts';
import { type Context, onTheWire } from './trpc.ts';

/** Who asks, and what the procedures work with. A foreign origin is nobody, and says so. */
export async function createContext(req: Request): Promise<Context> {
  try {
    const s = services();
    requireOwnOrigin(req, s.env);
    const who = () => viewerOf(s.db, req, s.env.ALAI_AUTH_SECRET ?? '');
    return { viewer: await who(), s, stillAllowed: async () => (await who()) !== null };
  } catch (e) {
    throw onTheWire(e);
  }
}
