import { describe, expect, it } from 'vitest';
import { machines } from '#server/domain/status.ts';
import { testDatabase } from '#test/database.ts';
import { plan, testFactory, work } from '#test/factory.ts';
import { invariants } from './invariants.ts';

const { db } = await testDatabase();
const f = await testFactory(db, { slots: 20 });
const { taskIds } = await f.create([work('Scaffold'), work('Other')]);
const [taskId, otherId] = taskIds as [number, number];
const chain = await f.chainOf(taskId);

/** Runs statements and takes them back; answers the error's code, or null when all went through. */
async function tried(...statements: string[]): Promise<string | null> {
  const client = await db.pool.connect();
  try {
    await client.query('BEGIN');
    for (const s of statements) await client.query(s);
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    return null;
  } catch (e) {
    return (e as { code?: string }).code ?? String(e);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const CHECK = '23514';
const UNIQUE = '23505';

describe('the state machines in the database', () => {
  const rows = {
    task: { table: 'task', column: 'status', id: taskId },
    chain: { table: 'chain', column: 'state', id: chain.id },
    step: { table: 'step', column: 'state', id: 0 },
    attempt: { table: 'attempt', column: 'state', id: 0 },
    escalation: { table: 'escalation', column: 'state', id: 0 },
  };
  for (const machine of Object.keys(machines) as (keyof typeof machines)[]) {
    it(`${machine}: the trigger allows exactly the moves that the domain names`, async () => {
      const { rows: guards } = await db.pool.query<{ sql: string }>(
        `SELECT pg_get_triggerdef(oid) sql FROM pg_trigger WHERE tgrelid = $1::regclass AND tgname = 'guard_move'`,
        [rows[machine].table],
      );
      const inTrigger = [...(guards[0]?.sql ?? '').matchAll(/'([A-Z_]+>[A-Z_]+)'/g)]
        .map((m) => String(m[1]))
        .toSorted((a, b) => a.localeCompare(b));
      const inDomain = Object.entries(machines[machine])
        .flatMap(([from, to]) => Object.keys(to).map((t) => `${from}>${t}`))
        .toSorted((a, b) => a.localeCompare(b));
      expect(inTrigger).toEqual(inDomain);
    });
  }

  it('refuses an illegal move whoever writes it', async () => {
    expect(await tried(`UPDATE task SET status = 'FAILED', finished_at = now() WHERE id = ${taskId}`)).toBe(
      CHECK,
    );
    expect(
      await tried(`UPDATE chain SET state = 'FINISHED', accepted_at = now() WHERE id = ${chain.id}`),
    ).toBe(CHECK);
  });
});

describe('illegal states cannot be written', () => {
  const attempt = (task: number, n: number, slot: number, worktree = `w${task}-${n}`) =>
    `INSERT INTO attempt(task_id, generation, n, worker_id, host, slot, model, tier, worktree, lease_until, deadline)
     VALUES (${task}, 1, ${n}, gen_random_uuid(), 'FORGE', ${slot}, 'm', 1, '${worktree}', now(), now())`;
  const cases: [string, string[], string][] = [
    ['two live attempts of one task', [attempt(taskId, 1, 1), attempt(taskId, 2, 2)], UNIQUE],
    ['two live attempts in one slot', [attempt(taskId, 1, 1), attempt(otherId, 1, 1)], UNIQUE],
    ['two agents in one worktree', [attempt(taskId, 1, 1, 'same'), attempt(otherId, 1, 2, 'same')], UNIQUE],
    [
      'two live stages of one chain',
      [
        `INSERT INTO task(title, pipeline_id, chain_id, stage, cycle) SELECT 'x', pipeline_id, chain_id, 'REVIEW', 0 FROM task WHERE id = ${taskId}`,
      ],
      UNIQUE,
    ],
    [
      'the same stage of a cycle twice',
      [
        `INSERT INTO task(title, pipeline_id, chain_id, stage, cycle, status, finished_at) SELECT 'x', pipeline_id, chain_id, 'BUILD', 0, 'DONE', now() FROM task WHERE id = ${taskId}`,
      ],
      UNIQUE,
    ],
    ['a finished task without a time', [`UPDATE task SET status = 'CANCELLED' WHERE id = ${taskId}`], CHECK],
    ['a third counted reject', [`UPDATE chain SET rejects = 3 WHERE id = ${chain.id}`], CHECK],
    ['a fourth merge return', [`UPDATE chain SET merge_returns = 4 WHERE id = ${chain.id}`], CHECK],
    ['a follow-up four deep', [`UPDATE chain SET depth = 4 WHERE id = ${chain.id}`], CHECK],
    [
      'two open escalations of one key',
      [1, 2].map(
        () =>
          `INSERT INTO escalation(kind, task_id, dedupe_key, question, why) VALUES ('safety', ${taskId}, 'k', 'q', 'w')`,
      ),
      UNIQUE,
    ],
    [
      'an answer without a person',
      [
        `INSERT INTO escalation(kind, task_id, dedupe_key, question, why, state) VALUES ('safety', ${taskId}, 'k', 'q', 'w', 'PENDING')`,
      ],
      CHECK,
    ],
    [
      'a task that waits for itself',
      [`INSERT INTO dependency(task_id, on_task_id, kind) VALUES (${taskId}, ${taskId}, 'done')`],
      CHECK,
    ],
    ['a rewritten log', [`UPDATE event SET reason = 'nothing happened'`], '42501'],
    ['a shortened log', ['DELETE FROM event'], '42501'],
  ];
  it.each(cases)('%s', async (_name, statements, code) => {
    expect(await tried(...statements)).toBe(code);
  });
});

describe('the invariants', () => {
  it('are empty for a factory that works', async () => {
    expect(await invariants(db.pool)).toEqual([]);
  });

  const plants: [string, string[]][] = [
    [
      'step done twice',
      [
        `INSERT INTO event(type, entity, entity_id, ver, actor_kind, actor) VALUES ('step.done', 'step', '1', 1, 'worker', 'x'), ('step.done', 'step', '1', 2, 'worker', 'x')`,
      ],
    ],
    ['running task without a live attempt', [`UPDATE task SET status = 'RUNNING' WHERE id = ${taskId}`]],
    [
      'task needs a human and nobody is asked',
      [`UPDATE task SET status = 'NEEDS_HUMAN' WHERE id = ${taskId}`],
    ],
    [
      'chain needs a human and nobody is asked',
      [`UPDATE chain SET state = 'NEEDS_HUMAN' WHERE id = ${chain.id}`],
    ],
    [
      'active chain without a live task',
      [`UPDATE task SET status = 'CANCELLED', finished_at = now() WHERE id = ${taskId}`],
    ],
    ['finished chain with a live task', [`UPDATE chain SET state = 'CANCELLED' WHERE id = ${chain.id}`]],
    [
      'unmet count wrong',
      [`UPDATE task SET unmet = 2 WHERE id = (SELECT id FROM task WHERE status = 'OPEN' LIMIT 1)`],
    ],
    [
      'started before what it waits for',
      [`INSERT INTO dependency(task_id, on_task_id, kind) VALUES (${taskId}, ${otherId}, 'accepted')`],
    ],
    [
      'the log ends in another state than the task',
      [`UPDATE task SET status = 'CANCELLED', finished_at = now() WHERE id = ${taskId}`],
    ],
    ['lost task: queued, and nothing will deliver it', [`DELETE FROM outbox WHERE task_id = ${taskId}`]],
  ];
  it.each(plants)('see: %s', async (name, statements) => {
    await f.create([work('First', { plan: plan() }), work('Waits', { dependsOn: [0] })]);
    const client = await db.pool.connect();
    try {
      await client.query('BEGIN');
      for (const s of statements) await client.query(s);
      expect((await invariants(client)).map((v) => v.name)).toContain(name);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
