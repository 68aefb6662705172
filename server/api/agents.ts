import { z } from 'zod';
import type { Account } from '#server/domain/accounts.ts';
import {
  capabilitiesOf,
  cliCapabilities,
  foundAgentSchema,
  type ModelFacts,
  modelFactsSchema,
} from '#server/domain/agents.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { sameModel } from '#server/domain/host.ts';
import { type PipelineName, pipelines, pipelinesOf } from '#server/domain/pipelines.ts';
import { type CliProvider, isCliProvider, type ProviderKind } from '#server/domain/providers.ts';
import type { AgentView, TrialInput } from '#server/domain/views/agents.ts';
import { heardState } from '#server/fleet/data.ts';
import type { NewTrial } from '#server/fleet/trials.ts';
import { accountStates } from '#server/models/account.ts';
import { accountOf } from '#server/models/registry.ts';
import { readBreakers, SERVICE } from '#server/models/resilience/data.ts';
import { unheardOf } from '#server/models/unheard.ts';
import type { Services } from './services.ts';

/** Who can be given work: models of the hosts, coding agents of their machines, services of providers.yaml. */

interface HostRow {
  name: string;
  state: 'LIVE' | 'PAUSED' | 'DRAINING' | 'STOPPED';
  seen_ms: number | null;
  installed: unknown;
  models: string[];
  llama: string[] | null;
  llama_facts: unknown;
  agents: unknown;
  memory_gb: number | null;
  planned: { name: string; gb: number }[];
  reachable: boolean | null;
}
interface Tier {
  tier: number;
  model: string;
  provider: ProviderKind;
  pipelines: PipelineName[];
  account?: string | undefined;
}

export async function listAgents(s: Services): Promise<AgentView[]> {
  const { rows } = await s.db.pool.query<HostRow>(
    `SELECT h.name, h.state, (extract(epoch FROM clock_timestamp() - w.last_seen) * 1000)::float8 seen_ms, h.installed, h.models, h.llama, h.llama_facts,
       h.agents, h.memory_gb, h.planned, (h.probe->>'reachable')::boolean reachable FROM host h LEFT JOIN worker w ON w.host = h.name AND w.state = 'ACTIVE'
     WHERE h.declared ORDER BY h.slots DESC, h.name`,
  );
  const { tiers, providers } = s.catalogue();
  const table = tiers.presets[tiers.default]?.tiers ?? [];
  const left = (await readBreakers(s.db)).filter((b) => b.state === 'OPEN');
  const unheard = await unheardOf(providers.providers, process.env);
  const silent = (h: HostRow) =>
    ['absent', 'silent'].includes(heardState(h, s.timing)) ? `the worker of ${h.name} is not running` : null;
  return [
    ...rows.flatMap((h) => modelsOf(h, table, silent(h))),
    ...rows.flatMap((h) => programsOf(h, table, silent(h), left)),
    ...Object.entries(accountStates(providers.providers, process.env)).map(([name, a]): AgentView => {
      const account = providers.providers[name];
      const capabilities = a.kind === 'anthropic' ? ['completion', 'tools', 'thinking'] : undefined;
      return {
        ...{ name, provider: a.kind, host: null, version: null },
        ...(unheard.has(name)
          ? { usable: false, why: `nothing answers at ${account?.base_url}` }
          : { usable: a.why === null, why: a.why ?? aloneText(left, SERVICE, name) }),
        model:
          table.find((t) => asks(t, name, providers.providers) && t.provider === a.kind)?.model ??
          Object.keys(account?.models ?? {})[0] ??
          null,
        capabilities: capabilitiesOf({
          ...(capabilities ? { capabilities } : {}),
          context: account?.context ?? null,
        }),
        pipelines: [...pipelinesOf(a.kind)],
        tiers: table.filter((t) => asks(t, name, providers.providers)).map((t) => t.tier),
      };
    }),
  ];
}

/** Whether a tier asks this very service: several may speak one protocol, and only one of them is meant. */
const asks = (t: Tier, name: string, accounts: Record<string, Account>) =>
  [t.provider, ...t.pipelines.map((p) => pipelines[p].provider)].some(
    (provider) => accountOf({ provider, account: t.account }, accounts) === name,
  );

const uses = (t: Tier, provider: ProviderKind) =>
  t.provider === provider || t.pipelines.some((p) => pipelines[p].provider === provider);

