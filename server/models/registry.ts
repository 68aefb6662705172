import type { Account } from '#server/domain/accounts.ts';
import type { HttpProvider } from '#server/domain/providers.ts';
import { requireKey } from './account.ts';
import { createAnthropic } from './anthropic.ts';
import { createLlamaServer } from './llama-server.ts';
import { createOllama } from './ollama.ts';
import { createOpenAi } from './openai.ts';
import { modelError, type Provider } from './provider.ts';

/** Servers of a host, by address. A new one is one file and one line here. */
const servers = { ollama: createOllama, 'llama-server': createLlamaServer } as const;

/** Services outside the hosts, by an entry of providers.yaml. */
const services = { openai: createOpenAi, anthropic: createAnthropic } as const satisfies Record<
  Account['kind'],
  (account: Account, key: string) => Provider
>;

const open = new Map<string, Provider>();

function once(key: string, make: () => Provider): Provider {
  const known = open.get(key);
  if (known) return known;
  const made = make();
  open.set(key, made);
  return made;
}

/** A host's own model server; one per (kind, url) and process, so that what it learned of its models is kept. */
export function providerAt(kind: keyof typeof servers, url: string): Provider {
  return once(`${kind} ${url}`, () => servers[kind](url));
}

/** The service of an account. Throws PROVIDER_KEY when its key is not there or belongs elsewhere. */
export function serviceOf(
  name: string,
  account: Account,
  from: Record<string, string | undefined>,
): Provider {
  const key = requireKey(name, account, from);
  return once(`${name} ${JSON.stringify(account)} ${key}`, () => services[account.kind](account, key));
}

export interface Wanted {
  provider: string;
  /** The entry of providers.yaml; the one named like the provider when there is none. */
  account?: string | null | undefined;
}

/** The entry of providers.yaml that a choice means; null for a host's own server, or when there is none. */
export function accountOf(wanted: Wanted, accounts: Record<string, Account>): string | null {
  // A fallback may speak another protocol than the choice it stands in for.
  return [wanted.account, wanted.provider].find((n) => n && accounts[n]?.kind === wanted.provider) ?? null;
}

export interface Reach {
  /** The host's servers; null where it has none. */
  ollama: string;
  llamaServer: string | null;
  accounts: Record<string, Account>;
  env: Record<string, string | undefined>;
}

/** The provider a choice names, as it is reached from one host. */
export function providerFor(wanted: Wanted, reach: Reach): Provider {
  switch (wanted.provider as HttpProvider) {
    case 'ollama':
      return providerAt('ollama', reach.ollama);
    case 'llama-server':
      if (reach.llamaServer) return providerAt('llama-server', reach.llamaServer);
      throw modelError(
        'PROVIDER_UNKNOWN',
        'This host has no llama-server.',
        'Give it llama_server in companies/_shared/fleet.yaml, or route to another tier.',
        'permanent',
      );
    case 'openai':
    case 'anthropic': {
      const name = accountOf(wanted, reach.accounts) ?? wanted.provider;
      const account = reach.accounts[name];
      if (account?.kind === wanted.provider) return serviceOf(name, account, reach.env);
      throw modelError(
        'PROVIDER_UNKNOWN',
        `There is no provider ${name} of the kind ${wanted.provider}.`,
        `companies/_shared/providers.yaml has ${Object.keys(reach.accounts).join(', ') || 'none'}.`,
        'permanent',
      );
    }
    default:
      throw modelError(
        'PROVIDER_UNKNOWN',
        `${wanted.provider} is not reached over HTTP.`,
        'A CLI agent runs as a process; choose another pipeline.',
        'permanent',
      );
  }
}

/** Every service on one scripted server: what the sample and the rehearsal use, with no key at all. */
export function rehearsed(wanted: Wanted, url: string, accounts: Record<string, Account>): Provider {
  const at = (path: string): Record<string, Account> =>
    Object.fromEntries(
      Object.entries(accounts).map(([name, a]) => [
        name,
        { ...a, base_url: `${url}${path}`, key_env: null, allow_private: true, models: {} },
      ]),
    );
  const path = wanted.provider === 'openai' ? '/v1' : '';
  return providerFor(wanted, { ollama: url, llamaServer: url, accounts: at(path), env: {} });
}
