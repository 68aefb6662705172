import { expect, it } from 'vitest';
import { appendEvents } from '#server/engine/event.ts';
import { testDatabase } from '#test/database.ts';
import { exportInput, exportTrail } from './audit-export.ts';

const { db } = await testDatabase();

it('exports the filtered trail as lines, and as cells that no spreadsheet runs', async () => {
  const actor = { kind: 'human', name: '=cmd()' } as const;
  const said = {
    type: 'test.a',
    entity: 'setting',
    id: 'x',
    ver: 1,
    actor,
    reason: 'He said "no",\nthen left',
  };
  await appendEvents(db.pool, [said, { ...said, actor: { kind: 'engine', name: 'engine' } }]);
  const text = async (query: string) => {
    const { filter, format } = exportInput(new URLSearchParams(query));
    let all = '';
    for await (const part of exportTrail(db, filter, format)) all += part;
    return all;
  };
  expect(await text('format=csv')).toContain(`human,'=cmd(),test.a,setting,x,,,"He said ""no"",\nthen left"`);
  expect((await text('format=jsonl')).trim().split('\n')).toHaveLength(1);
  expect((await text('people=false')).trim().split('\n')).toHaveLength(2);
  expect(() => exportInput(new URLSearchParams('format=exe'))).toThrow();
  expect(() => exportInput(new URLSearchParams('from=yesterday'))).toThrow();
  expect(() => exportInput(new URLSearchParams('taskId=1;drop'))).toThrow();
});
