import { modelKey } from '#server/domain/host.ts';
import { fitsBeside } from '#server/domain/schedule.ts';
import type { Timing } from '#server/domain/timing.ts';
import { readHostsNow } from '#server/engine/pick.ts';
import type { Provider } from '#server/models/provider.ts';
import { dueModels } from '#server/models/resilience/data.ts';
import { resilient } from '#server/models/resilience/resilient.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { every } from '../conductor/every.ts';

/** What a model is asked to show that it answers again; a handful of tokens of a local model cost nothing worth counting. */
const QUESTION = 'Answer with the one word: yes';
const ANSWER_TOKENS = 16;

interface Context {
  db: Db;
  host: string;
  /** One of the host's own servers, where it is now. */
  server: (kind: 'ollama' | 'llama-server') => Provider | null;
  timing: Timing;
  log: Logger;
  /** The models that are being probed: they need their memory as well as those that run. */
  probing: Set<string>;
}

/**
 * Asks the host's own models that stand behind an open breaker whether they answer again, when their pause is over: the work that waits
 * for them has to burn no attempt to find out. A model that would not fit beside what runs is left to the work that loads it.
 */
export async function probeModels(c: Context, signal: AbortSignal): Promise<void> {
  const due = await dueModels(c.db.pool, c.host);
  if (due.length === 0) return;
  const here = (await readHostsNow(c.db.pool, c.timing.workerSeen)).find((h) => h.state.name === c.host);
  if (!here?.live) return;
  await Promise.all(
    due.map(async ({ model, server: kind }) => {
      const server = kind && c.server(kind);
      const key = modelKey(model);
      const beside = { ...here.state, running: [...here.state.running, ...c.probing] };
      if (!server || c.probing.has(key) || !fitsBeside(beside, key)) return;
      c.probing.add(key);
      const asked = resilient(server, { db: c.db, host: c.host, timing: c.timing, service: null });
      const answered = await asked
        .chat({
          model,
          messages: [{ role: 'user', content: QUESTION }],
          tools: [],
          maxTokens: ANSWER_TOKENS,
          idleMs: c.timing.firstToken,
          totalMs: c.timing.firstToken,
          signal,
        })
        .then(() => true)
        .catch(() => false)
        .finally(() => c.probing.delete(key));
      c.log.info({ model, answered }, 'probed a model');
    }),
  );
}

/** Looks again and again; a probe that takes minutes holds up no other. */
export function watchBreakers(o: Omit<Context, 'probing'>): { stop(): void } {
  const c = { ...o, probing: new Set<string>() };
  const leaving = new AbortController();
  const loop = every(
    // As often as work is looked for: what a model is doubted for is asked soon.
    c.timing.look,
    async () => {
      // Not awaited: whoever probes has written so in the row, and is not asked twice.
      probeModels(c, leaving.signal).catch((err) => c.log.warn({ err }, 'probing a model failed'));
    },
    () => {},
  );
  return {
    stop() {
      loop.stop();
      leaving.abort();
    },
  };
}
