import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createOllama } from '#server/models/ollama.ts';
import type { Provider } from '#server/models/provider.ts';
import { createRehearsal } from '#workers/rehearsal/server.ts';

/** A real rehearsal server on a free port, with no pauses. */
export async function startRehearsal(
  paceMs = 0,
  more: string[] = [],
): Promise<{ url: string; provider: Provider; stop(): Promise<void> }> {
  const server = createRehearsal({
    scenarios: join(import.meta.dirname, '../workers/rehearsal/scenarios'),
    paceMs,
    models: ['qwen3:8b', 'qwen2.5-coder:32b', 'deepseek-r1:8b', 'bge-m3:latest', ...more],
    dripMs: 60,
  });
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    provider: createOllama(url),
    async stop() {
      server.closeAllConnections();
      await new Promise((r) => server.close(r));
    },
  };
}
