import type { Account } from '#server/domain/accounts.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import { modelAt, wayTo } from './account.ts';
import { called, chatCompletion, embeddings, type OpenAiServer } from './openai-chat.ts';
import type { Provider } from './provider.ts';

/** OpenAI, or any service that speaks its protocol: LocalAI, DeepSeek, a gateway. */
export function createOpenAi(account: Account, key: string): Provider {
  const server: OpenAiServer = {
    baseUrl: account.base_url.replace(/\/$/, ''),
    key,
    keyEnv: account.key_env,
    via: wayTo(account),
    structured: account.structured,
    nameOf: (model) => modelAt(account, model),
  };
  return {
    id: 'openai',
    url: server.baseUrl,
    contextOf: async () => account.context,
    chat: (r) => chatCompletion(server, r),
    embed: (r) => embeddings(server, r),

    async probe(outer) {
      const signal = outer ?? new AbortController().signal;
      try {
        const ms = 10_000;
        return await called(
          server,
          { model: '', signal, idleMs: ms, totalMs: ms },
          () => '',
          async (openai, scripted) => {
            const listed = (await openai.models.list({ signal })).data;
            const models = listed.map((m) => ({
              name: m.id,
              bytes: 0,
              family: m.owned_by,
              tools: true,
              embedding: false,
              contextLength: account.context,
              scripted: scripted(),
            }));
            return { reachable: true, version: null, models, scripted: scripted(), problem: null };
          },
        );
      } catch (e) {
        return unreachable(e);
      }
    },
  };
}

/** What a probe says of a server that it could not ask. */
export function unreachable(e: unknown): Awaited<ReturnType<Provider['probe']>> {
  const problem = isAlaiError(e) ? { code: e.code, message: e.message, hint: e.hint } : null;
  return { reachable: false, version: null, models: [], scripted: false, problem };
}
