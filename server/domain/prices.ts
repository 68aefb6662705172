import { z } from 'zod';
import { AlaiError } from './errors.ts';
import { isLocalProvider } from './providers.ts';

/** companies/_shared/prices.yaml, and what a call costs by it. Pure. */

const perMillion = z.number().min(0).max(10_000);
const priceRow = z.strictObject({
  providers: z.array(z.string().min(1).max(40)).min(1),
  /** A model's name; `*` stands for anything. */
  model: z.string().min(1).max(120),
  currency: z.enum(['eur', 'usd']).default('eur'),
  in: perMillion,
  out: perMillion,
  /** Where a provider has no cache its price is that of input. */
  cache_read: perMillion.optional(),
  cache_write: perMillion.optional(),
});

const perHour = z.number().min(0).max(1_000);
export const pricesSchema = z.strictObject({
  $schema: z.string().max(200).optional(),
  usd_in_eur: z.number().positive().max(10),
  count_scripted: z.boolean().default(false),
  local: z.strictObject({
    default: perHour,
    hosts: z
      .record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a host is named in lower case'), perHour)
      .default({}),
  }),
  models: z.array(priceRow).max(500),
});
export type Prices = z.infer<typeof pricesSchema>;

export interface Usage {
  tokensIn: number;
  tokensOut: number;
  tokensCacheRead: number;
  tokensCacheWrite: number;
  /** How long the model worked, in milliseconds: what a local one is paid by. */
  ms: number;
}

export interface Where {
  provider: string;
  model: string;
  host: string;
}

const matcher = (pattern: string) =>
  new RegExp(
    `^${pattern
      .toLowerCase()
      .split('*')
      .map((s) => s.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );

/** The row of a model, or null where nobody wrote one. Local models have none: they are paid by the hour. */
export function priceRowOf(
  prices: Prices,
  w: Pick<Where, 'provider' | 'model'>,
): z.infer<typeof priceRow> | null {
  return (
    prices.models.find(
      (p) => p.providers.includes(w.provider) && matcher(p.model).test(w.model.toLowerCase()),
    ) ?? null
  );
}

/** Euro. Throws PRICE_MISSING for what is neither local nor in the table: unknown is not free. */
export function costOf(prices: Prices, w: Where, u: Usage): { eur: number; gpuMs: number } {
  if (isLocalProvider(w.provider)) {
    const rate = prices.local.hosts[w.host] ?? prices.local.default;
    return { eur: round((u.ms / 3_600_000) * rate), gpuMs: Math.round(u.ms) };
  }
  const row = priceRowOf(prices, w);
  if (!row)
    throw new AlaiError(
      'PRICE_MISSING',
      `${w.model} (${w.provider}) has no price in companies/_shared/prices.yaml.`,
      'Add its price there; 0 says that it is free. Without one no budget can hold it.',
      { provider: w.provider, model: w.model },
    );
  const rate = (row.currency === 'usd' ? prices.usd_in_eur : 1) / 1_000_000;
  const eur =
    u.tokensIn * row.in +
    u.tokensOut * row.out +
    u.tokensCacheRead * (row.cache_read ?? row.in) +
    u.tokensCacheWrite * (row.cache_write ?? row.in);
  return { eur: round(eur * rate), gpuMs: 0 };
}

/** To a millionth of a euro, upwards: what the columns hold, and never less than it was. */
const round = (eur: number): number => Math.ceil(eur * 1_000_000 - 1e-6) / 1_000_000;

/** The most that one call can cost: all its input uncached, all its output used, all its time taken. */
export function worstCase(
  prices: Prices,
  w: Where,
  c: { tokensIn: number; maxTokens: number; totalMs: number },
): number {
  const dearest = priceRowOf(prices, w);
  // Writing the cache costs more than input where there is one.
  const write = dearest?.cache_write !== undefined && dearest.cache_write > dearest.in;
  return costOf(prices, w, {
    tokensIn: write ? 0 : c.tokensIn,
    tokensCacheWrite: write ? c.tokensIn : 0,
    tokensCacheRead: 0,
    tokensOut: c.maxTokens,
    ms: c.totalMs,
  }).eur;
}
