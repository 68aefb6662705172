import { Ollama } from 'ollama';
import { failureOf } from './failure.ts';
import { guardedFetch } from './guard.ts';
import { type ModelAdmin, modelError } from './provider.ts';

const ASK_MS = 15_000;
/** A download may be slow, but not silent. */
const PULL_IDLE_MS = 120_000;
const PULL_TOTAL_MS = 24 * 60 * 60_000;

/** The models of an Ollama server: what is loaded, pulls, removals. `changed` hears of a model that is no longer as it was. */
export function ollamaAdmin(url: string, changed: (model: string) => void): ModelAdmin {
  async function withClient<T>(
    model: string,
    signal: AbortSignal,
    ms: { idleMs: number; totalMs: number },
    work: (client: Ollama) => Promise<T>,
  ): Promise<T> {
    const guard = guardedFetch({ signal, ...ms });
    try {
      return await work(new Ollama({ host: url, fetch: guard.fetch }));
    } catch (e) {
      throw failureOf(e, { guard, url, model, signal });
    } finally {
      guard.close();
    }
  }
  const ask = { idleMs: ASK_MS, totalMs: ASK_MS };
  const never = () => new AbortController().signal;

  return {
    loaded: (signal = never()) =>
      withClient('', signal, ask, async (client) => {
        const { models } = await client.ps();
        return models.map((m) => {
          const until = new Date(m.expires_at);
          return {
            model: m.name,
            bytes: m.size_vram || m.size || 0,
            until: Number.isNaN(until.getTime()) ? null : until,
          };
        });
      }),

    async pull(model, { signal, onProgress }) {
      await withClient(model, signal, { idleMs: PULL_IDLE_MS, totalMs: PULL_TOTAL_MS }, async (client) => {
        let done = false;
        try {
          for await (const p of await client.pull({ model, stream: true })) {
            done ||= p.status === 'success';
            onProgress?.({
              status: p.status,
              digest: p.digest || null,
              completed: p.completed ?? 0,
              total: p.total ?? 0,
            });
          }
        } catch (e) {
          // A failed pull is a 200 whose last line is an error.
          const said = e instanceof Error ? e.message : String(e);
          if (/manifest|not found|does not exist/i.test(said))
            throw modelError(
              'MODEL_MISSING',
              `No registry has the model ${model}: ${said}`,
              'Correct its name.',
              'permanent',
              { cause: e },
            );
          throw e;
        }
        changed(model);
        signal.throwIfAborted();
        if (!done)
          throw modelError(
            'MODEL_GARBAGE',
            `The pull of ${model} ended without success`,
            'Pull it again; what came is kept.',
            'transient',
          );
      });
    },

    remove: (model, signal = never()) =>
      withClient(model, signal, ask, async (client) => {
        await client.delete({ model });
        changed(model);
      }),
  };
}
