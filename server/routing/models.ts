import type { Fleet, TierRow, Tiers } from '#server/catalogue/data.ts';
import type { AgentCapability } from '#server/domain/agents.ts';
import { sameModel } from '#server/domain/host.ts';
import { type PipelineName, pipelines, pipelinesOf } from '#server/domain/pipelines.ts';
import { isLocalProvider } from '#server/domain/providers.ts';
import type { Route } from '#server/domain/views/routing.ts';
import type { AccountState, HostState } from './schema.ts';

const NO_MODEL = 'No tier has a model: it waits for one';

export interface ModelPlan {
  /** The tier it starts on: the wanted one, or the nearest that has a model. */
  tier: number;
  choices: Route['choices'];
  skipped: Route['skipped'];
  reasons: string[];
}

/** What can be asked from where, as it is known when a route is made. */
export interface Reach {
  tiers: Tiers;
  fleet: Fleet;
  hosts: HostState[];
  /** The services of providers.yaml by name. */
  accounts: Record<string, AccountState>;
}

/**
 * Which (host, model) a task may be given, in order: the tier it starts on first, then the tiers it may be raised to, and
 * for work that starts in a cloud the local tiers that take it while there is no network.
 * Several hosts of one tier are alternatives: preferred first, so that pinned work is not stuck when a host is gone.
 */
export function planModels(reach: Reach, wanted: number, offline = false): ModelPlan {
  const { tiers, fleet } = reach;
  const rows = tiers.presets[tiers.default]?.tiers ?? [];
  const skipped: Route['skipped'] = [];
  const reasons: string[] = offline ? ['Offline was asked for: only tiers that need no network'] : [];
  const usable = new Map<number, Route['choices']>();
  const wantedHosts = rows.find((r) => r.tier === wanted)?.hosts ?? [];
  for (const row of rows) {
    if (row.provider === 'human') continue;
    const found = choicesOf(row, reach, row.tier < wanted ? wantedHosts : [], offline);
    usable.set(row.tier, found.choices);
    reasons.push(...found.said);
    if (found.choices.length === 0 && found.why)
      skipped.push({ tier: row.tier, model: row.model, reason: found.why });
  }
  const have = [...usable.keys()].filter((t) => (usable.get(t)?.length ?? 0) > 0).sort((a, b) => a - b);
  const start = have.find((t) => t >= wanted) ?? have.at(-1);
  if (start === undefined) return { tier: wanted, choices: [], skipped, reasons: [...reasons, NO_MODEL] };
  const first = usable.get(start)?.[0];
  const row = rows.find((r) => r.tier === start);
  if (start === wanted)
    reasons.unshift(`Tier ${wanted} (${row?.name}): ${first?.model} on ${label(fleet, first?.host)}`);
  else {
    const why = skipped.find((s) => s.tier === wanted)?.reason ?? 'no host has a model for it';
    reasons.unshift(
      `Tier ${wanted} is wanted, but ${why}: ${first?.model} of tier ${start} on ${label(fleet, first?.host)}`,
    );
  }
  const choices = have.filter((t) => t >= start).flatMap((t) => usable.get(t) ?? []);
  if (usable.get(start)?.some((c) => !needsNetwork(c, reach.accounts)))
    return { tier: start, choices, skipped, reasons };
  const below = have
    .filter((t) => t < start)
    .reverse()
    .flatMap((t) => usable.get(t) ?? [])
    .filter((c) => !needsNetwork(c, reach.accounts));
  const [standIn] = below;
  if (standIn)
    reasons.push(
      `Without a network: ${standIn.model} of tier ${standIn.tier} on ${label(fleet, standIn.host)}`,
    );
  return { tier: start, choices: [...choices, ...below], skipped, reasons };
}

/** The route with the models that are there now, for one that found none; null while there is none. */
export function routeAnew(reach: Reach, route: Route): Route | null {
  const found = planModels(reach, route.tier, route.offline);
  if (found.choices.length === 0) return null;
  const reasons = [...route.reasons.filter((r) => r !== NO_MODEL), ...found.reasons];
  return { ...route, tier: found.tier, choices: found.choices, skipped: found.skipped, reasons };
}

/** Why no host can serve a tier now, and what such work would begin on meanwhile; null while one can. */
export function whyUnserved(reach: Reach, tier: number): string | null {
  const { choices, skipped, tier: start } = planModels(reach, tier);
  if (choices.some((c) => c.tier === tier)) return null;
  const row = reach.tiers.presets[reach.tiers.default]?.tiers.find((t) => t.tier === tier);
  const why = skipped.find((s) => s.tier === tier)?.reason ?? missing(row, reach.fleet);
  const [first] = choices;
  const meanwhile = first
    ? `Until then such work begins on tier ${start} (${first.model} on ${label(reach.fleet, first.host)}).`
    : 'Until then such work waits.';
  return `No host can serve tier ${tier} now: ${why}. ${meanwhile}`;
}

/** What would have to be there for a tier that nothing more was said of. */
function missing(row: TierRow | undefined, fleet: Fleet): string {
  if (fleet.hosts.length === 0) return 'no host is heard of';
  return row ? `no host has ${row.model}, or a model that could stand in for it` : 'it has no model';
}

