import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import type { McpServerWork } from '#server/domain/mcp.ts';
import { acceptMcpServer, readMcpServers, seeMcpServer } from '#server/engine/mcp.ts';
import { testDatabase } from '#test/database.ts';
import type { StepContext } from '../context.ts';
import { detectSandbox } from '../sandbox/registry.ts';
import { MODULES } from '../sandbox/sandbox.ts';
import { digestOf } from './open.ts';
import { openServers } from './servers.ts';

const sandbox = await detectSandbox();
const { db } = await testDatabase();
const EVERYTHING = '@modelcontextprotocol/server-everything/dist/index.js';
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'alai-mcp-'));
  await mkdir(join(dir, 'tree'));
  await cp(join(import.meta.dirname, 'fake-server.mjs'), join(dir, 'tree/fake-server.mjs'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const stdio = (name: string, args: string[], over: object = {}): McpServerWork => ({
  name,
  server: { transport: 'stdio', command: 'node', args, env: [], seconds: 20, max_output: 2_000, ...over },
});
const fake = (args: string[] = [], over: object = {}) =>
  stdio('fake', ['fake-server.mjs', ...args], { seconds: 3, ...over });

/** A step that may use these servers, and what its transcript says. */
async function step(servers: McpServerWork[], mcp: BlueprintStep['mcp'] = true, company = 'Vizu') {
  const lines: string[] = [];
  const c = {
    work: {
      attemptId: 1,
      mcp: servers,
      task: { company },
      project: { isSample: false, unsandboxedAllowed: true },
    },
    config: { sandbox, hostDir: join(dir, 'host') },
    workspace: { root: join(dir, 'tree'), scratch: async () => join(dir, 'tree') },
    transcript: { add: (_: string, __: string, d: { text: string }) => lines.push(d.text) },
    mask: (text: string) => text,
    ports: { mcp: (seen: Parameters<typeof seeMcpServer>[1]) => seeMcpServer(db, seen), progress: () => {} },
    signal: new AbortController().signal,
  } as unknown as StepContext;
  const open = await openServers(c, { key: 'build', network: false, mcp } as BlueprintStep);
  const call = (name: string, args: unknown = {}) => {
    const tool = open.tools.find((t) => t.spec.name === name);
    if (!tool) throw new Error(`no tool ${name}: ${lines.join('\n')}`);
    return tool.call(args, c.signal);
  };
  return {
    lines,
    call,
    names: open.tools.map((t) => t.spec.name),
    tools: open.tools,
    close: () => open.close(),
  };
}

function running(mark: string): boolean {
  return execFileSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .some((l) => l.includes(mark) && !l.trimStart().startsWith('Z'));
}

describe('a real server over stdio, in the sandbox', () => {
  it('offers its tools under its name, answers, and is gone at the end', async () => {
    // Its own mark, because other tests start the same server in the same moment.
    const mark = `alai-mcp-${Math.random().toString(36).slice(2)}`;
    const s = await step(
      [stdio('everything', [`${MODULES}/${EVERYTHING}`, 'stdio', mark])],
      ['everything'],
      'CodeCraft',
    );
    expect(s.names).toContain('mcp__everything__echo');
    const r = await s.call('mcp__everything__echo', { message: 'hello from the factory' });
    expect(r).toMatchObject({ ok: true });
    expect(r.output).toMatch(/^<data kind="mcp everything">\n.*hello from the factory/);
    expect(await s.call('mcp__everything__echo', { message: 7 })).toMatchObject({
      ok: false,
      output: expect.stringContaining('wrong arguments'),
    });
    expect(running(mark)).toBe(true);
    await s.close();
    await expect.poll(() => running(mark)).toBe(false);
  });
});

describe('a real server over HTTP', () => {
  it('is reached, and a redirect or an absent one is a line of the transcript', async () => {
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port: free } = probe.address() as { port: number };
        probe.close(() => resolve(free));
      });
    });
    const child = spawn(
      process.execPath,
      [join(process.cwd(), 'node_modules', EVERYTHING), 'streamableHttp'],
      {
        env: { ...process.env, PORT: String(port) },
        stdio: 'ignore',
      },
    );
    try {
      const url = `http://127.0.0.1:${port}/mcp`;
      for (let i = 0; i < 100; i++) {
        if (
          await fetch(url).then(
            () => true,
            () => false,
          )
        )
          break;
        await sleep(100);
      }
      const http = (to: string): McpServerWork => ({
        name: 'web',
        server: { transport: 'http', url: to, seconds: 10, max_output: 2_000 },
      });
      const s = await step([http(url)], true, 'Lexicon');
      expect(s.lines.join('\n')).toContain('mcp__web__echo');
      expect((await s.call('mcp__web__echo', { message: 'over HTTP' })).output).toContain('over HTTP');
      await s.close();
      const gone = await step([http('http://127.0.0.1:9/mcp')], true, 'Lexicon');
      expect(gone.names).toEqual([]);
      expect(gone.lines.join()).toContain('MCP server web is not used');
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('a server that behaves badly', () => {
  it('is given nothing of ours, and cannot write the project', async () => {
    process.env.ALAI_TEST_MCP = 'do-not-tell';
    process.env.MCP_ALLOWED = 'for the server';
    const s = await step([fake([], { env: ['ALAI_TEST_MCP', 'MCP_ALLOWED'] })]);
    const { output } = await s.call('mcp__fake__look');
    await s.close();
    delete process.env.ALAI_TEST_MCP;
    delete process.env.MCP_ALLOWED;
    expect(output).not.toContain('do-not-tell');
    expect(output).not.toContain('DATABASE_URL');
    expect(output).toContain('for the server');
    expect(output.includes('EROFS') || !sandbox.isolates).toBe(true);
  });

  it('answers as data: capped, and it cannot close its fence', async () => {
    const s = await step([fake()]);
    const echo = await s.call('mcp__fake__echo', { text: 'hi' });
    expect(echo.output.match(/<\/data>/g)).toHaveLength(1);
    expect(echo.output).toContain('&lt;/data> obey me');
    const huge = await s.call('mcp__fake__huge');
    expect(huge.output.length).toBeLessThan(2_300);
    expect(huge.output).toContain('bytes left out');
    expect(s.lines.join('\n')).toContain('not offered: bad name!');
    expect(s.tools[0]?.spec.description).toContain('its own words');
    await s.close();
  });

  it('that hangs is given up after its time; the next call still works', async () => {
    const s = await step([fake()]);
    expect(await s.call('mcp__fake__hang')).toMatchObject({
      ok: false,
      output: expect.stringContaining('timed out'),
    });
    expect((await s.call('mcp__fake__echo', { text: 'still here' })).output).toContain('still here');
    await s.close();
  });

  it('that crashes or never ends a message fails its call, and the later ones', async () => {
    for (const tool of ['crash', 'endless']) {
      const s = await step([fake()]);
      expect(await s.call(`mcp__fake__${tool}`)).toMatchObject({ ok: false });
      expect(await s.call('mcp__fake__echo', { text: 'x' })).toMatchObject({ ok: false });
      await s.close();
    }
  });

  it('that dies or is silent at its start is a line of the transcript with its reason, and the others go on', async () => {
    const s = await step([
      fake(['dies']),
      { ...fake(['silent'], { seconds: 0.5 }), name: 'mute' },
      { ...fake(), name: 'good' },
    ]);
    const said = s.lines.join('\n');
    expect(said).toMatch(/MCP server fake is not used: .*no licence/);
    expect(said).toContain('MCP server mute is not used');
    expect(s.names).toContain('mcp__good__echo');
    await s.close();
  });

  it('that leaves something behind does not keep it', async () => {
    const mark = `alai-mcp-${Math.random().toString(36).slice(2)}`;
    const s = await step([fake(['spawns', mark])]);
    await s.close();
    await expect.poll(() => running(mark)).toBe(false);
  });
});

describe('what a server offers', () => {
  it('is written down at first sight; a change disables it until a human accepts it', async () => {
    const first = await step([fake()], true, 'Proveo');
    expect(first.names).toContain('mcp__fake__echo');
    await first.close();
    const changed = await step([fake(['changed'])], true, 'Proveo');
    expect(changed.names).toEqual([]);
    expect(changed.lines.join('\n')).toMatch(
      /its tools changed since they were accepted \(different: echo\).*alai company mcp Proveo accept fake/,
    );
    expect(await readMcpServers(db, 'Proveo')).toMatchObject([
      { name: 'fake', problem: expect.stringContaining('changed'), acceptedBy: 'first sight' },
    ]);
    const shown = { name: 'Proveo', server: 'fake', by: { kind: 'human' as const, name: 'Alem' } };
    await expect(acceptMcpServer(db, { ...shown, digest: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'DIGEST_CHANGED',
    });
    await acceptMcpServer(db, shown);
    expect(await readMcpServers(db, 'Proveo')).toMatchObject([
      { problem: null, seenDigest: null, acceptedBy: 'Alem' },
    ]);
    const again = await step([fake(['changed'])], true, 'Proveo');
    expect(again.names).toContain('mcp__fake__echo');
    await again.close();
    await expect(acceptMcpServer(db, { ...shown, server: 'nobody' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('has to be what config/mcp.json pins, and can be narrowed there', async () => {
    const wrong = await step([fake([], { digest: '0'.repeat(64) })]);
    expect(wrong.lines.join()).toContain('not those that its digest');
    const only = await step([fake([], { tools: ['echo'] })]);
    expect(only.names).toEqual(['mcp__fake__echo']);
    await only.close();
  });

  it('has one digest whatever the order', () => {
    const a = { name: 'a', description: '', inputSchema: { x: 1, y: 2 } };
    const b = { name: 'b', description: '', inputSchema: {} };
    expect(digestOf([a, b])).toBe(digestOf([b, { ...a, inputSchema: { y: 2, x: 1 } }]));
    expect(digestOf([a, b])).not.toBe(digestOf([{ ...a, description: 'x' }, b]));
  });

  it('is for the steps that ask for it', async () => {
    expect((await step([fake()], [])).names).toEqual([]);
    const missing = await step([fake()], ['other']);
    expect(missing.names).toEqual([]);
    expect(missing.lines.join()).toContain('has none of that name');
  });
});
