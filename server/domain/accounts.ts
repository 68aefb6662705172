import { z } from 'zod';

const model = z.string().min(1).max(120);

/** A model service outside the hosts: what an entry of providers.yaml says. */
export const accountSchema = z.strictObject({
  /** The protocol it speaks. */
  kind: z.enum(['openai', 'anthropic']),
  base_url: z
    .url({ protocol: /^https?$/, error: 'must be an address such as https://api.openai.com/v1' })
    .max(200),
  /** The name of the variable that holds its key, never the key; null where none is asked for. */
  key_env: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{1,79}$/, 'names a variable of the environment; a key never stands here')
    .nullable()
    .default(null),
  /** It is meant to lie inside the network, and plain http is fine. */
  allow_private: z.boolean().default(false),
  /** Works without the internet: it stays in use when the factory is offline. */
  offline: z.boolean().default(false),
  requests_per_minute: z.number().int().min(1).max(1_000_000).default(60),
  tokens_per_minute: z.number().int().min(1).max(1_000_000_000).default(200_000),
  /** Tokens of context its models hold. */
  context: z.number().int().min(1_024).max(100_000_000).default(128_000),
  /** How an answer is held to a schema: by the server, as any JSON, or by words in the prompt alone. */
  structured: z.enum(['schema', 'object', 'prompt']).default('schema'),
  /** Names of tiers.yaml -> names the provider knows. */
  models: z.record(model, model).default({}),
});
export type Account = z.infer<typeof accountSchema>;
