import type { ModelChoice } from '#server/domain/attempt.ts';
import { createOllama } from './ollama.ts';
import type { Provider } from './provider.ts';

/** Every provider a model choice may name. A new provider is one file and one line here. */
export const providers = {
  ollama: createOllama,
} as const satisfies Record<ModelChoice['provider'], (url: string) => Provider>;

const open = new Map<string, Provider>();

/** One provider per (kind, url) and process: what it learned of its models is kept. */
export function providerAt(kind: ModelChoice['provider'], url: string): Provider {
  const key = `${kind} ${url}`;
  const known = open.get(key);
  if (known) return known;
  const made = providers[kind](url);
  open.set(key, made);
  return made;
}
