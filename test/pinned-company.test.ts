import { expect, it } from 'vitest';
import { companyVersion, storeVersions } from '#server/catalogue/commands.ts';
import { readCatalogue } from '#server/catalogue/data.ts';
import { loadWork } from '#server/engine/claim.ts';
import { testDatabase } from './database.ts';
import { testFactory, work } from './factory.ts';

const { db } = await testDatabase();

it('an attempt is given the rules, roles and skills of its company as they were pinned', async () => {
  const catalogue = readCatalogue('companies');
  const company = companyVersion(catalogue, catalogue.company('CodeCraft'));
  const { blueprint } = catalogue.blueprint('minion-one-shot', 'CodeCraft');
  await storeVersions(db.pool, [
    { ...company, hash: 'c1' },
    { kind: 'blueprint', name: 'build', hash: 'b1', data: blueprint },
  ]);
  const f = await testFactory(db);
  const { taskIds } = await f.create([work('Build it')]);
  const a = await f.take(taskIds[0] as number);
  const w = await loadWork(db, a.attemptId, (id) => `/repositories/${id}.git`);
  expect(w.companyPolicy.roles.lead).toMatchObject({ writeLocked: true, source: 'agents/lead.yaml' });
  expect(w.companyPolicy.roles.builder.forbiddenPaths).toContain('.git/**');
  expect(w.companyPolicy.tools.reviewer.deny).toContain('write');
  expect(w.company.identity).toContain('CodeCraft');
  expect(w.company.roles.builder?.length).toBeGreaterThan(20);
  expect(w.company.skills.length).toBeGreaterThan(1);
  expect(w.mcp).toEqual([]);
});
