import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { HumanAnswer, Resume } from '#server/domain/memory.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import type { ChatRequest } from '#server/models/provider.ts';
import { gitLine } from '#server/platform/git.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';
import { puppet } from '#test/puppet.ts';

let f: Factory;
beforeAll(async () => {
  f = await createFactory({ 'README.md': '# Shop\n', 'src/a.js': 'export const a = 1;\n' });
});
afterAll(() => f.stop());

const call = (name: string, args: unknown = {}) => ({ name, arguments: args });
const finish = call('finish', { summary: 'All of it is done and checked.' });
const write = (path: string, content: string) => call('write', { path, content });
const blueprint = blueprintSchema.parse({
  name: 'test',
  steps: [
    { key: 'build', role: 'builder', instructions: 'Do it.', tools: ['write', 'read', 'run', 'finish'] },
  ],
});
const question = 'Which currency do the prices have?';
const alem = (answer: HumanAnswer['answer'], note: string): HumanAnswer => ({ answer, by: 'Alem', note });

/** Runs a first attempt until it waits, and makes the work of the one after it. */
async function untilItWaits(
  turns: { name: string; arguments: unknown }[][],
  over: Partial<AttemptWork> = {},
) {
  const w = await f.work('BUILD', { title: 'Prices' }, { blueprint, ...over });
  const first = await f.run(w, memoryPorts(), undefined, puppet(turns));
  const kept = first.ports.memories.at(-1);
  const next = (answer: HumanAnswer | null): AttemptWork => ({
    ...w,
    n: w.n + 1,
    resume: { stepId: kept?.stepId as number, memory: structuredClone(kept?.memory), answer } as Resume,
  });
  return { first, kept, next };
}

describe('an agent that asks', () => {
  it('waits without holding anything, and goes on with the answer and its unfinished files', async () => {
    const { first, kept, next } = await untilItWaits([
      [write('src/prices.js', 'export const price = 10;\n')],
      [call('ask_human', { question, options: ['EUR', 'BAM'] }), write('src/late.js', 'export {};\n')],
    ]);
    expect(first).toMatchObject({
      ...{ kind: 'yielded', reason: 'asked' },
      question: expect.stringContaining('1. EUR\n2. BAM'),
    });
    expect(await readdir(join(f.home, 'hosts/forge/work'))).toEqual([]);
    expect(kept?.memory).toMatchObject({ turns: 2, tokens: 30, waiting: { kind: 'question' } });

    const seen: ChatRequest[] = [];
    const second = await f.run(
      next(alem('send_back', 'BAM, always')),
      memoryPorts(),
      undefined,
      puppet([[finish]], seen),
    );
    expect(second.kind).toBe('done');
    // The conversation goes on: nothing is asked or done twice, and what stood after the question is done now.
    const told = seen[0]?.messages ?? [];
    expect(told.filter((m) => m.role === 'user')).toHaveLength(1);
    expect(told.filter((m) => m.role === 'tool').map((m) => m.toolName)).toEqual([
      'write',
      'ask_human',
      'write',
    ]);
    expect(told.find((m) => m.toolName === 'ask_human')?.content).toContain(
      'Alem answers:\n<data kind="answer">\nBAM, always',
    );
    const files = await gitLine(['ls-tree', '-r', '--name-only', (second as { commit: string }).commit], {
      gitDir: f.bare,
    });
    expect(files.split('\n')).toEqual(['README.md', 'src/a.js', 'src/late.js', 'src/prices.js']);
    expect(second.ports.entries.map((e) => String(e.data.text ?? ''))).toContainEqual(
      expect.stringContaining('with its files of'),
    );
  });

  it('begins where it was, although the project has moved on since', async () => {
    const { next, kept } = await untilItWaits([
      [write('src/b.js', 'export const b = 1;\n')],
      [call('ask_human', { question })],
    ]);
    const moved = await f.chain({ id: 501, title: 'Add a note', stages: ['BUILD', 'REVIEW', 'SECURITY'] });
    expect(moved.merged).toBe(true);
    const second = await f.run(next(alem('send_back', 'EUR')), memoryPorts(), undefined, puppet([[finish]]));
    const { commit } = second as { commit: string };
    const changed = await gitLine(['diff', '--name-status', `${kept?.memory.files}^`, commit], {
      gitDir: f.bare,
    });
    expect(changed).toBe('A\tsrc/b.js');
  });

  it('is told when its unfinished files cannot be had any more', async () => {
    const { next } = await untilItWaits([
      [write('src/c.js', 'export {};\n')],
      [call('ask_human', { question })],
    ]);
    const work = next(alem('send_back', 'EUR'));
    if (work.resume) work.resume.memory.files = 'f'.repeat(40);
    const seen: ChatRequest[] = [];
    const second = await f.run(work, memoryPorts(), undefined, puppet([[finish]], seen));
    expect(second.kind).toBe('done');
    expect(JSON.stringify(seen[0]?.messages)).toContain('Your unfinished files were lost');
  });

  it('may not ask the same again, nor for ever', async () => {
    const { next } = await untilItWaits([[call('ask_human', { question })]]);
    const seen: ChatRequest[] = [];
    const turns = [[call('ask_human', { question })], [finish]];
    const second = await f.run(next(alem('send_back', 'EUR')), memoryPorts(), undefined, puppet(turns, seen));
    expect(second.kind).toBe('done');
    expect(JSON.stringify(seen[1]?.messages.at(-1))).toContain('this was asked and answered already');
  });
});

