import type { Account } from '#server/domain/accounts.ts';
import { outgoingFetch } from '#server/platform/outgoing.ts';
import { modelError } from './provider.ts';

type Environment = Record<string, string | undefined>;

/** Where the well-known keys belong. Others say it themselves, in `<KEY_ENV>_HOST` beside the key. */
const HOMES: Record<string, string> = {
  ANTHROPIC_API_KEY: 'api.anthropic.com',
  OPENAI_API_KEY: 'api.openai.com',
  DEEPSEEK_API_KEY: 'api.deepseek.com',
};

/**
 * The key of an account, or why it may not be used. A key belongs to one host, and that is said where the key is kept: who
 * edits providers.yaml can change where we call, but not where a key is sent.
 */
function keyOf(name: string, account: Account, from: Environment): { key: string } | { why: string } {
  if (account.key_env === null) return { key: 'none' };
  const key = from[account.key_env]?.trim();
  if (!key) return { why: `${account.key_env} is not set` };
  const host = new URL(account.base_url).host;
  const home = from[`${account.key_env}_HOST`]?.trim() || HOMES[account.key_env];
  if (home === host) return { key };
  return {
    why: home
      ? `${account.key_env} belongs to ${home}, and ${name} is at ${host}: set ${account.key_env}_HOST=${host} if that is meant`
      : `nothing says where ${account.key_env} belongs: set ${account.key_env}_HOST=${host}`,
  };
}

/** The key, or PROVIDER_KEY with what to do. */
export function requireKey(name: string, account: Account, from: Environment): string {
  const found = keyOf(name, account, from);
  if ('key' in found) return found.key;
  throw modelError(
    'PROVIDER_KEY',
    `${name} cannot be used: ${found.why}`,
    'Set it in the file .env of the folder where npm start or npx alai worker runs, or in its shell, and restart that.',
    'permanent',
  );
}

/** How an account is reached: inside the network only where its entry says so, and never by a redirect. */
export function wayTo(account: Account): typeof fetch {
  const { host, hostname } = new URL(account.base_url);
  return outgoingFetch({ allow: account.allow_private ? [host, hostname] : [] });
}

/** The name the provider knows a model by. */
export const modelAt = (account: Account, model: string): string => {
  const fault = /\+[\w-]+$/.exec(model)?.[0] ?? '';
  const bare = model.slice(0, model.length - fault.length);
  return `${account.models[bare] ?? bare}${fault}`;
};

/** What routing needs to know of each service: whether it can be used from here, or why not. */
export function accountStates(
  accounts: Record<string, Account>,
  from: Environment,
): Record<string, { kind: Account['kind']; offline: boolean; why: string | null }> {
  return Object.fromEntries(
    Object.entries(accounts).map(([name, a]) => {
      const found = keyOf(name, a, from);
      return [name, { kind: a.kind, offline: a.offline, why: 'why' in found ? found.why : null }];
    }),
  );
}
