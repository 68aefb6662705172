import { beforeAll, describe, expect, it } from 'vitest';
import { AlaiError } from '#server/domain/errors.ts';
import type { Provider } from '#server/models/provider.ts';
import { call, factoriesOfThisFile, node, oneStep } from '#test/attempt.ts';
import type { Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';
import { puppet } from '#test/puppet.ts';

const factory = factoriesOfThisFile();

describe('what goes wrong with a model', () => {
  let f: Factory;
  beforeAll(async () => {
    f = await factory(node);
  });
  const build = (title: string, model = 'qwen3:8b') =>
    f.work('BUILD', { title }, { model: { provider: 'ollama', name: model, tier: 1, host: 'forge' } });

  it.each(['truncated', 'bad-json', 'unknown-tool', 'bad-arguments'])(
    '%s is survived by telling the model',
    async (fault) => {
      const r = await f.run(await build(`Add a thing [fault: ${fault}]`));
      expect(r.kind).toBe('done');
    },
  );

  it('an answer that broke off is paid for, one that never began is not', async () => {
    const broke = await f.run(await build('Add a thing [fault: truncated]'));
    const bad = broke.ports.calls.filter((c) => !c.ok);
    expect(bad.length).toBeGreaterThan(0);
    for (const c of bad) expect(c).toMatchObject({ errorCode: 'MODEL_GARBAGE', scripted: true });
    for (const c of bad) expect(c.tokensIn).toBeGreaterThan(100);
    const gone = await f.run(await build('X', 'qwen3:8b+500'));
    expect(gone.ports.calls[0]).toMatchObject({ ok: false, tokensIn: 0, tokensOut: 0 });
  });

  it.each([
    ['stopped', 1],
    ['stale', 0],
  ])('a call that is cut when its attempt is %s is counted %i times', async (reason, times) => {
    const stop = new AbortController();
    const ports = memoryPorts();
    const provider: Provider = {
      ...puppet([]),
      async chat(r) {
        r.onAnswer?.({ scripted: false });
        stop.abort(reason);
        throw stop.signal.reason;
      },
    };
    await f.run(await f.work('BUILD', {}, { blueprint: oneStep({}) }), ports, stop.signal, provider);
    expect(ports.calls.filter((c) => c.errorCode === 'ABORTED' && c.tokensIn > 0)).toHaveLength(times);
  });

  it('a placeholder is caught by its gate and mended', async () => {
    const r = await f.run(await build('Add a thing [fault: placeholder]'));
    expect(r.kind).toBe('done');
    expect(r.ports.gates.filter((g) => g.gate === 'no_placeholders').map((g) => g.ok)).toEqual([false, true]);
  });

  it('a missing model fails the attempt, an absent server only the machine', async () => {
    expect(await f.run(await build('X', 'nothing:1b'))).toMatchObject({
      kind: 'failed',
      cause: 'model',
      code: 'MODEL_MISSING',
    });
    expect(await f.run(await build('X', 'qwen3:8b+500'))).toMatchObject({
      kind: 'infra',
      code: 'MODEL_UNREACHABLE',
    });
  });

  it('an answer without end is cut by time', async () => {
    const blueprint = oneStep({ limits: { seconds: 1, idleSeconds: 1 } });
    const r = await f.run(await f.work('BUILD', { title: 'X [fault: endless]' }, { blueprint }));
    expect(r).toMatchObject({ kind: 'failed', cause: 'model', code: 'MODEL_TIMEOUT' });
  });

  it.each([
    ['turns', { turns: 3 }, [[call('list')]]],
    ['tokens', { tokens: 40 }, [[call('list')]]],
    ['identicalFailures', {}, [[call('read', { path: 'nothing' })]]],
    ['identicalCalls', {}, [[call('list')]]],
    ['identicalCalls', {}, [[call('list')], [call('read', { path: 'package.json' })], [call('list')]]],
    ['tokensWithoutProgress', { tokensWithoutProgress: 40, identicalCalls: 50 }, [[call('list')]]],
  ])('a loop is stopped by its limit %s, by name', async (name, limits, turns) => {
    const w = await f.work('BUILD', {}, { blueprint: oneStep({ limits }) });
    const r = await f.run(w, memoryPorts(), undefined, puppet(turns));
    expect(r).toMatchObject({ kind: 'failed', cause: 'limit', code: 'LIMIT_REACHED' });
    expect(r.kind === 'failed' && r.message).toMatch(/^the step "\w+" was stopped after \d/);
    expect(r.kind === 'failed' && r.message).toContain(`Raise its limit ${name} `);
    expect(r.kind === 'failed' && r.message).not.toContain('..');
  });
});

describe('a run that goes well and never ends', () => {
  it('is stopped by what it may spend, before the call, and keeps what it did', async () => {
    const f = await factory({ ...node });
    const turns = Array.from({ length: 40 }, (_, i) => [
      call('write', { path: `n${i}.md`, content: `${i}` }),
    ]);
    let left = 5;
    const ports = memoryPorts({
      async beforeCall() {
        if (left-- > 0) return;
        const use = { scope: 'task', key: '1', period: '0001-01-01', limit: 1, spent: 1, reserved: 0 };
        throw new AlaiError('BUDGET_EXCEEDED', 'used up', 'Raise it.', {
          use,
          needs: 1,
          ask: true,
          narrow: true,
        });
      },
    });
    const work = await f.work('BUILD', {}, { blueprint: oneStep({ limits: { turns: 1_000 } }) });
    const r = await f.run(work, ports, undefined, puppet(turns));
    expect(r).toMatchObject({ kind: 'yielded', reason: 'budget', short: { narrow: true } });
    expect(ports.calls).toHaveLength(5);
    expect(ports.memories[0]?.memory).toMatchObject({ turns: 6, waiting: null });
    expect(ports.memories[0]?.memory.files).toMatch(/^[0-9a-f]{40}$/);
  });

  it('says that it left nothing changed, or that it did', async () => {
    const f = await factory({ ...node });
    const stuck = (turns: Parameters<typeof puppet>[0]) => async () =>
      await f.run(
        await f.work('BUILD', {}, { blueprint: oneStep({}) }),
        memoryPorts(),
        undefined,
        puppet(turns),
      );
    const idle = [[call('list')]];
    expect(await stuck(idle)()).toMatchObject({ kind: 'failed', changed: false });
    expect(await stuck([[call('write', { path: 'a.md', content: 'a' })], ...idle])()).toMatchObject({
      changed: true,
    });
  });
});
