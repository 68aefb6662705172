import type { Account } from '#server/domain/accounts.ts';
import { serviceOf } from './registry.ts';

const LOOK_MS = 1_500;
const KEPT_MS = 30_000;
const heard = new Map<string, { answers: Promise<boolean>; at: number }>();

/**
 * The services without a key that do not answer. Whether one with a key can be used is known from its key; of one without, such as a
 * LocalAI on this machine, only by asking. A listing costs nothing; what was heard counts for half a minute.
 */
export async function unheardOf(
  accounts: Record<string, Account>,
  env: Record<string, string | undefined>,
  now: () => number = () => performance.now(),
): Promise<Set<string>> {
  const keyless = Object.entries(accounts).filter(([, a]) => a.key_env === null);
  const answers = await Promise.all(
    keyless.map(([name, account]) => {
      const key = `${name} ${JSON.stringify(account)}`;
      const known = heard.get(key);
      if (known && now() - known.at < KEPT_MS) return known.answers;
      const asked = serviceOf(name, account, env)
        .probe(AbortSignal.timeout(LOOK_MS))
        .then((p) => p.reachable);
      heard.set(key, { answers: asked, at: now() });
      return asked;
    }),
  );
  return new Set(keyless.flatMap(([name], i) => (answers[i] ? [] : [name])));
}
