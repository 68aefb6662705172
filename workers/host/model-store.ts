import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { isLoopback } from '#server/platform/env.ts';

/** Where Ollama's installer for Linux lets its service keep them. */
const OF_THE_SERVICE = '/usr/share/ollama/.ollama/models';

/**
 * The folder in which the Ollama at this address keeps its models; null when it runs on another machine or the folder is nowhere
 * it usually is, because then nobody here can say how much room there is.
 */
export function modelStore(
  ollama: string,
  o: { set?: string | undefined; home?: string } = {},
): string | null {
  if (!isLoopback(new URL(ollama).hostname.replace(/^\[|\]$/g, ''))) return null;
  const usual = [path.join(o.home ?? homedir(), '.ollama/models'), OF_THE_SERVICE];
  return [...(o.set ? [o.set] : []), ...usual].find((folder) => existsSync(folder)) ?? null;
}