function choicesOf(row: TierRow, reach: Reach, first: string[], offline: boolean) {
  const { fleet } = reach;
  const said: string[] = [];
  const ways = row.pipelines.length > 0 ? row.pipelines : pipelinesOf(row.provider);
  const order = [...new Set([...first, ...row.hosts, ...fleet.hosts.map((h) => h.name)])];
  const exact: Route['choices'] = [];
  const replaced: Route['choices'] = [];
  const whys = new Set<string>();
  for (const name of order) {
    if (!fleet.hosts.some((h) => h.name === name)) continue;
    let choice: Route['choices'][number] | null = null;
    let standsIn = false;
    for (const way of ways) {
      const { provider } = pipelines[way];
      const at = whereOf(way, row, name, reach, offline);
      if ('why' in at) {
        if (at.why) whys.add(at.why);
        continue;
      }
      standsIn ||= at.standsIn;
      // A later way is a fallback: the model and its provider are those of the first that can be asked.
      choice ??= {
        host: name,
        tier: row.tier,
        provider,
        ...(at.account ? { account: at.account } : {}),
        pipelines: [],
        model: at.model,
      };
      choice.pipelines?.push(way);
    }
    if (choice) (standsIn ? replaced : exact).push(choice);
  }
  if (exact.length === 0 && replaced.length > 0) {
    const [choice] = replaced;
    said.push(
      `${row.model} is not pulled anywhere: ${choice?.model} on ${label(fleet, choice?.host)} stands in for tier ${row.tier}`,
    );
  }
  // A stand-in is for a tier nobody has: beside the real model it would only make results uneven.
  return { choices: exact.length ? exact : replaced, said, why: [...whys].join('; ') };
}

type Where = { model: string; standsIn: boolean; account?: string } | { why: string };

/** Whether this provider can be asked from this host for the model of a tier, or why not; '' needs no words. */
function whereOf(
  way: PipelineName,
  row: TierRow,
  name: string,
  { tiers, fleet, hosts, accounts }: Reach,
  offline: boolean,
): Where {
  const { provider, runner } = pipelines[way];
  const host = hosts.find((h) => h.name === name);
  const there = { model: row.model, standsIn: false };
  // With tools it writes itself; in text it advises, and its files are written for it.
  const needed: AgentCapability = runner === 'loop' ? 'implementer' : 'analyst';
  const able = (m: string) => host?.can?.[m]?.includes(needed);
  if (provider === 'ollama') {
    // A host that has not reported yet is trusted with the table's model: its worker will say if it is not there.
    const models = host?.models ?? null;
    const own = models?.find((m) => sameModel(m, row.model));
    if (own && able(own) === false) return { why: `${own} on ${label(fleet, name)} ${unable[needed]}` };
    if (models === null || own) return there;
    const other = substitute(
      row,
      tiers,
      models.filter((m) => able(m) === true),
    );
    return other ? { model: other, standsIn: true } : { why: '' };
  }
  if (provider === 'llama-server') {
    if (!fleet.hosts.find((h) => h.name === name)?.llama_server)
      return { why: 'no host has a llama-server for it' };
    const loaded = host?.llama ?? null;
    if (loaded === null)
      return host?.models ? { why: `the llama-server of ${label(fleet, name)} does not answer` } : there;
    const own = loaded.find((m) => sameModel(m, row.model));
    if (own && able(own) === false) return { why: `${own} on ${label(fleet, name)} ${unable[needed]}` };
    if (own) return there;
    return { why: `the llama-server of ${label(fleet, name)} has ${loaded.join(', ') || 'nothing'} loaded` };
  }
  // A chain of which half is scripted would look reviewed and not be it.
  if (host?.scripted && provider !== 'human')
    return { why: 'the rehearsal answers here, and nothing real is asked beside it' };
  if (provider === 'openai' || provider === 'anthropic') {
    const account = (provider === row.provider ? row.account : undefined) ?? provider;
    const state = accounts[account];
    if (state?.kind !== provider) return { why: `providers.yaml has no ${account} of the kind ${provider}` };
    if (offline && !state.offline) return { why: `${account} needs a network` };
    return state.why ? { why: state.why } : { ...there, account };
  }
  if (offline) return { why: `${provider} needs a network` };
  if (host?.agents?.includes(provider)) return there;
  return { why: provider === 'human' ? '' : `${provider} is not installed on any host` };
}

const needsNetwork = (c: Route['choices'][number], accounts: Reach['accounts']): boolean =>
  !isLocalProvider(c.provider) && !(c.account && accounts[c.account]?.offline);

const unable: Partial<Record<AgentCapability, string>> = {
  implementer: 'cannot use tools',
  analyst: 'does not answer in text',
};

/** An able model of those installed: of the same family first, then one of another tier, then any. */
function substitute(row: TierRow, tiers: Tiers, able: string[]): string | undefined {
  const family = (row.model.split(':')[0] ?? row.model).toLowerCase();
  const rows = tiers.presets[tiers.default]?.tiers ?? [];
  return (
    able.find((m) => m.toLowerCase().split(':')[0] === family) ??
    able.find((m) => rows.some((r) => sameModel(m, r.model))) ??
    able[0]
  );
}

function label(fleet: Fleet, host: string | null | undefined): string {
  return fleet.hosts.find((h) => h.name === host)?.label ?? host ?? 'no host';
}

/** The tier a tier_overrides entry names (`ollama:qwen3:8b`, `sonnet`); undefined when no tier has that model. */
export function tierOfModel(tiers: Tiers, name: string): number | undefined {
  const rows = tiers.presets[tiers.default]?.tiers ?? [];
  const model = name.replace(/^(ollama|llama-server|claude):/, '');
  const byName = rows.find(
    (r) => sameModel(r.model, model) || r.model.toLowerCase().includes(model.toLowerCase()),
  );
  return (
    byName?.tier ??
    (/^(claude|sonnet|opus|haiku)/i.test(model)
      ? rows.find((r) => r.provider === 'claude-code' || r.provider === 'anthropic')?.tier
      : undefined)
  );
}
