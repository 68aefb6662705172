import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { setBudget } from '#server/budget/commands.ts';
import { admit, bindTicket } from '#server/budget/tickets.ts';
import { storeVersions } from '#server/catalogue/commands.ts';
import { readCatalogue } from '#server/catalogue/data.ts';
import type { Account } from '#server/domain/accounts.ts';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import { pipelinesOf } from '#server/domain/pipelines.ts';
import type { ProviderKind } from '#server/domain/providers.ts';
import { timing } from '#server/domain/timing.ts';
import { checkpointer } from '#server/engine/checkpoint.ts';
import { reapLeftovers } from '#server/execution/sandbox/leftovers.ts';
import { detectSandbox } from '#server/execution/sandbox/registry.ts';
import { rehearsed } from '#server/models/registry.ts';
import { resilient } from '#server/models/resilience/resilient.ts';
import { createLogger } from '#server/platform/logger.ts';
import { testDatabase } from '#test/database.ts';
import { ceo, plan, route, testFactory, work } from '#test/factory.ts';
import { startRehearsal } from '#test/rehearsal.ts';
import { bareRepository } from '#test/repository.ts';
import { createRunner } from '../runner.ts';
import { HeldAttempts } from './held.ts';
import { type HostContext, processAttempt } from './process.ts';

/** Every way a model server fails, through a whole attempt: the real engine, sandbox, git and wire. */

/** What one step may take here, and what must be over twenty seconds after it, on a busy machine too. */
const DEADLINE_S = 60;
const LATE_S = 20;

type End = [state: 'SUCCEEDED' | 'FAILED', code: string | null];
const DONE: End = ['SUCCEEDED', null];
const faults: [fault: string, provider: string, end: End][] = [
  ['404', 'ollama', ['FAILED', 'MODEL_MISSING']],
  ['429', 'openai', ['FAILED', 'MODEL_BUSY']],
  ['429-later', 'anthropic', ['FAILED', 'MODEL_BUSY']],
  ['500', 'anthropic', ['FAILED', 'MODEL_UNREACHABLE']],
  ['503', 'ollama', ['FAILED', 'MODEL_BUSY']],
  ['stall', 'openai', ['FAILED', 'MODEL_TIMEOUT']],
  ['drip', 'ollama', ['FAILED', 'MODEL_TIMEOUT']],
  ['truncated', 'anthropic', DONE],
  ['endless', 'ollama', ['FAILED', 'MODEL_TIMEOUT']],
  // Cut off at 8 MB, and counted: what it said is more than the step may use.
  ['huge', 'openai', ['FAILED', 'LIMIT_REACHED']],
  ['bad-json', 'openai', DONE],
  ['wrong-schema', 'anthropic', DONE],
  ['unknown-tool', 'ollama', DONE],
  ['bad-arguments', 'openai', DONE],
  ['same-call', 'ollama', ['FAILED', 'LIMIT_REACHED']],
  ['truncated-call', 'ollama', DONE],
  ['empty', 'anthropic', ['FAILED', 'MODEL_GARBAGE']],
  ['refusal', 'anthropic', ['FAILED', 'MODEL_REFUSED']],
  ['wrong-model', 'llama-server', ['FAILED', 'MODEL_WRONG']],
  ['hang-up', 'openai', ['FAILED', 'MODEL_UNREACHABLE']],
  ['reset', 'ollama', ['FAILED', 'MODEL_GARBAGE']],
  ['clock-skew', 'openai', ['FAILED', 'MODEL_BUSY']],
];

const { db } = await testDatabase({ max: 20 });
const home = await mkdtemp(path.join(tmpdir(), 'alai-faults-'));
const hostDir = path.join(home, 'hosts/FORGE');
const bare = await bareRepository(home, { 'README.md': '# A project\n' });
/** Local models have a breaker each by their name; what a cloud's are called, its price list has to know. */
const modelOf = (fault: string, provider: string): string =>
  ({ openai: 'gpt-5', anthropic: 'claude-sonnet', 'llama-server': 'kimi-k2.5:tq1' })[provider] ??
  `${fault}-model:1b`;
const rehearsal = await startRehearsal(
  0,
  faults.map(([fault, provider]) => modelOf(fault, provider)),
);
afterAll(async () => {
  await rehearsal.stop();
  await rm(home, { recursive: true, force: true });
});

const factory = await testFactory(db, { slots: faults.length });
// Money is another story.
for (const scope of ['day', 'month', 'project', 'company', 'pipeline', 'task'] as const)
  await setBudget(db, { scope, key: '', limit: 90_000 }, ceo);
const blueprint = blueprintSchema.parse({
  name: 'build',
  steps: [
    {
      key: 'build',
      role: 'builder',
      instructions: 'Do it.',
      tools: ['list', 'read', 'write', 'report', 'finish'],
      limits: { turns: 12, tokens: 90_000, seconds: DEADLINE_S, idleSeconds: 2 },
    },
  ],
});
await storeVersions(db.pool, [{ kind: 'blueprint', name: 'build', hash: 'b1', data: blueprint }]);