function modelsOf(h: HostRow, table: Tier[], silent: string | null): AgentView[] {
  const facts = z.array(modelFactsSchema).catch([]).parse(h.installed);
  const showed = z.array(modelFactsSchema).catch([]).parse(h.llama_facts);
  const tiersOf = (model: string) => table.filter((t) => sameModel(t.model, model)).map((t) => t.tier);
  const local = h.models.map((model): AgentView => {
    const capabilities = capabilitiesOf(facts.find((f) => f.name === model) ?? {});
    const ways = pipelinesOf('ollama').filter(
      (p) =>
        !capabilities || capabilities.includes(pipelines[p].runner === 'loop' ? 'implementer' : 'analyst'),
    );
    const why =
      silent ??
      (h.reachable === false
        ? `the model server of ${h.name} does not answer`
        : ways.length === 0
          ? 'it gives vectors, not words'
          : tooLarge(h, model, facts)
            ? `it is larger than the ${h.memory_gb} GB of ${h.name}`
            : '');
    return {
      ...{ name: model, provider: 'ollama', host: h.name, model, version: null, capabilities },
      ...{ pipelines: ways, usable: why === '', why, tiers: tiersOf(model) },
    };
  });
  const loaded = (h.llama ?? []).map(
    (model): AgentView => ({
      ...{ name: model, provider: 'llama-server', host: h.name, model, version: null },
      ...{ pipelines: [...pipelinesOf('llama-server')], usable: silent === null, why: silent ?? '' },
      capabilities: capabilitiesOf(showed.find((f) => f.name === model) ?? {}),
      tiers: tiersOf(model),
    }),
  );
  return [...local, ...loaded];
}

function tooLarge(h: HostRow, model: string, facts: ModelFacts[]): boolean {
  const gb =
    h.planned.find((p) => sameModel(p.name, model))?.gb ??
    (facts.find((f) => sameModel(f.name, model))?.bytes ?? 0) / 1e9;
  return h.memory_gb !== null && gb > h.memory_gb;
}

function programsOf(
  h: HostRow,
  table: Tier[],
  silent: string | null,
  left: { host: string; model: string; error: string }[],
): AgentView[] {
  return z
    .array(foundAgentSchema)
    .catch([])
    .parse(h.agents)
    .map((a): AgentView => {
      const why = silent ?? a.reason;
      return {
        ...{
          name: a.name,
          provider: a.name,
          host: h.name,
          version: a.version,
          capabilities: [...cliCapabilities],
        },
        model: modelFor(a.name, table),
        ...{ pipelines: [...pipelinesOf(a.name)], usable: a.usable && why === '' },
        why: why || aloneText(left, h.name, a.name),
        tiers: table.filter((t) => uses(t, a.name)).map((t) => t.tier),
      };
    });
}

/** It can be asked all the same: a trial is how a person finds out whether it answers again. */
function aloneText(
  left: { host: string; model: string; error: string }[],
  host: string,
  name: string,
): string {
  const alone = left.find((b) => b.host === host && b.model === name);
  return alone ? `left alone: ${alone.error}` : '';
}

const modelFor = (agent: CliProvider, table: Tier[]): string | null =>
  table.find((t) => t.provider === agent)?.model ?? null;

/** What a name of `alai agents` means: `qwen3:8b`, `qwen3:8b@forge`, `claude-code`, `anthropic`. Says who there is when nobody is meant. */
export function trialOf(all: AgentView[], input: TrialInput, hosts: string[]): NewTrial {
  const at = /^(.+)@([a-z][a-z0-9-]*)$/.exec(input.name);
  const name = at?.[1] ?? input.name;
  const host = at?.[2] ?? input.host ?? null;
  const named = all.filter((a) => a.name === name || (a.model !== null && sameModel(a.name, name)));
  const here = named.filter((a) => host === null || a.host === null || a.host === host);
  const found = here.find((a) => a.usable) ?? here[0];
  if (!found)
    throw new AlaiError(
      'NOT_FOUND',
      named.length > 0 ? `${name} is not on ${host}.` : `There is no agent ${name}.`,
      `Name one of ${[...new Set(all.map((a) => a.name))].slice(0, 20).join(', ') || 'none yet'}: npx alai agents`,
    );
  if (!found.usable || found.provider === 'human')
    throw new AlaiError('CONFLICT', `${found.name} cannot be asked: ${found.why}.`, 'See npx alai agents.');
  const where = found.host ?? host ?? hosts[0];
  if (!where)
    throw new AlaiError('CONFLICT', 'No host could ask it.', 'Start one: npx alai worker --host forge');
  const model = input.model ?? found.model;
  if (!model && !isCliProvider(found.provider))
    throw new AlaiError('BAD_INPUT', `${found.name} has many models.`, 'Say which: --model NAME');
  return {
    ...{ host: where, name: found.name, provider: found.provider, model: model ?? '', prompt: input.prompt },
    account: found.host === null ? found.name : null,
  };
}
