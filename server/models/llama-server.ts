import { z } from 'zod';
import { failureOf } from './failure.ts';
import { guardedFetch } from './guard.ts';
import { unreachable } from './openai.ts';
import { chatCompletion, embeddings, type OpenAiServer } from './openai-chat.ts';
import { modelError, type Provider } from './provider.ts';

const FRESH_MS = 30_000;

const propsSchema = z.object({
  default_generation_settings: z.object({ n_ctx: z.number().catch(0) }).catch({ n_ctx: 0 }),
  model_alias: z.string().catch(''),
  model_path: z.string().catch(''),
  build_info: z.string().catch(''),
});
type Props = z.infer<typeof propsSchema>;

/** The llama-server at `url`: one model, the one it was started with, whatever name it is asked by. */
export function createLlamaServer(url: string): Provider {
  const base = url.replace(/\/$/, '');
  let known: { at: number; props: Props; scripted: boolean } | null = null;
  const server: OpenAiServer = {
    baseUrl: `${base}/v1`,
    key: 'none',
    structured: 'schema',
    nameOf: (model) => model,
  };

  async function props(signal: AbortSignal, model: string) {
    if (known && Date.now() - known.at < FRESH_MS) return known;
    const guard = guardedFetch({ signal, idleMs: 15_000, totalMs: 15_000 });
    try {
      const answer = await guard.fetch(`${base}/props`);
      if (!answer.ok)
        throw Object.assign(new Error(`/props answered ${answer.status}`), { status: answer.status });
      const scripted = answer.headers.has('x-rehearsal');
      known = { at: Date.now(), props: propsSchema.parse(await answer.json()), scripted };
      return known;
    } catch (e) {
      throw failureOf(e, { guard, url: base, model, signal });
    } finally {
      guard.close();
    }
  }

  /** It would answer with whatever it has loaded: that must be what was asked for. */
  async function requireLoaded(model: string, signal: AbortSignal): Promise<void> {
    const { props: p } = await props(signal, model);
    if (isLoaded(p, model)) return;
    known = null;
    throw modelError(
      'MODEL_WRONG',
      `${base} has ${nameOf(p)} loaded, not ${model}`,
      `Start it with that model (llama-server --alias ${model}), or correct tiers.yaml.`,
      'permanent',
    );
  }

  return {
    id: 'llama-server',
    url: base,

    async contextOf(model) {
      const { props: p } = await props(AbortSignal.timeout(15_000), model);
      return p.default_generation_settings.n_ctx || 8_192;
    },

    async chat(r) {
      await requireLoaded(r.model, r.signal);
      return await chatCompletion(server, r);
    },

    async embed(r) {
      await requireLoaded(r.model, r.signal);
      return await embeddings(server, r);
    },

    async probe(outer) {
      try {
        const { props: p, scripted } = await props(outer ?? new AbortController().signal, '');
        const model = {
          name: nameOf(p),
          bytes: 0,
          family: scripted ? 'scripted' : 'llama.cpp',
          tools: true,
          embedding: false,
          contextLength: p.default_generation_settings.n_ctx || null,
          scripted,
        };
        return { reachable: true, version: p.build_info || null, models: [model], scripted, problem: null };
      } catch (e) {
        return unreachable(e);
      }
    },
  };
}

const fileName = (p: Props) =>
  p.model_path
    .split(/[\\/]/)
    .at(-1)
    ?.replace(/\.gguf$/i, '') ?? '';
const nameOf = (p: Props) => p.model_alias || fileName(p) || 'an unnamed model';
const letters = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** By its alias where it has one; else its file must begin with the name, as quantisations and parts follow it there. */
function isLoaded(p: Props, model: string): boolean {
  const asked = letters(model.replace(/\+[\w-]+$/, ''));
  const file = fileName(p);
  const alias = p.model_alias && letters(p.model_alias) !== letters(file) ? p.model_alias : '';
  return alias && !/\.gguf$/i.test(alias) ? letters(alias) === asked : letters(file).startsWith(asked);
}
