import { type ProviderKind, providerKinds } from './providers.ts';

/**
 * Execution pipelines: the ways a step can be asked for. A tier lists them in order; the next one is the fallback of the
 * one before it.
 */

/** `loop` has tools; `advisory` answers in text that the harness applies; `process` is an agent of its own; `human` waits. */
export type RunnerKind = 'loop' | 'advisory' | 'process' | 'human';

interface PipelineFacts {
  provider: ProviderKind;
  runner: RunnerKind;
  /** For people. */
  about: string;
}

const definitions = {
  'ollama-tool': { provider: 'ollama', runner: 'loop', about: 'Ollama with tools' },
  'ollama-simple': { provider: 'ollama', runner: 'advisory', about: 'Ollama, text only' },
  'llama-tool': { provider: 'llama-server', runner: 'loop', about: 'llama-server with tools' },
  'llama-server': { provider: 'llama-server', runner: 'advisory', about: 'llama-server, text only' },
  'openai-tool': { provider: 'openai', runner: 'loop', about: 'an OpenAI-compatible server with tools' },
  'openai-simple': {
    provider: 'openai',
    runner: 'advisory',
    about: 'an OpenAI-compatible server, text only',
  },
  'claude-api': { provider: 'anthropic', runner: 'loop', about: 'the Anthropic API with tools' },
  'claude-cli': { provider: 'claude-code', runner: 'process', about: 'Claude Code' },
  'codex-cli': { provider: 'codex', runner: 'process', about: 'Codex' },
  'gemini-cli': { provider: 'gemini', runner: 'process', about: 'Gemini CLI' },
  'copilot-cli': { provider: 'copilot', runner: 'process', about: 'GitHub Copilot CLI' },
  'human-queue': { provider: 'human', runner: 'human', about: 'a human' },
} as const satisfies Record<string, PipelineFacts>;

export type PipelineName = keyof typeof definitions;
export const pipelines: Record<PipelineName, PipelineFacts> = definitions;
export const pipelineNames = Object.keys(definitions) as [PipelineName, ...PipelineName[]];

const byProvider = Object.fromEntries(
  providerKinds.map((kind) => [kind, pipelineNames.filter((name) => pipelines[name].provider === kind)]),
) as Record<ProviderKind, PipelineName[]>;

/** Every way to ask this provider, the one with tools first. */
export const pipelinesOf = (provider: ProviderKind): readonly PipelineName[] => byProvider[provider];

/** The pipelines of a route's choice; rows from before choices had some get those of their provider. */
export function choicePipelines(choice: {
  provider: string;
  pipelines?: readonly PipelineName[] | undefined;
}): PipelineName[] {
  if (choice.pipelines?.length) return [...choice.pipelines];
  const kind = providerKinds.find((k) => k === choice.provider);
  return kind ? [...pipelinesOf(kind)] : [];
}
