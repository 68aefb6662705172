import { describe, expect, it, onTestFinished } from 'vitest';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { readTimeline } from './data/timeline.ts';
import { decide, settleDecisions } from './decide.ts';
import { escalationDigest } from './escalation.ts';
import { endAttempt } from './failure.ts';
import { MAX_MODEL_LOSSES } from './failure-policy.ts';
import { triesText } from './tries.ts';
import { goRound } from './unavailable.ts';
import { lookAgain } from './wait.ts';

const { db } = await testDatabase();
// Room for what some stories leave running, and for three at once.
const factory = await testFactory(db, { slots: 10 });

async function fail(taskId: number, changed: boolean) {
  const a = await factory.take(taskId);
  const outcome = {
    kind: 'failed',
    cause: 'limit',
    code: 'LIMIT_REACHED',
    message: 'stopped.',
    changed,
  } as const;
  await endAttempt(db, factory.publisher, a, outcome);
  return await factory.task(taskId);
}

describe('attempts that fail', () => {
  it('two in a row that changed nothing are asked about instead of tried a third time', async () => {
    const { taskIds } = await factory.create([work('Nothing comes of it')]);
    const [id = 0] = taskIds;
    expect((await fail(id, false)).status).toBe('QUEUED');
    expect(await fail(id, false)).toMatchObject({ status: 'NEEDS_HUMAN', failed_attempts: 2 });
    const { rows } = await db.pool.query('SELECT kind, why FROM escalation WHERE task_id = $1', [id]);
    expect(rows).toEqual([{ kind: 'retries', why: 'Two attempts in a row changed nothing. Last: stopped.' }]);
  });

  it('one that changed something in between is given its third try', async () => {
    const { taskIds } = await factory.create([work('Something comes of it')]);
    const [id = 0] = taskIds;
    await fail(id, false);
    expect((await fail(id, true)).status).toBe('QUEUED');
    expect((await fail(id, false)).status).toBe('NEEDS_HUMAN');
  });
});

describe('attempts that their model does not answer', () => {
  async function lose(taskId: number, code: 'MODEL_BUSY' | 'MODEL_PAUSED' | 'GIT_FAILED') {
    const a = await factory.take(taskId);
    await endAttempt(db, factory.publisher, a, { kind: 'infra', code, message: 'It is busy.' });
    return await factory.task(taskId);
  }
  const begun = async (title: string) => (await factory.create([work(title)])).taskIds[0] as number;

  it('go a tier up when it is only this work that it does not answer, and to the human at the end', async () => {
    const id = await begun('Larger than its service takes');
    for (let n = 1; n < MAX_MODEL_LOSSES; n++) {
      // What met an open breaker was not its own doing.
      await lose(id, 'MODEL_PAUSED');
      expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ status: 'QUEUED', tier: 2, failed_attempts: 0 });
    }
    expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ status: 'QUEUED', tier: 3, failed_attempts: 1 });
    let last = await factory.task(id);
    for (let n = 0; n < 2 * MAX_MODEL_LOSSES && last.status === 'QUEUED'; n++)
      last = await lose(id, 'MODEL_BUSY');
    expect(last).toMatchObject({ status: 'NEEDS_HUMAN' });
    const { rows } = await db.pool.query('SELECT question, why FROM escalation WHERE task_id = $1', [id]);
    expect(rows[0]?.why).toContain('but answers others');
    // The task page counts attempts, the question failures: it says both.
    const { rows: tried } = await db.pool.query<{ n: number }>(
      'SELECT count(*)::int n FROM attempt WHERE task_id = $1',
      [id],
    );
    const n = tried[0]?.n ?? 0;
    expect(n).toBeGreaterThan(10);
    expect(rows[0]?.question).toContain(`failed 3 times in ${n} tries. What now?`);
    expect(rows[0]?.why).toMatch(
      new RegExp(`^Tried ${n} times: ${n - 3} were not answered, 3 counted as failures[.,]`),
    );
  });

  it('burn no try while a service answers nobody, however it answers when it is only asked whether it is there', async () => {
    const choices = [{ host: 'FORGE', model: 'claude-sonnet', tier: 4, provider: 'anthropic' }];
    const routed = { ...work('In an outage'), route: route({ tier: 4, choices }) };
    const [id, other] = (await factory.create([routed, { ...routed, title: 'Beside it' }])).taskIds as [
      number,
      number,
    ];
    for (let n = 0; n <= MAX_MODEL_LOSSES; n++)
      expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ status: 'QUEUED', failed_attempts: 0 });
    const { attemptId } = await factory.take(other);
    await db.pool.query(
      `INSERT INTO call(attempt_id, task_id, step_key, provider, model, tokens_in, tokens_out, ms, ok, scripted)
       VALUES ($1, $2, 'work', 'anthropic', 'claude-sonnet', 1, 1, 1, true, false)`,
      [attemptId, other],
    );
    expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ status: 'QUEUED', failed_attempts: 1 });
  });

  it('burn no try where something else was the matter in between', async () => {
    const id = await begun('On a machine with a bad day');
    for (let n = 0; n < 2 * MAX_MODEL_LOSSES; n++)
      expect(await lose(id, n % 3 === 2 ? 'GIT_FAILED' : 'MODEL_BUSY')).toMatchObject({
        status: 'QUEUED',
        tier: 2,
        failed_attempts: 0,
      });
  });
});

