import { expect, it } from 'vitest';
import { chainPlanSchema } from '#server/domain/plan.ts';
import { timing } from '#server/domain/timing.ts';
import { transaction } from '#server/platform/db.ts';
import { testDatabase } from '#test/database.ts';
import { plan, route, testFactory, work } from '#test/factory.ts';
import { placeAnew } from './place.ts';
import { sweep } from './sweep.ts';

const { db } = await testDatabase();

it('gives work that found no model the ones that came later, in all its stages, and it starts', async () => {
  const factory = await testFactory(db);
  const none = route({ choices: [] });
  const without = plan();
  for (const s of without.stages) s.route = none;
  const { taskIds } = await factory.create([work('Early', { route: none, plan: without })]);
  const id = taskIds[0] as number;
  expect((await factory.task(id)).status).toBe('OPEN');
  expect(await transaction(db, (q) => placeAnew(q, () => null))).toBe(0);

  expect(await transaction(db, (q) => placeAnew(q, () => route()))).toBe(1);
  expect(await transaction(db, (q) => placeAnew(q, () => route()))).toBe(0);
  await sweep(db, { publish: async () => {} } as never, timing(0.1));
  expect((await factory.task(id)).status).toBe('QUEUED');
  const { rows } = await db.pool.query(
    'SELECT c.plan FROM chain c JOIN task t ON t.chain_id = c.id WHERE t.id = $1',
    [id],
  );
  expect(chainPlanSchema.parse(rows[0].plan).stages.every((s) => s.route.choices.length > 0)).toBe(true);
});
