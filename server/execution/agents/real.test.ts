import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepMemory } from '#server/domain/memory.ts';
import { type PipelineName, pipelines } from '#server/domain/pipelines.ts';
import { type CliProvider, cliProviders } from '#server/domain/providers.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import { gitLine } from '#server/platform/git.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { startRehearsal } from '#test/rehearsal.ts';
import { detectAgents, installedAgent } from './detect.ts';

/**
 * The four real programs, from npm, against the rehearsal. They are no part of the product: they lie in a cache of their
 * own, which is filled when ALAI_TEST_AGENTS=install is set and the registry answers. Where one is not there, its test is
 * skipped and says so.
 */
const packages: Record<CliProvider, string> = {
  'claude-code': '@anthropic-ai/claude-code@2.1.330',
  codex: '@openai/codex@0.169.0',
  gemini: '@google/gemini-cli@0.61.0',
  copilot: '@github/copilot@1.0.102',
};
const cache = join(homedir(), '.cache', 'alai-test-agents');
const bin = join(cache, 'node_modules', '.bin');
const path = `${bin}:${process.env.PATH ?? ''}`;
const there = (name: CliProvider) =>
  installedAgent(name, { PATH: bin }) !== null &&
  (name !== 'claude-code' || existsSync(join(cache, 'claude-ready')));

async function install(): Promise<void> {
  await mkdir(cache, { recursive: true });
  const npm = (...args: string[]) =>
    execFileSync(
      'npm',
      ['install', '--prefix', cache, '--ignore-scripts', '--no-audit', '--no-fund', ...args],
      {
        stdio: 'ignore',
        timeout: 240_000,
      },
    );
  for (const name of cliProviders) {
    if (there(name)) continue;
    try {
      npm('--save-exact', packages[name]);
      // Its program is put in place by the only script that is run, because the package cannot work without.
      if (name === 'claude-code') {
        execFileSync(process.execPath, ['install.cjs'], {
          cwd: join(cache, 'node_modules/@anthropic-ai/claude-code'),
          stdio: 'ignore',
        });
        await writeFile(join(cache, 'claude-ready'), packages[name]);
      }
    } catch {
      process.stderr.write(`${packages[name]} could not be installed; its test is skipped.\n`);
    }
  }
}
if (process.env.ALAI_TEST_AGENTS === 'install') await install();
const missing = cliProviders.filter((name) => !there(name));
if (missing.length > 0)
  process.stderr.write(`Not in ${cache}, so not tested: ${missing.join(', ')} (ALAI_TEST_AGENTS=install)\n`);

let f: Factory;
let rehearsal: Awaited<ReturnType<typeof startRehearsal>>;
beforeAll(async () => {
  f = await createFactory({ 'README.md': '# demo\n' });
  rehearsal = await startRehearsal();
});
afterAll(async () => {
  await rehearsal.stop();
  await f.stop();
});

const given = (name: CliProvider, url: string): Record<string, string> =>
  ({
    'claude-code': { ANTHROPIC_API_KEY: 'sk-scripted', ANTHROPIC_BASE_URL: url },
    codex: { OPENAI_API_KEY: 'sk-scripted', OPENAI_BASE_URL: `${url}/v1` },
    gemini: { GEMINI_API_KEY: 'sk-scripted', GOOGLE_GEMINI_BASE_URL: url },
    copilot: { COPILOT_PROVIDER_API_KEY: 'sk-scripted', COPILOT_PROVIDER_BASE_URL: `${url}/v1` },
  })[name];
const models: Record<CliProvider, string> = {
  'claude-code': 'claude-sonnet-5-5',
  codex: 'gpt-5-codex',
  gemini: 'gemini-2.5-pro',
  copilot: 'gpt-5',
};

async function build(name: CliProvider, title = 'A note about the shop', model = models[name]) {
  const pipeline = (Object.keys(pipelines) as PipelineName[]).find((p) => pipelines[p].provider === name);
  const work = await f.work(
    'BUILD',
    { title },
    { model: { provider: name, name: model, tier: 4, host: 'forge', pipelines: pipeline ? [pipeline] : [] } },
  );
  return { work, run: await runOf(name, work) };
}

