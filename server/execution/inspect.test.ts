import { afterAll, describe, expect, it } from 'vitest';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';

const factories: Factory[] = [];
afterAll(() => Promise.all(factories.map((f) => f.stop())));
const node = {
  'package.json': '{"name":"x","type":"module","scripts":{"test":"node --test --test-isolation=none"}}',
  'README.md': '# x\n',
};
async function factory(): Promise<Factory> {
  const f = await createFactory(node);
  factories.push(f);
  return f;
}

describe('QA-19 in an attempt', { timeout: 60_000 }, () => {
  it('feeds its failures back, and the agent mends what they name', async () => {
    const f = await factory();
    const r = await f.run(await f.work('BUILD', { title: 'A note [fault: report]' }), memoryPorts());
    expect(r.kind).toBe('done');
    const { checked, gates } = r.ports;
    expect(checked.map((c) => c.results.find((x) => x.name === 'report')?.state)).toEqual(['fail', 'pass']);
    expect(gates.filter((g) => g.gate === 'qa-19').map((g) => g.verdict)).toEqual(['retry', 'pass']);
    // What the report said of itself is what the proof of work shows.
    expect(r.ports.proofs[0]?.manifest).toMatchObject({ checks: { ok: true } });
  });

  it('runs once per task, after the last step that writes, on the tree that is committed', async () => {
    const f = await factory();
    const r = await f.run(await f.work('BUILD', { title: 'A note' }), memoryPorts());
    const [only, ...more] = r.ports.checked;
    expect(more).toEqual([]);
    expect(only?.stepKey).toBe('build');
    expect(only?.tree).toBe(r.ports.steps.find((s) => s.commit !== null)?.output.tree);
    expect(only?.results).toHaveLength(19);
  });

  it('is answered by the reviewer where only he can: each criterion by its number', async () => {
    const f = await factory();
    const description = '- the note is there\n- a test reads it';
    const run = await f.chain({ id: 51, title: 'A note', description });
    const review = run.history.find((h) => h.stage === 'REVIEW');
    expect(review?.outcome).toMatchObject({ report: { criteria: [{ number: 1 }, { number: 2 }] } });
    const build = run.history[0]?.ports.checked[0]?.results.find((c) => c.name === 'criteria');
    const answered = review?.ports.checked[0]?.results.find((c) => c.name === 'criteria');
    expect([build?.state, answered?.state]).toEqual(['pending', 'pass']);
  });
});