describe('what only a human may allow', () => {
  const publish = call('run', { command: ['npm', 'publish'] });

  it('is asked for before it is done, and done once he allows it', async () => {
    const { first, next } = await untilItWaits([[publish]]);
    expect(first).toMatchObject({
      ...{ kind: 'yielded', reason: 'permission' },
      question: expect.stringContaining('makes something public:\n\nnpm publish'),
    });
    expect(first.ports.entries.some((e) => e.kind === 'tool_result')).toBe(false);
    const seen: ChatRequest[] = [];
    await f.run(next(alem('approve', '')), memoryPorts(), undefined, puppet([[finish]], seen));
    // Allowed is not the same as possible: the sandbox has no network.
    expect(seen[0]?.messages.at(-1)).toMatchObject({
      toolName: 'run',
      content: expect.stringMatching(/exit|npm/),
    });
    expect(seen[0]?.messages.at(-1)?.content).not.toContain('REFUSED');
  });

  it('is not done when he does not allow it, and the agent goes on with his reason', async () => {
    const { next } = await untilItWaits([[publish]]);
    const seen: ChatRequest[] = [];
    const second = await f.run(
      next(alem('send_back', 'Only I publish.')),
      memoryPorts(),
      undefined,
      puppet([[finish]], seen),
    );
    expect(seen[0]?.messages.at(-1)?.content).toBe('REFUSED: Alem does not allow this. Only I publish.');
    expect(second.kind).toBe('done');
  });

  it('is allowed for exactly that call: the next one asks again', async () => {
    const { next } = await untilItWaits([[publish]]);
    const second = await f.run(next(alem('approve', '')), memoryPorts(), undefined, puppet([[publish]]));
    expect(second).toMatchObject({ kind: 'yielded', reason: 'permission' });
  });
});

describe('the owner’s word on a project', () => {
  const rails = (r: Partial<AttemptWork['rails']>) => ({ rails: { modes: {}, paths: [], ...r } });
  const publish = call('run', { command: ['npm', 'publish'] });

  it('lets through what he allows, and refuses what no agent may do', async () => {
    const allowed = await f.work(
      'BUILD',
      { title: 'P' },
      { blueprint, ...rails({ modes: { publish: 'allow' } }) },
    );
    expect((await f.run(allowed, memoryPorts(), undefined, puppet([[publish], [finish]]))).kind).toBe('done');
    const seen: ChatRequest[] = [];
    const never = await f.work(
      'BUILD',
      { title: 'P' },
      { blueprint, ...rails({ modes: { publish: 'never' } }) },
    );
    expect((await f.run(never, memoryPorts(), undefined, puppet([[publish], [finish]], seen))).kind).toBe(
      'done',
    );
    expect(seen[1]?.messages.at(-1)?.content).toContain('REFUSED: no agent does this in this project');
  });

  it('asks before a file that a rail names is written', async () => {
    const paths = [{ glob: 'billing/**', rail: 'billing', reason: 'Money is mine.' }];
    const w = await f.work('BUILD', { title: 'P' }, { blueprint, ...rails({ paths }) });
    const r = await f.run(w, memoryPorts(), undefined, puppet([[write('billing/vat.js', 'export {};\n')]]));
    expect(r).toMatchObject({
      reason: 'permission',
      question: expect.stringContaining('the rail "billing" holds'),
    });
    // What is allowed is what was shown.
    expect(r).toMatchObject({ question: expect.stringContaining('export {};') });
  });

  it('says how much of a long one is not shown, and names all of it by its hash', async () => {
    const w = await f.work('BUILD', { title: 'P' }, { blueprint });
    const long = call('run', { command: ['npm', 'publish', 'x'.repeat(9_000)] });
    const r = await f.run(w, memoryPorts(), undefined, puppet([[long]]));
    expect(r).toMatchObject({
      question: expect.stringMatching(
        /1012 more characters that are not shown here \(SHA-256 of all: [0-9a-f]{16}…\)/,
      ),
    });
  });
});

describe('an attempt that is stopped from outside', () => {
  it('keeps what it has, and the next one goes on from it', async () => {
    const controller = new AbortController();
    const ports = memoryPorts({
      progress: () => {
        if (ports.entries.some((e) => e.kind === 'tool_result'))
          controller.abort(new AlaiError('FACTORY_STOPPED', 'stop', ''));
      },
    });
    const w = await f.work('BUILD', { title: 'Prices' }, { blueprint });
    const hang = [
      [write('src/d.js', 'export const d = 4;\n')],
      [call('run', { command: ['node', '-e', 'setInterval(() => {}, 1000)'] })],
    ];
    expect(await f.run(w, ports, controller.signal, puppet(hang))).toMatchObject({
      kind: 'yielded',
      reason: 'stopped',
    });
    const kept = ports.memories[0];
    expect(kept?.memory).toMatchObject({ waiting: null, files: expect.stringMatching(/^[0-9a-f]{40}$/) });
    const seen: ChatRequest[] = [];
    const next = { ...w, n: 2, resume: { ...(kept as Omit<Resume, 'answer'>), answer: null } };
    const second = await f.run(next, memoryPorts(), undefined, puppet([[finish]], seen));
    expect(second.kind).toBe('done');
    expect(JSON.stringify(seen[0]?.messages.at(-1))).toMatch(/You were interrupted|you were interrupted/);
    expect(
      await gitLine(['show', `${(second as { commit: string }).commit}:src/d.js`], { gitDir: f.bare }),
    ).toContain('d = 4');
  });
});
