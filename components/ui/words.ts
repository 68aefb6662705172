import type { Look } from '#server/domain/views/status.ts';

// Ids are lower case; these are how the companies write themselves. An unknown one is shown capitalised.
const companies: Record<string, string> = {
  codecraft: 'CodeCraft',
  flowforge: 'FlowForge',
  helixsupport: 'HelixSupport',
  agentforge: 'AgentForge',
};

export function companyName(id: string | null): string | null {
  if (!id) return null;
  return companies[id.toLowerCase()] ?? id.charAt(0).toUpperCase() + id.slice(1);
}

export const tierName = (tier: number | null): string | null =>
  tier === null ? null : tier === 5 ? 'Human' : `T${tier}`;
export const hostName = (host: string | null): string | null => host?.toUpperCase() ?? null;

/** "CodeCraft · T3 · FORGE": who does it, how strong, where. Unknown parts are left out. */
export function place(of: { company: string | null; tier: number | null; host: string | null }): string {
  return [companyName(of.company), tierName(of.tier), hostName(of.host)].filter(Boolean).join(' · ');
}

/** Reasons as sentences, each with its full stop. */
export function sentences(reasons: string[]): string {
  return reasons.map((r) => (/[.!?…]$/.test(r) ? r : `${r}.`)).join(' ');
}

/** A title without the name of the project that all its neighbours share ("bento-2" is the second bento). */
export function withoutProject(title: string, project: string | null): string {
  const name = project?.replace(/-\d+$/, '').toLowerCase();
  if (!name || !title.toLowerCase().startsWith(`${name}: `)) return title;
  const rest = title.slice(name.length + 2);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** What a gate found, readable without knowing the gate: "271 characters" alone says nothing. */
export function gateSentence(gate: { gate: string; detail: string }): string {
  if (gate.gate === 'min_output') return `The report has ${gate.detail}`;
  return gate.detail || gate.gate;
}

/** How a look reads where it has no word of its own: in the dots of a chain. */
export const lookWords: Record<Look, string> = {
  queued: 'planned',
  running: 'running',
  yours: 'waits for you',
  done: 'done',
  failed: 'rejected',
  cancelled: 'cancelled',
  stale: 'silent',
  none: 'not planned',
};