/** Ends an attempt through no fault of its agent; answers with what the task waits for now, to ten seconds. */
async function lose(taskId: number, code: string, pauseMs = 10_000) {
  await db.pool.query(`UPDATE task SET host = 'FORGE' WHERE id = $1`, [taskId]);
  const a = await factory.take(taskId);
  await endAttempt(db, factory.publisher, { ...a, pauseMs }, { kind: 'infra', code, message: 'It is busy.' });
  const { rows } = await db.pool.query<{ wait_for: string | null; wait_why: string | null; seconds: number }>(
    `SELECT wait_for, wait_why, round(extract(epoch FROM wait_until - clock_timestamp()) / 10)::int * 10 seconds FROM task WHERE id = $1`,
    [taskId],
  );
  return rows[0];
}

describe('a task that its machine lets down', () => {
  it('is tried again at once after the first time, then later each time, so that what is broken can be mended', async () => {
    const [id = 0] = (await factory.create([work('On a broken clone')])).taskIds;
    const seen = [];
    for (let n = 0; n < 8; n++) seen.push((await lose(id, 'GIT_FAILED', 80_000))?.seconds ?? 0);
    expect(seen).toEqual([0, 10, 20, 40, 80, 160, 320, 320]);
    expect((await factory.task(id)).wait_why).toMatch(/^8 times in a row .* tried again 5 min later/);
  });

  it('begins anew when something else was the matter in between', async () => {
    const [id = 0] = (await factory.create([work('On two broken things')])).taskIds;
    await lose(id, 'GIT_FAILED');
    expect(await lose(id, 'WORKTREE_UNWRITABLE', 80_000)).toMatchObject({ wait_for: 'machine', seconds: 10 });
    expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ wait_for: null });
    expect(await lose(id, 'GIT_FAILED')).toMatchObject({ wait_for: null });
  });
});

