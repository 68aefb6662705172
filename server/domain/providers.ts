/** Who answers a model call. `openai` is every server that speaks that protocol; the CLI agents run as processes. */
export const providerKinds = [
  'ollama',
  'llama-server',
  'openai',
  'anthropic',
  'claude-code',
  'codex',
  'gemini',
  'copilot',
  'human',
] as const;
export type ProviderKind = (typeof providerKinds)[number];

/** Reached over HTTP, with the model port of server/models. */
export type HttpProvider = 'ollama' | 'llama-server' | 'openai' | 'anthropic';

/** Run as a process in the sandbox of an attempt. */
export const cliProviders = ['claude-code', 'codex', 'gemini', 'copilot'] as const;
export type CliProvider = (typeof cliProviders)[number];

/** Everything but the human. */
export type ModelProvider = HttpProvider | CliProvider;

export const isCliProvider = (kind: string): kind is CliProvider =>
  (cliProviders as readonly string[]).includes(kind);

/** Their models lie on the host itself: they answer without a network. */
export const localProviders: readonly string[] = ['ollama', 'llama-server'];
export const isLocalProvider = (kind: string): boolean => localProviders.includes(kind);

/**
 * What a failed call means: `transient` may succeed later unchanged, `permanent` never will, `refused` is the model's or
 * the provider's no to this request, `over-budget` the end of what its account may spend.
 */
export type ModelErrorKind = 'transient' | 'permanent' | 'refused' | 'over-budget';
