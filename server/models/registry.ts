import type { HttpProvider } from '#server/domain/providers.ts';
import { createOllama } from './ollama.ts';
import type { Provider } from './provider.ts';

/** Every provider that is reached over HTTP. A new one is one file and one line here. */
export const providers = {
  ollama: createOllama,
} as const satisfies Partial<Record<HttpProvider, (url: string) => Provider>>;

const open = new Map<string, Provider>();

/** One provider per (kind, url) and process: what it learned of its models is kept. */
export function providerAt(kind: keyof typeof providers, url: string): Provider {
  const key = `${kind} ${url}`;
  const known = open.get(key);
  if (known) return known;
  const made = providers[kind](url);
  open.set(key, made);
  return made;
}