describe('a task whose calls alone its model does not answer', () => {
  const suspected = (task: number, model = 'qwen2.5-coder:32b') =>
    db.pool.query(
      `INSERT INTO breaker(host, model, state, suspect) VALUES ('FORGE', $2, 'CLOSED', $1)
       ON CONFLICT (host, model) DO UPDATE SET suspect = excluded.suspect`,
      [task, model],
    );

  it('waits longer each time, also when the model answers others, while others wait for nothing', async () => {
    const made = await factory.create([work('Too large'), work('Beside it')]);
    const [id, other] = made.taskIds as [number, number];
    await suspected(id);
    expect(await lose(other, 'MODEL_BUSY')).toMatchObject({ wait_for: null });
    expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ wait_for: 'own calls', seconds: 10 });
    await lookAgain(db.pool, 'model');
    expect((await factory.task(id)).wait_for).toBe('own calls');
    expect(await lose(id, 'MODEL_TIMEOUT')).toMatchObject({ wait_for: 'own calls', seconds: 20 });
    // What it met behind an open breaker says nothing of it.
    expect(await lose(id, 'MODEL_PAUSED')).toMatchObject({ wait_for: null });
    expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ wait_for: 'own calls', seconds: 40 });
    expect(await lose(id, 'GIT_FAILED')).toMatchObject({ wait_for: null });
    expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ wait_for: 'own calls', seconds: 10 });
  });

  it('does not wait for what another model did not answer it', async () => {
    const [id = 0] = (await factory.create([work('Too large for the small one')])).taskIds;
    await suspected(id, 'qwen3:8b');
    expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ wait_for: null });
  });

  it('goes a tier up after as many as before, and begins there at once', async () => {
    const [id = 0] = (await factory.create([work('Far too large')])).taskIds;
    await suspected(id);
    for (let n = 1; n < MAX_MODEL_LOSSES; n++)
      expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ wait_for: 'own calls' });
    expect(await lose(id, 'MODEL_BUSY')).toMatchObject({ wait_for: null });
    expect(await factory.task(id)).toMatchObject({ tier: 3 });
  });
});

it('says how often work was tried, how that ended and how long it waited', () => {
  const minutes = 60_000;
  expect(triesText({ tried: 16, unanswered: 16, waitedMs: 42 * minutes }, 3)).toBe(
    'Tried 16 times: 13 were not answered, 3 counted as failures, and it waited 42 min in all.',
  );
  expect(triesText({ tried: 4, unanswered: 0, waitedMs: 30_000 }, 1)).toBe(
    'Tried 4 times: 3 were lost, 1 counted as a failure, and it waited 30 s in all.',
  );
  expect(triesText({ tried: 20, unanswered: 4, waitedMs: 0 }, 0)).toBe(
    'Tried 20 times: 20 were not answered or lost, none counted as a failure.',
  );
  expect(triesText({ tried: 3, unanswered: 0, waitedMs: 0 }, 3)).toBeNull();
});

describe('an account that is empty', () => {
  const paid = (title: string, account: string) => {
    const own = route({
      tier: 4,
      choices: [{ host: 'FORGE', model: 'gpt', tier: 4, provider: 'openai', account }],
    });
    return work(title, {
      route: own,
      plan: { stages: plan(['BUILD']).stages.map((s) => ({ ...s, route: own })) },
    });
  };
  const empty = async (id: number) => {
    const a = await factory.take(id);
    const message = 'https://api.openai.com/v1 has no money left.';
    await endAttempt(db, factory.publisher, a, { kind: 'infra', code: 'PROVIDER_QUOTA', message });
    return await factory.task(id);
  };
  const asked = async () =>
    (
      await db.pool.query<{ id: number; task_id: number; question: string }>(
        `SELECT id, task_id, question FROM escalation WHERE kind = 'quota' AND state = 'OPEN' ORDER BY id`,
      )
    ).rows;

  it('is asked about at the first answer that says so, once for all its work, which goes on after the answer', async () => {
    const made = await factory.create(['First', 'Second', 'Third'].map((title) => paid(title, 'openai')));
    const [first, second, third] = made.taskIds as [number, number, number];
    expect(await empty(first)).toMatchObject({ status: 'NEEDS_HUMAN', failed_attempts: 0, infra_losses: 0 });
    const [question, ...more] = await asked();
    expect(question).toMatchObject({
      task_id: first,
      question: expect.stringContaining('The account of openai is empty'),
    });
    expect(more).toEqual([]);
    const both = await Promise.all([empty(second), empty(third)]);
    for (const t of both)
      expect(t).toMatchObject({ status: 'QUEUED', wait_for: 'model', failed_attempts: 0, infra_losses: 0 });
    expect(await asked()).toHaveLength(1);

    const id = question?.id as number;
    const digest = (await escalationDigest(db.pool, id)) as string;
    await decide(db, { id, answer: 'approve', digest, note: '', undoMs: 0 }, ceo);
    await settleDecisions(db, factory.publisher);
    expect(await factory.task(first)).toMatchObject({ status: 'QUEUED' });
    expect(await factory.task(second)).toMatchObject({ status: 'QUEUED', wait_for: null });
    // It was not filled after all: whoever meets that first asks again.
    expect(await empty(second)).toMatchObject({ status: 'NEEDS_HUMAN' });
    expect(await asked()).toMatchObject([{ task_id: second }]);
  });

  it('is asked about once, also when two meet it at the same moment', async () => {
    const made = await factory.create(['One', 'Two', 'Three'].map((title) => paid(title, 'mygw')));
    const after = await Promise.all(made.taskIds.map(empty));
    expect(after.map((t) => t.status).sort()).toEqual(['NEEDS_HUMAN', 'QUEUED', 'QUEUED']);
    expect((await asked()).filter((q) => q.question.includes('mygw'))).toHaveLength(1);
  });
});