const account = (kind: Account['kind']): Account => ({
  kind,
  base_url: 'https://replaced.example',
  key_env: null,
  allow_private: true,
  offline: false,
  requests_per_minute: 6_000,
  tokens_per_minute: 10_000_000,
  context: 64_000,
  structured: 'schema',
  models: {},
});
const accounts = { openai: account('openai'), anthropic: account('anthropic') };
// Short, and still long enough for a machine that does many other things: what does not fail must not be late.
const t = {
  ...timing(0.0015),
  lease: 60_000,
  heartbeat: 5_000,
  turnWait: 60_000,
  breakerOpen: 60_000,
  firstToken: 2_500,
  wholeCall: 6_000,
};
const worker = { id: factory.workers.FORGE as string, host: 'FORGE' };
const log = createLogger(`faults-${randomUUID()}`);
const sandbox = await detectSandbox();
const held = new HeldAttempts({ db, timing: t, worker, log, onTakenOver() {}, onRestart() {}, onBeat() {} });
const context: HostContext = {
  db,
  admit: async () => ({ result: 'ok' }),
  pick: async () => null,
  publisher: factory.publisher,
  engine: {
    claim: factory.claim,
    start: factory.start,
    checkpoint: checkpointer(db, t.lease),
    advance: factory.advance,
  },
  held,
  timing: t,
  log,
  worker,
  sandboxed: sandbox.isolates,
  repositoryUrl: () => bare,
  run: createRunner({
    hostDir,
    sandbox,
    provider: ({ model, task }) =>
      resilient(rehearsed({ provider: model.provider }, rehearsal.url, accounts), {
        db,
        host: 'FORGE',
        timing: t,
        // Each has a breaker of its own: what one fault opens must not end another.
        service:
          model.provider in accounts
            ? { name: task.title, rates: { requestsPerMinute: 6_000, tokensPerMinute: 10_000_000 } }
            : null,
      }),
  }),
};

/** One way only, so that each ends by its own fault; what hangs up is asked in every way. */
const waysOf = (fault: string, provider: string) =>
  pipelinesOf(provider as ProviderKind).slice(0, fault === 'hang-up' ? 9 : 1);

async function attempt(fault: string, provider: string) {
  const own = route({
    tier: 1,
    choices: [
      {
        host: 'FORGE',
        model: modelOf(fault, provider),
        tier: 1,
        provider,
        pipelines: waysOf(fault, provider),
      },
    ],
  });
  const stages = plan(['BUILD'], ['build']).stages.map((s) => ({ ...s, route: own }));
  const made = await factory.create([work(`Add a note [fault: ${fault}]`, { route: own, plan: { stages } })]);
  const taskId = made.taskIds[0] as number;
  if (fault === 'wrong-model')
    await fetch(`${rehearsal.url}/rehearsal/faults`, {
      method: 'POST',
      body: JSON.stringify({ fault, times: 9 }),
    });
  const { dispatch } = await factory.task(taskId);
  const admitted = await admit(db, readCatalogue().prices, { taskId, dispatch, host: 'FORGE' });
  if (admitted.result !== 'ok') throw new Error(`${fault}: ${JSON.stringify(admitted)}`);
  const claimed = await factory.claim({ taskId, dispatch, host: 'FORGE', workerId: worker.id });
  if (claimed.result !== 'ok') throw new Error(`${fault}: ${claimed.result}`);
  await bindTicket(db.pool, { taskId, dispatch, attemptId: claimed.attemptId });
  const from = performance.now();
  await processAttempt(context, { taskId, attemptId: claimed.attemptId, fence: claimed.fence });
  const seconds = (performance.now() - from) / 1_000;
  const { rows } = await db.pool.query<{ state: string; error_code: string | null; error: string | null }>(
    'SELECT state, error_code, error FROM attempt WHERE id = $1',
    [claimed.attemptId],
  );
  return { fault, seconds, task: await factory.task(taskId), ...rows[0] };
}

describe('the faults of a model server', { timeout: 60_000 }, () => {
  // All at once, as they would come to a host with many slots.
  const running = Promise.all(faults.map(([fault, provider]) => attempt(fault, provider)));
  running.catch(() => {});

  it.each(faults)('%s of %s ends in a known state', async (fault, _, [state, code]) => {
    const ended = (await running).find((a) => a.fault === fault);
    // With what was said, so that a wrong end tells why.
    expect([ended?.state, ended?.error_code, ended?.error]).toEqual([state, code, ended?.error]);
    expect(ended?.seconds).toBeLessThan(DEADLINE_S + LATE_S);
    // Done, queued again, or with the human: never left in the middle.
    expect(['DONE', 'QUEUED', 'NEEDS_HUMAN']).toContain(ended?.task.status);
  });

  it('keeps the errors of every way it was asked in', async () => {
    const ended = (await running).find((a) => a.fault === 'hang-up');
    expect(ended?.error).toMatch(/openai-simple: .* \(before that, openai-tool: .*does not answer\)/);
  });

  it('frees every slot, and leaves no process', async () => {
    await running;
    const { rows } = await db.pool.query(
      `SELECT (SELECT count(*)::int FROM attempt WHERE state IN ('LEASED', 'RUNNING')) attempts,
         (SELECT count(*)::int FROM step WHERE state = 'RUNNING') steps`,
    );
    expect(rows[0]).toEqual({ attempts: 0, steps: 0 });
    expect(held.size).toBe(0);
    expect(await reapLeftovers(hostDir)).toBe(0);
  });
});
