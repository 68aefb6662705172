import { describe, expect, it } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import { costOf, priceRowOf, pricesSchema, worstCase } from '#server/domain/prices.ts';
import { isLocalProvider } from '#server/domain/providers.ts';
import { forecastAttempt, forecastMonth, limitOf, mayReserve, placesOf } from './policy.ts';

const prices = pricesSchema.parse({
  usd_in_eur: 0.5,
  local: { default: 1, hosts: { forge: 3.6 } },
  models: [
    {
      providers: ['anthropic'],
      model: '*sonnet*',
      currency: 'usd',
      in: 3,
      out: 15,
      cache_read: 0.3,
      cache_write: 3.75,
    },
    { providers: ['openai'], model: 'gpt-5', in: 1, out: 10 },
  ],
});
const none = { tokensIn: 0, tokensOut: 0, tokensCacheRead: 0, tokensCacheWrite: 0, ms: 0 };
const sonnet = { provider: 'anthropic', model: 'claude-sonnet-4-5', host: 'anvil' };

describe('what a call costs', () => {
  it('counts input, output, and both sides of the cache by their own prices, in euro', () => {
    const used = {
      ...none,
      tokensIn: 1_000_000,
      tokensOut: 100_000,
      tokensCacheRead: 1_000_000,
      tokensCacheWrite: 1_000_000,
    };
    expect(costOf(prices, sonnet, used).eur).toBeCloseTo((3 + 1.5 + 0.3 + 3.75) * 0.5, 6);
  });

  it('pays a local model by the hour of its host, and keeps the time', () => {
    const call = { ...none, tokensOut: 9_000, ms: 1_000 };
    expect(costOf(prices, { provider: 'ollama', model: 'qwen3:8b', host: 'forge' }, call)).toEqual({
      eur: 0.001,
      gpuMs: 1_000,
    });
    expect(
      costOf(prices, { provider: 'ollama', model: 'qwen3:8b', host: 'elsewhere' }, { ...call, ms: 3_600_000 })
        .eur,
    ).toBe(1);
  });

  it('refuses what has no price instead of taking it for free', () => {
    expect(() => costOf(prices, { ...sonnet, model: 'claude-unheard-of' }, none)).toThrow('has no price');
  });

  it('never costs more than its worst case, whatever part of its input is cached', () => {
    for (const where of [
      sonnet,
      { provider: 'openai', model: 'gpt-5', host: 'anvil' },
      { provider: 'ollama', model: 'x', host: 'forge' },
    ]) {
      const most = worstCase(prices, where, { tokensIn: 9_000, maxTokens: 4_000, totalMs: 60_000 });
      for (const cached of [0, 3_000, 9_000])
        for (const key of ['tokensCacheRead', 'tokensCacheWrite'] as const) {
          const call = { ...none, tokensIn: 9_000 - cached, [key]: cached, tokensOut: 4_000, ms: 60_000 };
          expect(costOf(prices, where, call).eur).toBeLessThanOrEqual(most);
        }
    }
  });

  it('has a price for every model that the shipped tiers name', () => {
    const { tiers, prices: shipped } = readCatalogue();
    const rows = Object.values(tiers.presets).flatMap((preset) => preset.tiers);
    const free = rows.filter((row) => {
      const provider = String(row.provider);
      const named = provider === 'claude-code' ? 'anthropic' : provider;
      return (
        named !== 'human' &&
        !isLocalProvider(named) &&
        !priceRowOf(shipped, { provider: named, model: row.model })
      );
    });
    expect(free).toEqual([]);
  });
});

describe('whether it may be spent', () => {
  const use = (over: object) =>
    ({ scope: 'day', key: '', period: '2026-11-21', limit: 10, spent: 0, reserved: 0, ...over }) as const;

  it('takes the own budget, then the general one, then the stated default, and never none', () => {
    expect(
      limitOf(
        'company',
        'CodeCraft',
        new Map([
          ['company:CodeCraft', 5],
          ['company:', 7],
        ]),
        1,
      ),
    ).toBe(6);
    expect(limitOf('company', 'Vizu', new Map([['company:', 7]]), 0)).toBe(7);
    expect(limitOf('company', 'Vizu', new Map(), 0)).toBe(60);
    expect(limitOf('day', '', new Map([['day:', 0]]), 0)).toBe(0);
  });

  it('lets it wait for what is promised to running work, and asks where waiting helps nothing', () => {
    expect(mayReserve([use({ reserved: 9.5 })], 0.5).allowed).toBe(true);
    expect(mayReserve([use({ reserved: 9.5 })], 0.6)).toMatchObject({ allowed: false, ask: false });
    expect(mayReserve([use({ spent: 9.5 })], 0.6)).toMatchObject({
      allowed: false,
      ask: true,
      narrow: false,
    });
  });

  it('names the budget of the work itself before one that holds everybody', () => {
    const task = use({ scope: 'task', key: '7', limit: 1, spent: 1 });
    expect(mayReserve([use({ spent: 10 }), task], 0.1)).toMatchObject({
      use: { scope: 'task' },
      narrow: true,
      ask: true,
    });
  });

  it('a budget of nothing allows what costs nothing, and nothing else', () => {
    expect(mayReserve([use({ limit: 0 })], 0).allowed).toBe(true);
    expect(mayReserve([use({ limit: 0 })], 0.000001).allowed).toBe(false);
  });

  it('pays from every budget it belongs to, the day first', () => {
    const places = placesOf({ taskId: 7, pipelineId: 3, company: 'Vizu', project: 'p1' }, '2026-11-21');
    expect(places.map((p) => `${p.scope} ${p.key} ${p.period}`)).toEqual([
      'day  2026-11-21',
      'month  2026-11-01',
      'project p1 2026-11-01',
      'company Vizu 2026-11-01',
      'pipeline 3 0001-01-01',
      'task 7 0001-01-01',
    ]);
  });
});

describe('what it will cost', () => {
  const limits = { tokens: 200_000, seconds: 900 };

  it('is the median of such work where there is enough of it, else a guess that says so', () => {
    expect(forecastAttempt(prices, sonnet, limits, { n: 12, eur: 0.4, ms: 60_000 })).toEqual({
      eur: 0.4,
      ms: 60_000,
      from: 12,
    });
    const guess = forecastAttempt(prices, sonnet, limits, { n: 2, eur: 0.4, ms: 60_000 });
    expect(guess).toMatchObject({ ms: null, from: 0 });
    expect(guess.eur).toBeCloseTo(20_000 * (0.75 * 3 + 0.25 * 15) * 0.5e-6, 9);
  });

  it('goes on to the end of the month as the last seven days went', () => {
    const said = forecastMonth({
      spent: 20,
      today: 1,
      daily: [2, 2, 2, 2, 2, 2, 2, 50],
      day: 21,
      daysInMonth: 30,
    });
    expect(said).toEqual({ eur: 20 + 1 + 9 * 2, perDay: 2, from: 7 });
    expect(forecastMonth({ spent: 3, today: 3, daily: [], day: 1, daysInMonth: 30 }).eur).toBe(3 + 29 * 3);
  });
});