describe('a key that is not taken', () => {
  const refuse = async (id: number) => {
    const a = await factory.take(id);
    const message = 'Claude Code failed: 401. Set ANTHROPIC_API_KEY.';
    await endAttempt(db, factory.publisher, a, { kind: 'infra', code: 'PROVIDER_KEY', message });
    return await factory.task(id);
  };

  it('sends work a tier up at once, burning nothing, and asks the human at once where there is none', async () => {
    const id = (await factory.create([work('Needs a key')])).taskIds[0] as number;
    const up = await refuse(id);
    expect(up).toMatchObject({ status: 'QUEUED', tier: 3, failed_attempts: 0 });
    let last = up;
    for (let n = 0; n < 3 && last.status === 'QUEUED'; n++) last = await refuse(id);
    expect(last).toMatchObject({ status: 'NEEDS_HUMAN', failed_attempts: 0 });
    const { rows } = await db.pool.query('SELECT kind, question, why FROM escalation WHERE task_id = $1', [
      id,
    ]);
    expect(rows).toMatchObject([{ kind: 'key', why: expect.stringContaining('Set ANTHROPIC_API_KEY') }]);
    expect(rows[0].question).toContain('The key of');
  });

  it('is tried by this very work as soon as somebody says that it is right, though the service was left alone for it', async () => {
    const choices = [{ host: 'FORGE', model: 'gpt', tier: 4, provider: 'openai', account: 'mygw' }];
    const routed = route({ tier: 4, choices });
    const planned = { stages: plan(['BUILD']).stages.map((s) => ({ ...s, route: routed })) };
    const { taskIds } = await factory.create([work('Asks my gateway', { route: routed, plan: planned })]);
    const id = taskIds[0] as number;
    expect(await refuse(id)).toMatchObject({ status: 'NEEDS_HUMAN' });
    await db.pool.query(
      `INSERT INTO breaker(host, model, ver, state, failures, opens, opened_at, probe_at, code, error) VALUES
         ('*', 'mygw', 3, 'OPEN', 1, 1, now(), now() + interval '5 minutes', 'PROVIDER_KEY', '401'),
         ('*', 'other', 3, 'OPEN', 1, 1, now(), now() + interval '5 minutes', 'PROVIDER_KEY', '401')`,
    );
    const asked = await db.pool.query<{ id: number }>('SELECT id FROM escalation WHERE task_id = $1', [id]);
    const question = asked.rows[0]?.id as number;
    const digest = (await escalationDigest(db.pool, question)) as string;
    await decide(db, { id: question, answer: 'approve', digest, note: '', undoMs: 0 }, ceo);
    await settleDecisions(db, factory.publisher);
    const { rows } = await db.pool.query(
      `SELECT model, state, ver FROM breaker WHERE model IN ('mygw', 'other') ORDER BY model`,
    );
    expect(rows).toMatchObject([
      { model: 'mygw', state: 'CLOSED', ver: 4 },
      { model: 'other', state: 'OPEN', ver: 3 },
    ]);
    expect(await refuse(id)).toMatchObject({ status: 'NEEDS_HUMAN' });
    await db.pool.query(`DELETE FROM breaker WHERE model IN ('mygw', 'other')`);
  });

  it('names the service, and gives the work to a tier without it when somebody says so, no reason asked', async () => {
    const choices = [
      { host: 'FORGE', model: 'qwen3:8b', tier: 1, provider: 'ollama' },
      { host: 'FORGE', model: 'gpt', tier: 3, provider: 'openai', account: 'openai' },
      { host: 'FORGE', model: 'gpt-large', tier: 4, provider: 'openai', account: 'openai' },
    ];
    const routed = route({ tier: 4, choices });
    const id = (
      await factory.create([
        work('Paid work', {
          route: routed,
          plan: { stages: plan(['BUILD']).stages.map((s) => ({ ...s, route: routed })) },
        }),
      ])
    ).taskIds[0] as number;
    expect(await refuse(id)).toMatchObject({ status: 'NEEDS_HUMAN', tier: 4 });
    const asked = await db.pool.query('SELECT id, question FROM escalation WHERE task_id = $1', [id]);
    expect(asked.rows[0].question).toContain('The key of openai is not taken');
    const digest = (await escalationDigest(db.pool, asked.rows[0].id)) as string;
    const answer = { id: asked.rows[0].id, answer: 'send_back' as const, digest, note: '', undoMs: 0 };
    await decide(db, answer, ceo);
    await settleDecisions(db, factory.publisher);
    expect(await factory.task(id)).toMatchObject({
      status: 'QUEUED',
      tier: 1,
      host: 'FORGE',
      feedback: '',
    });
    expect((await readTimeline(db, id)).map((t) => t.title)).toContain(
      `Answered by ${ceo.name}: sent to another tier`,
    );
    // Its own tier can be asked again by all that is known, and a person has said where it goes.
    await goRound(db, factory.publisher, { workerSeen: 600_000, queueWait: 60_000 });
    expect(await factory.task(id)).toMatchObject({ status: 'QUEUED', tier: 1 });
  });

  it.each([
    ['a whole route', []],
    ['all that is at work', [{ host: 'ANVIL', model: 'qwen3:8b', tier: 1, provider: 'ollama' }]],
  ])('of %s is asked about without another tier to send it to', async (_where, others) => {
    // What nobody works on now would only wait there.
    await db.pool.query(`UPDATE host SET state = 'PAUSED' WHERE name = 'ANVIL'`);
    onTestFinished(
      async () => void (await db.pool.query(`UPDATE host SET state = 'LIVE' WHERE name = 'ANVIL'`)),
    );
    const choices = [
      ...others,
      { host: 'FORGE', model: 'gpt', tier: 3, provider: 'openai', account: 'openai' },
    ];
    const routed = route({ tier: 3, choices });
    const stages = plan(['BUILD']).stages.map((s) => ({ ...s, route: routed }));
    const id = (await factory.create([work('Only there', { route: routed, plan: { stages } })]))
      .taskIds[0] as number;
    await refuse(id);
    const asked = await db.pool.query('SELECT id FROM escalation WHERE task_id = $1', [id]);
    const digest = (await escalationDigest(db.pool, asked.rows[0].id)) as string;
    const answer = { id: asked.rows[0].id, answer: 'send_back' as const, digest, note: '', undoMs: 0 };
    await expect(decide(db, answer, ceo)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