const runOf = (name: CliProvider, work: AttemptWork) =>
  f.run(work, undefined, undefined, undefined, {
    find: (n) => installedAgent(n, { PATH: path }),
    given: () => given(name, rehearsal.url),
  });

describe('the real agent', { timeout: 60_000 }, () => {
  it.skipIf(missing.includes('claude-code')).each(['claude-code'] as const)(
    '%s writes and hands over',
    writes,
  );
  it.skipIf(missing.includes('codex')).each(['codex'] as const)('%s writes and hands over', writes);
  it.skipIf(missing.includes('gemini')).each(['gemini'] as const)('%s writes and hands over', writes);
  it.skipIf(missing.includes('copilot')).each(['copilot'] as const)('%s writes and hands over', writes);

  async function writes(name: CliProvider) {
    const { work, run } = await build(name);
    if (process.env.DEBUG_AGENTS) console.log(JSON.stringify(run, null, 1).slice(0, 12_000));
    expect(run).toMatchObject({ kind: 'done', verdict: 'pass' });
    const commit = run.kind === 'done' ? (run.commit ?? '') : '';
    const note = `docs/notes/task-${work.task.id}.md`;
    expect(await gitLine(['show', `${commit}:${note}`], { gitDir: f.bare })).toContain(`#${work.task.id}`);
    const call = run.ports.calls[0];
    expect(call).toMatchObject({ provider: name, ok: true, scripted: true });
    expect((call?.tokensIn ?? 0) + (call?.tokensCacheWrite ?? 0)).toBeGreaterThan(0);
    expect(call?.tokensOut).toBeGreaterThan(0);
    expect(run.ports.entries.some((e) => e.kind === 'tool_call' && e.stepKey === 'build')).toBe(true);
  }
});

describe('the real agent that cannot go on without the human', { timeout: 90_000 }, () => {
  it.for(cliProviders)('%s asks by a call, and goes on with the answer', async (name, c) => {
    if (missing.includes(name) || !f.sandbox.tools) return c.skip();
    const { work, run } = await build(name, 'A note [fault: ask]');
    if (process.env.DEBUG_AGENTS) console.log(JSON.stringify(run, null, 1).slice(0, 30_000));
    expect(run).toMatchObject({ kind: 'yielded', reason: 'asked' });
    expect(run.kind === 'yielded' && run.question).toContain('1. Whoever maintains the project');
    const kept = run.ports.memories.at(-1);
    const plan = run.ports.steps[0];
    const next = await runOf(name, {
      ...work,
      steps: work.steps.map((s) => (s.id === plan?.stepId ? { ...s, done: true, ...plan } : s)),
      resume: {
        stepId: kept?.stepId ?? 0,
        memory: kept?.memory as StepMemory,
        answer: { answer: 'send_back', by: 'Alem', note: 'Whoever buys in the shop' },
      },
    });
    expect(next).toMatchObject({ kind: 'done' });
    const told = next.ports.entries.map((e) => String(e.data.text ?? '')).join('\n');
    expect(told).toContain('Alem answers');
  });
});

describe('the real agent whose key is not taken', { timeout: 60_000 }, () => {
  it.for(cliProviders)('%s says so, and what to do', async (name, c) => {
    if (missing.includes(name)) return c.skip();
    const { run } = await build(name, 'A note [fault: 401]');
    if (process.env.DEBUG_AGENTS) console.log(JSON.stringify(run, null, 1).slice(0, 12_000));
    expect(run).toMatchObject({ kind: 'infra', code: 'PROVIDER_KEY' });
    expect(run.kind === 'infra' && run.message).toContain('in the file .env');
  });
});

describe('what a machine has', () => {
  it('is tried, and whoever has no key is told which', async () => {
    const none = await detectAgents({ PATH: '/nowhere' });
    expect(none.map((a) => a.usable)).toEqual([false, false, false, false]);
    expect(none[0]?.reason).toContain('is not on the PATH');
  });

  it.skipIf(missing.includes('codex'))('is usable with a key', async () => {
    const found = await detectAgents({ PATH: path, OPENAI_API_KEY: 'sk-x' });
    expect(found.find((a) => a.name === 'codex')).toMatchObject({ usable: true, version: '0.169.0' });
    const without = await detectAgents({ PATH: path });
    expect(without.find((a) => a.name === 'codex')?.reason).toContain('OPENAI_API_KEY');
  });
});
