import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import type { PipelineName } from '#server/domain/pipelines.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import { type ChatRequest, NO_USAGE, type Provider } from '#server/models/provider.ts';
import { gitLine } from '#server/platform/git.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { memoryPorts } from '#test/ports.ts';

let f: Factory;
beforeAll(async () => {
  f = await createFactory({
    'package.json': JSON.stringify({
      name: 'demo',
      type: 'module',
      scripts: { test: 'node --test --test-isolation=none' },
    }),
    'README.md': '# demo\n',
    'src/add.js': 'export const add = (a, b) => a - b;\n',
    '.github/workflows/ci.yml': 'on: push\n',
  });
});
afterAll(() => f.stop());

const asked = (...pipelines: PipelineName[]): Pick<AttemptWork, 'model'> => ({
  model: { provider: 'ollama', name: 'qwen3:8b', tier: 1, host: 'forge', pipelines },
});

/** A model that says these texts, one after the other, and calls no tool. */
function speaker(texts: string[], seen: ChatRequest[] = []): Provider {
  let n = 0;
  return {
    id: 'ollama',
    url: 'speaker',
    contextOf: async () => 32_768,
    probe: async () => ({ reachable: true, version: '1', models: [], scripted: false, problem: null }),
    async chat(r) {
      seen.push({ ...r, messages: structuredClone(r.messages) });
      const text = texts[Math.min(n++, texts.length - 1)] ?? '';
      return {
        ...NO_USAGE,
        text,
        toolCalls: [],
        tokensIn: 10,
        tokensOut: 5,
        ms: 1,
        stop: 'stop',
        scripted: false,
      };
    },
  };
}
const file = (path: string, content: string) => `FILE: ${path}\n\`\`\`\`\n${content}\n\`\`\`\`\n`;
const json = (o: unknown) => `\`\`\`json\n${JSON.stringify(o)}\n\`\`\`\n`;
const done = json({ summary: 'It adds now.' });
const diff =
  '```diff\n--- a/src/add.js\n+++ b/src/add.js\n@@ -1,1 +1,1 @@\n-export const add = (a, b) => a - b;\n+export const add = (a, b) => a + b;\n```\n';
const blueprint = blueprintSchema.parse({
  name: 'test',
  steps: [
    {
      key: 'build',
      role: 'builder',
      instructions: 'Mend src/add.js.',
      tools: ['write', 'read', 'list', 'finish'],
      paths: { deny: ['.github/**'] },
    },
  ],
});
const build = async (provider: Provider, ...pipelines: PipelineName[]) =>
  f.run(
    await f.work('BUILD', { title: 'Mend add' }, { blueprint, ...asked(...pipelines) }),
    memoryPorts(),
    undefined,
    provider,
  );

describe('a model that only advises', () => {
  it('builds and reviews over the wire, and the harness does what it says', { timeout: 60_000 }, async () => {
    const w = await f.work('BUILD', { id: 4001, title: 'A note about the shop' }, asked('ollama-simple'));
    const built = await f.run(w);
    expect(built).toMatchObject({ kind: 'done', verdict: 'pass' });
    expect(built.kind === 'done' && built.report.filesWritten).toContain('docs/notes/task-4001.md');
    expect(built.ports.calls.length).toBe(w.blueprint.steps.length);
    const head = built.kind === 'done' ? built.commit : null;
    const review = await f.run(
      await f.work(
        'REVIEW',
        { title: 'A note about the shop' },
        { baseCommit: head, reviewedCommit: head, ...asked('ollama-simple') },
      ),
    );
    expect(review).toMatchObject({ kind: 'done', verdict: 'pass' });
  });

  it('is shown the files it needs, and its difference is applied', async () => {
    const seen: ChatRequest[] = [];
    const r = await build(speaker([`I mend it.\n\n${diff}\n${done}`], seen), 'ollama-simple');
    expect(r).toMatchObject({ kind: 'done' });
    expect(seen[0]?.tools).toEqual([]);
    const prompt = seen[0]?.messages.map((m) => m.content).join('\n') ?? '';
    expect(prompt).toContain('=== src/add.js\nexport const add = (a, b) => a - b;');
    const commit = r.kind === 'done' ? (r.commit ?? '') : '';
    const text = await gitLine(['show', `${commit}:src/add.js`], { gitDir: f.bare });
    expect(text).toBe('export const add = (a, b) => a + b;');
  });

  it('writes nothing its role may not: it is told why, and asked again twice at most', async () => {
    const seen: ChatRequest[] = [];
    const evil = `${file('.github/workflows/ci.yml', 'on: evil')}${file('../outside.txt', 'x')}${done}`;
    const mended = await build(speaker([evil, `${diff}\n${done}`], seen), 'ollama-simple');
    expect(mended).toMatchObject({ kind: 'done' });
    const told = seen[1]?.messages.at(-1)?.content ?? '';
    expect(told).toContain('REFUSED');
    expect(told).toContain('../outside.txt');
    const stubborn: ChatRequest[] = [];
    const never = await build(speaker([evil], stubborn), 'ollama-simple');
    expect(never).toMatchObject({ kind: 'failed', code: 'MODEL_GARBAGE' });
    expect(stubborn).toHaveLength(3);
  });

  it('decides nothing by prose', async () => {
    const w = await f.work('REVIEW', { title: 'Review: anything' }, asked('ollama-simple'));
    const r = await f.run(w, memoryPorts(), undefined, speaker(['Looks good to me. Verdict: pass.']));
    expect(r).toMatchObject({ kind: 'failed', code: 'MODEL_GARBAGE' });
  });

  it('takes over from tools that a model does not master, and the transcript says so', async () => {
    const r = await build(
      speaker(['Let me think.', 'Well.', 'Hm.', `${diff}\n${done}`]),
      'ollama-tool',
      'ollama-simple',
    );
    expect(r).toMatchObject({ kind: 'done' });
    const change = r.ports.entries.find((e) => e.data.next === 'ollama-simple');
    expect(change?.data).toMatchObject({ code: 'MODEL_GARBAGE', pipeline: 'ollama-tool' });
  });
});
