import { beforeAll, describe, expect, it } from 'vitest';
import type { AttemptWork } from '#server/domain/work.ts';
import { readBin } from '#server/integration/bin.ts';
import type { Provider } from '#server/models/provider.ts';
import { git, gitLine } from '#server/platform/git.ts';
import { call, factoriesOfThisFile, finish, node, oneStep } from '#test/attempt.ts';
import type { Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';
import { puppet } from '#test/puppet.ts';
import { bentoFiles } from '#test/repository.ts';

const MEALS = 'Bento: Frontend — meal selection + checkout flow';
const factory = factoriesOfThisFile();

describe('a reviewer', () => {
  it('that passes work whose tests fail is overruled by what the harness saw', async () => {
    const f = await factory({
      ...node,
      'test/broken.test.js':
        "import test from 'node:test';\ntest('breaks', () => { throw new Error('broken'); });\n",
    });
    const kind = puppet([
      [
        call('report', { summary: 'All of it reads well.', verdict: 'pass', verification: 'read it' }),
        finish,
      ],
    ]);
    const r = await f.run(
      await f.work('REVIEW', { title: 'Review: anything' }),
      memoryPorts(),
      undefined,
      kind,
    );
    expect(r).toMatchObject({ kind: 'done', verdict: 'reject' });
    expect(r.kind === 'done' && r.findings.map((x) => x.severity)).toEqual(['major']);
    expect(r.ports.gates.filter((g) => g.gate === 'command').map((g) => g.verdict)).toEqual(['reject']);
  });

  it('takes the evidence of the review before it on the same tree, and on no other', async () => {
    const f = await factory(node);
    const turns = [
      [
        call('report', { summary: 'All of it reads well.', verdict: 'pass', verification: 'read it' }),
        finish,
      ],
    ];
    const review = await f.work('SECURITY', { title: 'Audit: anything' }, { integrates: false });
    const gate = review.blueprint.steps.flatMap((s) => s.gates).find((g) => g.kind === 'command');
    const tree = await gitLine(['rev-parse', 'main^{tree}'], { gitDir: f.bare });
    const command = gate?.kind === 'command' ? gate.command : [];
    const commands = async (seenOn: string) => {
      const w = { ...review, evidence: [{ command, tree: seenOn, taskId: 4006, stage: 'REVIEW' as const }] };
      const r = await f.run(w, memoryPorts(), undefined, puppet(turns));
      return r.ports.gates.filter((g) => g.gate === 'command').map((g) => g.detail);
    };
    expect((await commands(tree))[0]).toContain('passed on this tree');
    expect((await commands('0'.repeat(40)))[0]).not.toContain('passed on this tree');
  });
});

describe('feedback', { timeout: 120_000 }, () => {
  let f: Factory;
  beforeAll(async () => {
    f = await factory(await bentoFiles('scaffold', 'schema', 'landing', 'api'));
  });

  it('of a failed gate mends the planted bug', async () => {
    const r = await f.run(await f.work('BUILD', { id: 4005, title: MEALS }));
    expect(r.kind).toBe('done');
    const command = r.ports.gates.filter((g) => g.gate === 'command');
    expect(command.map((g) => [g.tryNumber, g.ok, g.verdict])).toEqual([
      [1, false, 'retry'],
      [2, true, 'pass'],
    ]);
    expect(command[0]?.output).toContain('4560');
    expect(command[0]?.tree).not.toBe(command[1]?.tree);
  });

  it('taken away, the mend fails', async () => {
    const forgetful: Provider = {
      ...f.provider,
      chat: (r) =>
        f.provider.chat({
          ...r,
          messages: r.messages.map((m) => ({
            ...m,
            content: m.content.replace(/<data kind="feedback">[\s\S]*?<\/data>/g, ''),
          })),
        }),
    };
    const r = await f.run(
      await f.work('BUILD', { id: 4006, title: MEALS }),
      memoryPorts(),
      undefined,
      forgetful,
    );
    expect(r).toMatchObject({ kind: 'failed', cause: 'gate' });
    expect(r.ports.gates.filter((g) => g.gate === 'command').map((g) => g.verdict)).toEqual([
      'retry',
      'retry',
      'escalate',
    ]);
    expect(r.ports.proofs).toHaveLength(1);
  });
});

describe('going on', () => {
  it('starts at the first step that is not done, from its commit, with what the others said', async () => {
    const f = await factory(node);
    const w = await f.work('BUILD', { id: 77, title: 'Add a note' });
    const first = memoryPorts({
      checkpoint: async (s) => {
        first.steps.push(s);
        return first.steps.length === 2 ? 'stale' : 'ok';
      },
    });
    expect((await f.run(w, first)).kind).toBe('aborted');
    const again: AttemptWork = {
      ...w,
      n: 2,
      baseCommit: first.steps[1]?.commit ?? null,
      steps: w.steps.map((s) => {
        const done = first.steps.find((d) => d.stepId === s.id);
        return done ? { ...s, done: true, commit: done.commit, output: done.output } : s;
      }),
    };
    const second = await f.run(again);
    expect(second).toMatchObject({ kind: 'done', commit: first.steps[1]?.commit });
    expect(second.ports.steps.map((s) => s.stepId)).toEqual([w.steps[2]?.id]);
    expect(second.ports.proofs[0]?.patch).toContain('docs/notes/task-77.md');
    expect(await gitLine(['rev-parse', 'refs/heads/minion/77-1'], { gitDir: f.bare })).toBe(
      first.steps[1]?.commit,
    );
  });

  it('says again how a merge ended that was stored just before a crash, and merges nothing twice', async () => {
    const f = await factory(node);
    const w = await f.work('DOCS', { title: 'Describe it' });
    const first = await f.run(w);
    expect(first).toMatchObject({ kind: 'done', integration: { result: 'merged' } });
    const [plan] = first.ports.plans;
    const steps = w.steps.map((s) => {
      const done = first.ports.steps.find((d) => d.stepId === s.id);
      return { ...s, done: true, commit: done?.commit ?? null, output: done?.output ?? null };
    });
    const landed = memoryPorts({ landedIntegration: async () => plan ?? null });
    const again = await f.run({ ...w, n: 2, steps, baseCommit: steps[0]?.commit ?? null }, landed);
    expect(again).toMatchObject({ kind: 'done', integration: { result: 'merged', newSha: plan?.newSha } });
    expect(landed.steps).toEqual([]);
    expect(landed.plans).toEqual([]);
  });

  it('keeps unfinished work of a failed attempt in the recovery bin', async () => {
    const f = await factory(node);
    const gates = [{ kind: 'file_exists', path: 'never' }];
    const w = await f.work('BUILD', { id: 78 }, { blueprint: oneStep({ gates }) });
    const turns = [[call('write', { path: 'half.txt', content: 'half' }), finish], [finish]];
    expect((await f.run(w, memoryPorts(), undefined, puppet(turns))).kind).toBe('failed');
    const [kept] = await readBin(f.bare, 1_000);
    expect(kept).toMatchObject({ key: '78-1', taskId: 78, subject: 'Unfinished work of 78-1' });
    expect((await git(['show', `${kept?.sha}:half.txt`], { gitDir: f.bare })).stdout).toBe('half');
  });
});
