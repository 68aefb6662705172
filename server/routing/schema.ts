import type { AgentCapability } from '#server/domain/agents.ts';

/** What routing is asked about. */
export interface TaskText {
  title: string;
  description: string;
  tags: string[];
}

/** What a task is, and how sure the classifier is of it. */
export interface Classification {
  company: string;
  domain: string;
  type: string;
  complexity: 1 | 2 | 3 | 4 | 5;
  /** 0 when nothing spoke for any company, near 1 when everything spoke for one. */
  confidence: number;
  /** In words a person reads, strongest first. */
  reasons: string[];
  classifier: string;
}

/** A host as it reported itself; null models = it has not reported yet. */
export interface HostState {
  name: string;
  models: string[] | null;
  /** What its llama-server has loaded; null while it does not say. */
  llama?: string[] | null;
  /** The CLI agents that can run on it. */
  agents?: string[] | null;
  /** What each of its models can be given; a model that is not there was not asked about yet. */
  can?: Record<string, readonly AgentCapability[]>;
  /** The rehearsal stands in for its models. */
  scripted?: boolean;
}

/** Work of a kind ("BUILD feature") that would begin on one tier begins on another, by a person's choice. */
export interface TierStart {
  kind: string;
  insteadOf: number;
  tier: number;
}

/** A service of providers.yaml, and why it cannot be used now; null when it can. */
export interface AccountState {
  kind: string;
  /** It works without the internet. */
  offline: boolean;
  why: string | null;
}
