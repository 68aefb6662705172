import { type Fleet, readCatalogue } from '#server/catalogue/data.ts';
import type { Account } from '#server/domain/accounts.ts';
import type { ModelFacts } from '#server/domain/agents.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { Asking } from '#server/domain/work.ts';
import { hostLlama, hostLlamaFacts } from '#server/engine/hosts.ts';
import type { Provider } from '#server/models/provider.ts';
import { accountOf, providerAt, providerFor, rehearsed, type Wanted } from '#server/models/registry.ts';
import { type Resilience, resilient } from '#server/models/resilience/resilient.ts';
import { probeTools } from '#server/models/tool-probe.ts';
import type { Db } from '#server/platform/db.ts';
import { type Env, ollamaUrl } from '#server/platform/env.ts';
import type { Logger } from '#server/platform/logger.ts';
import { every } from '../conductor/every.ts';
import { diskOf } from './disk.ts';
import { modelStore } from './model-store.ts';

type Host = Fleet['hosts'][number];

const rehearsalOf = (e: Env) => `http://127.0.0.1:${e.ALAI_REHEARSAL_PORT}`;

/** Where the host's Ollama is, by the file as it stands now. */
const ollamaOf = (config: Host, e: Env): string => {
  const host = readCatalogue().fleet.hosts.find((h) => h.name === config.name) ?? config;
  return host.ollama ?? ollamaUrl(e.OLLAMA_HOST);
};

/** The host's own model servers, at the addresses of the file as it stands now: another one counts without a restart. */
export function serversOfHost(config: Host, e: Env) {
  const now = () => readCatalogue().fleet.hosts.find((h) => h.name === config.name) ?? config;
  function server(kind: 'ollama'): Provider;
  function server(kind: 'ollama' | 'llama-server'): Provider | null;
  function server(kind: 'ollama' | 'llama-server'): Provider | null {
    const url = kind === 'ollama' ? ollamaOf(config, e) : now().llama_server;
    return url ? providerAt(kind, url) : null;
  }
  return server;
}

/** What the disk of this host's models has left, in bytes; null when nobody here can say. The rehearsal's downloads are not written anywhere. */
export async function roomForModels(config: Host, e: Env): Promise<number | null> {
  const ollama = ollamaOf(config, e);
  const folder = ollama === rehearsalOf(e) ? null : modelStore(ollama, { set: process.env.OLLAMA_MODELS });
  return folder === null ? null : (await diskOf(folder)).free;
}

/** Whom this host's attempts ask: by the choice of the work, at the addresses and with the keys as they are now. */
export function modelsOfHost(config: Host, e: Env, db: Db, timing: Timing): (asking: Asking) => Provider {
  const rehearsal = rehearsalOf(e);
  return (asking) => {
    const { fleet, providers } = readCatalogue();
    const accounts = providers.providers;
    const wanted = { provider: asking.model.provider, account: asking.model.account };
    const host = fleet.hosts.find((h) => h.name === config.name) ?? config;
    const ollama = ollamaOf(config, e);
    const known = { db, host: config.name, timing, ...(asking.task ? { task: asking.task.id } : {}) };
    // The shipped sample is always rehearsed, and everything is where the rehearsal stands in for the host's models.
    if (ollama === rehearsal || (asking.project.isSample && e.ALAI_REHEARSAL !== 'never'))
      return resilient(rehearsed(wanted, rehearsal, accounts), { ...known, service: null });
    const provider = providerFor(wanted, {
      ollama,
      llamaServer: host.llama_server,
      accounts,
      env: process.env,
    });
    return resilient(provider, { ...known, service: serviceOf(wanted, accounts) });
  };
}

function serviceOf(wanted: Wanted, accounts: Record<string, Account>): Resilience['service'] {
  const name = accountOf(wanted, accounts);
  const account = name ? accounts[name] : undefined;
  if (!name || !account) return null;
  const { requests_per_minute, tokens_per_minute } = account;
  return { name, rates: { requestsPerMinute: requests_per_minute, tokensPerMinute: tokens_per_minute } };
}

const PROBE_MS = 5_000;

/**
 * Looks what the host's llama-server has loaded, and writes it down when it changed: a route names it by that. A model it has not
 * seen before is asked to show that it calls tools, because its protocol does not say.
 */
export function watchLlama(c: { db: Db; host: Host; timing: Timing; log: Logger }): { stop(): void } {
  let known: string | null = 'never';
  const shown = new Map<string, ModelFacts>();
  const leaving = new AbortController();
  const watch = every(
    c.timing.heartbeat,
    async () => {
      const url = readCatalogue().fleet.hosts.find((h) => h.name === c.host.name)?.llama_server ?? null;
      const server = url ? providerAt('llama-server', url) : null;
      const found = server ? await server.probe(AbortSignal.timeout(PROBE_MS)) : null;
      const names = found?.reachable ? found.models.map((m) => m.name) : null;
      const digest = JSON.stringify(names);
      if (digest !== known) {
        await hostLlama(c.db, c.host.name, names);
        if (url) c.log.info({ models: names, problem: found?.problem?.message }, 'the llama-server');
        known = digest;
      }
      const strange = (names ?? []).filter((name) => !shown.has(`${url} ${name}`));
      if (!server || strange.length === 0) return;
      for (const name of strange) {
        const facts = await probeTools(server, name, leaving.signal);
        if (facts) shown.set(`${url} ${name}`, facts);
      }
      const facts = (names ?? []).flatMap((name) => shown.get(`${url} ${name}`) ?? []);
      await hostLlamaFacts(c.db, c.host.name, facts);
    },
    (err) => c.log.warn({ err }, 'llama-server probe failed'),
  );
  return {
    stop() {
      watch.stop();
      leaving.abort();
    },
  };
}
