import type { Fleet, TierRow, Tiers } from '#server/catalogue/data.ts';
import type { Route } from '#server/domain/views.ts';
import type { HostState } from './schema.ts';

/** Providers this release can talk to. A tier of another one is skipped with the reason. */
const PROVIDERS: readonly TierRow['provider'][] = ['ollama'];

const NO_MODEL = 'No tier has a model: it waits for one';

export interface ModelPlan {
  /** The tier it starts on: the wanted one, or the nearest that has a model. */
  tier: number;
  choices: Route['choices'];
  skipped: Route['skipped'];
  reasons: string[];
}

/**
 * Which (host, model) a task may be given, in order: the tier it starts on first, then the tiers it may be raised to.
 * Several hosts of one tier are alternatives: preferred first, so that pinned work is not stuck when a host is gone.
 */
export function planModels(tiers: Tiers, fleet: Fleet, hosts: HostState[], wanted: number): ModelPlan {
  const rows = tiers.presets[tiers.default]?.tiers ?? [];
  const skipped: Route['skipped'] = [];
  const reasons: string[] = [];
  const usable = new Map<number, Route['choices']>();
  const wantedHosts = rows.find((r) => r.tier === wanted)?.hosts ?? [];
  for (const row of rows) {
    if (row.provider === 'human') continue;
    if (!PROVIDERS.includes(row.provider)) {
      skipped.push({ tier: row.tier, model: row.model, reason: `${row.provider} is not in this release` });
      continue;
    }
    const { choices, said } = choicesOf(row, tiers, fleet, hosts, row.tier < wanted ? wantedHosts : []);
    usable.set(row.tier, choices);
    reasons.push(...said);
  }
  const have = [...usable.keys()].filter((t) => (usable.get(t)?.length ?? 0) > 0).sort((a, b) => a - b);
  const start = have.find((t) => t >= wanted) ?? have.at(-1);
  if (start === undefined) {
    return {
      tier: wanted,
      choices: [],
      skipped,
      reasons: [...reasons, NO_MODEL],
    };
  }
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
  return { tier: start, choices, skipped, reasons };
}

/** The route with the models that are there now, for one that found none; null while there is none. */
export function routeAnew(tiers: Tiers, fleet: Fleet, hosts: HostState[], route: Route): Route | null {
  const found = planModels(tiers, fleet, hosts, route.tier);
  if (found.choices.length === 0) return null;
  const reasons = [...route.reasons.filter((r) => r !== NO_MODEL), ...found.reasons];
  return { ...route, tier: found.tier, choices: found.choices, skipped: found.skipped, reasons };
}

function choicesOf(row: TierRow, tiers: Tiers, fleet: Fleet, hosts: HostState[], first: string[]) {
  const said: string[] = [];
  const order = [...new Set([...first, ...row.hosts, ...fleet.hosts.map((h) => h.name)])];
  const exact: Route['choices'] = [];
  const replaced: Route['choices'] = [];
  for (const name of order) {
    if (!fleet.hosts.some((h) => h.name === name)) continue;
    const models = hosts.find((h) => h.name === name)?.models ?? null;
    const choice = { host: name, tier: row.tier, provider: row.provider, pipelines: row.pipelines };
    // A host that has not reported yet is trusted with the table's model: its worker will say if it is not there.
    if (models === null || models.some((m) => sameModel(m, row.model)))
      exact.push({ ...choice, model: row.model });
    else {
      const other = substitute(row, tiers, models);
      if (other) replaced.push({ ...choice, model: other });
    }
  }
  if (exact.length === 0 && replaced.length > 0) {
    const [choice] = replaced;
    said.push(
      `${row.model} is not pulled anywhere: ${choice?.model} on ${label(fleet, choice?.host)} stands in for tier ${row.tier}`,
    );
  }
  // A stand-in is for a tier nobody has: beside the real model it would only make results uneven.
  return { choices: exact.length ? exact : replaced, said };
}

/** An installed model that can drive an agent: of the same family first, then one of another tier, then any. */
function substitute(row: TierRow, tiers: Tiers, models: string[]): string | undefined {
  const able = models.filter((m) => !tiers.not_agents.some((n) => m.toLowerCase().startsWith(n)));
  const family = (row.model.split(':')[0] ?? row.model).toLowerCase();
  const rows = tiers.presets[tiers.default]?.tiers ?? [];
  return (
    able.find((m) => m.toLowerCase().split(':')[0] === family) ??
    able.find((m) => rows.some((r) => sameModel(m, r.model))) ??
    able[0]
  );
}

/** Ollama lists `qwen3` as `qwen3:latest`. */
function sameModel(a: string, b: string): boolean {
  const full = (m: string) => (m.includes(':') ? m : `${m}:latest`).toLowerCase();
  return full(a) === full(b);
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
    (/^(claude|sonnet|opus|haiku)/i.test(model) ? rows.find((r) => r.provider === 'claude')?.tier : undefined)
  );
}
