import { expect, test } from 'vitest';
import { setBudget } from '#server/budget/commands.ts';
import { recordOutside } from '#server/budget/outside.ts';
import { readSpend } from '#server/budget/spend.ts';
import { readCatalogue } from '#server/catalogue/data.ts';
import { pricesSchema } from '#server/domain/prices.ts';
import { NO_USAGE, type Provider } from '#server/models/provider.ts';
import { classify } from '#server/routing/model.ts';
import { testDatabase } from '#test/database.ts';
import { ceo } from '#test/factory.ts';
import { puppet } from '#test/puppet.ts';
import { paidOutside } from './paid-outside.ts';

const { db } = await testDatabase();
/** A euro for each second of a local model, and one for a thousand tokens of a cloud's output. */
const prices = pricesSchema.parse({
  usd_in_eur: 1,
  local: { default: 999 },
  models: [{ providers: ['anthropic'], model: '*', in: 0, out: 1_000 }],
});
const opinion =
  '{"complexity":3,"domain":"data","type":"feature","confidence":0.9,"reason":"It asks for numbers."}';
let asked = 0;
const local: Provider = {
  ...puppet([]),
  id: 'ollama',
  chat: async () => {
    asked++;
    return {
      ...NO_USAGE,
      text: opinion,
      toolCalls: [],
      tokensIn: 90,
      tokensOut: 30,
      ms: 2_000,
      stop: 'stop',
      scripted: false,
    };
  },
};
const classifier = () => ({
  provider: paidOutside(local, { db, prices, host: 'forge', purpose: 'classifier' }),
  model: 'qwen3:8b',
  deadlineMs: 3_000,
});
const task = { title: 'Show the numbers', description: '', tags: [] };

test('what no task made is paid for, shown as such, and one sum with what the budgets say', async () => {
  expect((await classify(readCatalogue(), task, classifier())).classifier).toBe('qwen3:8b');
  const trial = {
    ...NO_USAGE,
    provider: 'anthropic',
    model: 'claude',
    host: 'forge',
    tokensOut: 500,
    ms: 10,
  };
  expect(await recordOutside(db, prices, { ...trial, purpose: 'trial', ok: true, scripted: false })).toBe(
    0.5,
  );
  await recordOutside(db, prices, { ...trial, purpose: 'trial', ok: true, scripted: true });

  const view = await readSpend(db, { days: 7 }, false);
  const { rows } = await db.pool.query(`SELECT spent_eur::float8 spent FROM budget_use WHERE scope = 'day'`);
  expect(view.total).toMatchObject({
    eur: rows[0]?.spent,
    calls: 3,
    scripted: 1,
    gpuSeconds: 2,
    tokensOut: 1_030,
  });
  expect(view.total.eur).toBeCloseTo(1.055);
  expect(view.month.spent).toBeCloseTo(1.055);
  expect(view.days.at(-1)).toMatchObject({ eur: view.total.eur, tiers: { outside: view.total.eur } });
  for (const by of ['company', 'tier', 'project', 'stage'] as const)
    expect(view.groups[by]).toMatchObject([{ key: 'outside', name: 'Outside of tasks', calls: 3, tasks: 0 }]);
  expect(view.groups.model?.map((g) => g.name)).toEqual(['qwen3:8b (ollama)', 'claude (anthropic)']);
  expect(view.dearest).toEqual([]);
});

test('the classifier is not asked where the day has no money for it; the rules decide and say so', async () => {
  await setBudget(db, { scope: 'day', key: '', limit: 1.06 }, ceo);
  const before = asked;
  const found = await classify(readCatalogue(), task, classifier());
  expect(asked).toBe(before);
  expect(found.classifier).toBe('keywords');
  expect(found.reasons.join(' ')).toMatch(/qwen3:8b was not asked: .+/);
});
