import type { AgentView, TrialView } from '#server/domain/views/agents.ts';

/** One of the list, apart from one of the same name on another host. */
export const agentKey = (a: AgentView): string => `${a.provider} ${a.name} ${a.host ?? ''}`;

/** "qwen3:8b on FORGE, tier 1" */
export function agentLabel(a: AgentView): string {
  const version = a.version ? ` ${a.version}` : '';
  const where = a.host ? ` on ${a.host.toUpperCase()}` : '';
  const tiers = a.tiers.length > 0 ? `, tier ${a.tiers.join(' and ')}` : '';
  return `${a.name}${version}${where}${tiers}`;
}

/** "41 tokens in, 120 out, 2.3 s, €0.0004" */
export function trialText(t: TrialView): string {
  if (t.state === 'QUEUED') return `Waits for the worker of ${t.host.toUpperCase()}`;
  if (t.endedAt === null) return `${t.host.toUpperCase()} is asking`;
  const cost = t.eur === null ? 'no price is known' : `€${t.eur === 0 ? '0.00' : t.eur.toFixed(4)}`;
  return `${t.tokensIn} tokens in, ${t.tokensOut} out${t.estimated ? ' (estimated: it broke off)' : ''}, ${(t.ms / 1_000).toFixed(1)} s, ${cost}`;
}
