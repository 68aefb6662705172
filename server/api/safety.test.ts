import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCatalogue } from '#server/catalogue/data.ts';
import type { Role } from '#server/domain/permissions.ts';
import { railSchema } from '#server/domain/safety.ts';
import { timing } from '#server/domain/timing.ts';
import { testDatabase } from '#test/database.ts';
import { testFactory } from '#test/factory.ts';
import { appRouter } from './root.ts';
import type { Services } from './services.ts';
import { createCallerFactory } from './trpc.ts';

const { db } = await testDatabase();
const f = await testFactory(db);
const s = {
  ...{ db, queue: f.publisher, timing: timing(0.1), env: {} },
  catalogue: () => readCatalogue(path.resolve('companies')),
} as unknown as Services;
const as = (role: Role) =>
  createCallerFactory(appRouter)({
    viewer: { id: role, name: role, role, scopes: null, sessionId: null },
    s,
  });
const ceo = as('ceo');
const rail = railSchema.parse({
  name: 'newsletter',
  reason: 'What we send is mine.',
  words: ['newsletter*'],
});

const create = (title: string, project: string | null = null) =>
  ceo.tasks.create({
    ...{ idempotencyKey: randomUUID(), project, pipelineTitle: null },
    tasks: [{ title }],
  } as never);
const statusOf = async (id: number) =>
  (await db.pool.query<{ status: string }>('SELECT status FROM task WHERE id = $1', [id])).rows[0]?.status;

let before: number;
beforeAll(async () => {
  before = (await create('Write the newsletter of May')).taskIds[0] as number;
  await create('Rename a variable');
});

describe('a rail', () => {
  it('tells before it is saved what it would hold, and writes nothing', async () => {
    const effect = await as('operator').safety.preview({ rail, id: null });
    expect(effect).toMatchObject({
      tasks: 2,
      holds: 1,
      freed: [],
      held: [{ id: before, pattern: 'newsletter' }],
    });
    expect((await ceo.safety.get()).rails).toEqual([]);
  });

  it('holds what comes after it, says why, and only the owner frees it', async () => {
    await ceo.safety.save({ rail, change: null });
    const id = (await create('Send our newsletters')).taskIds[0] as number;
    expect(await statusOf(id)).toBe('NEEDS_HUMAN');
    const { rows } = await db.pool.query<{ id: number; why: string }>(
      'SELECT id, why FROM escalation WHERE task_id = $1',
      [id],
    );
    const asked = rows[0] as { id: number; why: string };
    expect(asked.why).toContain('What we send is mine.');
    const { digest } = await ceo.queue.get({ id: asked.id });
    const answer = { id: asked.id, answer: 'approve' as const, note: '', digest };
    await expect(as('operator').queue.decide(answer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(ceo.queue.decide(answer)).resolves.toBeDefined();
    await expect(as('operator').queue.undo({ id: asked.id })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await ceo.safety.try({ text: 'Draft a newsletter' })).toMatchObject({ pattern: 'newsletter' });
  });

  it('is changed from the version that was read, and told in the audit trail', async () => {
    const [saved] = (await ceo.safety.get()).rails;
    if (!saved) throw new Error('no rail');
    const change = { id: saved.id, version: saved.version };
    const wider = { ...rail, words: ['newsletter*', 'press release*'] };
    await ceo.safety.save({ rail: wider, change });
    await expect(ceo.safety.save({ rail, change })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(ceo.safety.save({ rail, change: null })).rejects.toMatchObject({ code: 'CONFLICT' });
    const { rows } = await db.pool.query(`SELECT type FROM event WHERE entity = 'rule' ORDER BY seq`);
    expect(rows.map((r) => r.type)).toEqual(['rail.create', 'rail.change']);
    const freed = await ceo.safety.preview({ rail: null, id: saved.id });
    expect(freed.freed.map((t) => t.title)).toContain('Send our newsletters');
  });

  it('of a project holds a task when the project is chosen', async () => {
    await db.pool.query(
      `INSERT INTO project(id, name, default_branch) VALUES ('bank', 'Bank', 'main') ON CONFLICT DO NOTHING`,
    );
    await ceo.safety.save({
      rail: { ...rail, name: 'bank things', words: ['limit*'], projectId: 'bank' },
      change: null,
    });
    const id = (await create('Raise the limits')).taskIds[0] as number;
    expect(await statusOf(id)).toBe('OPEN');
    await ceo.tasks.setProject({ id, project: 'bank' });
    expect(await statusOf(id)).toBe('NEEDS_HUMAN');
  });
});

describe('a pattern of the file', () => {
  it('can be left out of one project, and counts everywhere else', async () => {
    const text = 'Transfer 5000 EUR to the supplier';
    await ceo.safety.setPattern({
      pattern: 'money-movement',
      projectId: 'bank',
      on: false,
      reason: 'A simulator.',
    });
    expect(await ceo.safety.try({ text, projectId: 'bank' })).toBeNull();
    expect(await ceo.safety.try({ text })).toMatchObject({ pattern: 'money-movement' });
    await expect(
      ceo.safety.setPattern({ pattern: 'nothing', projectId: '', on: false, reason: '' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

it('nobody but the owner changes what holds', async () => {
  await expect(as('operator').safety.save({ rail, change: null })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  await expect(
    as('operator').safety.setCapability({ capability: 'pay', projectId: '', mode: 'allow' }),
  ).rejects.toMatchObject({ code: 'FORBIDDEN' });
});
