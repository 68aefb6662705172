import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { type AddressInfo, connect, createServer, type LookupFunction, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Egress, type EgressRules, openEgress } from './egress.ts';

let hostDir: string;
beforeAll(async () => {
  hostDir = await mkdtemp(join(tmpdir(), 'alai-egress-'));
});
afterAll(() => rm(hostDir, { recursive: true, force: true }));

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function model(listener: http.RequestListener) {
  const server = http.createServer(listener);
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
  open.push({
    async close() {
      server.closeAllConnections();
      await new Promise((r) => server.close(r));
    },
  });
  return (server.address() as AddressInfo).port;
}

/** As if the name were a public one that leads here. */
const leadsHere: LookupFunction = (_, o, done) =>
  o.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

async function way(rules: Partial<EgressRules>, lookup?: LookupFunction) {
  const refused: string[] = [];
  const all = { upstream: null, keys: {}, tunnels: [], onRefused: (w: string) => refused.push(w), ...rules };
  const egress = await openEgress({ by: 'socket', hostDir }, all, lookup);
  open.push(egress);
  return { egress, refused, socket: socketOf(egress) };
}
const socketOf = (e: Egress) => ('socket' in e.at ? e.at.socket : '');
const at = (port: number, inner = true) => ({ url: new URL(`http://127.0.0.1:${port}/v1`), inner });

function ask(socket: string, path: string, o: http.RequestOptions = {}, body = '') {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const req = http.request({ socketPath: socket, path, method: body ? 'POST' : 'GET', ...o }, (res) => {
      let text = '';
      res.on('data', (d) => (text += d));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

async function tunnel(socket: string, to: string): Promise<{ status: string; s: Socket; read(): string }> {
  const s = connect({ path: socket, allowHalfOpen: true });
  let text = '';
  s.on('data', (d) => (text += d));
  s.on('error', () => {});
  s.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n`);
  await expect.poll(() => text).toContain('\r\n\r\n');
  const status = text.split('\r\n')[0] ?? '';
  text = '';
  return { status, s, read: () => text };
}

describe('the way out of a closed sandbox', () => {
  it('carries requests to the model with its key, which nobody inside has', async () => {
    const seen: http.IncomingMessage[] = [];
    const port = await model((req, res) => {
      seen.push(req);
      res.end('yes');
    });
    const { socket } = await way({ upstream: at(port), keys: { 'stand-in': 'the-key' } });
    const headers = { authorization: 'Bearer stand-in', cookie: 'a=b', 'anthropic-version': '1' };
    expect(await ask(socket, '/v1/messages?beta=true', { headers }, '{}')).toEqual({
      status: 200,
      text: 'yes',
    });
    await ask(socket, '/v1/models?key=stand-in');
    expect(seen[0]).toMatchObject({
      url: '/v1/messages?beta=true',
      headers: { host: `127.0.0.1:${port}`, authorization: 'Bearer the-key', 'anthropic-version': '1' },
    });
    expect(seen[0]?.headers.cookie).toBeUndefined();
    expect(seen[1]?.url).toBe('/v1/models?key=the-key');
  });

  it('carries nothing under another key, however it is sent', async () => {
    let asked = 0;
    const port = await model((_, res) => {
      asked++;
      res.end();
    });
    const { socket, refused } = await way({ upstream: at(port), keys: { 'stand-in': 'the-key' } });
    for (const headers of [
      { authorization: 'Bearer mine' },
      { authorization: 'Bearer mine stand-in' },
      { 'x-api-key': 'mine' },
      { 'x-goog-api-key': ['stand-in', 'mine'] },
      { 'x-api-key': 'constructor' },
      { 'x-litellm-api-key': 'mine' },
      { 'x-goog-iam-authorization-token': 'mine' },
      // Each part of a batch has headers of its own.
      { 'content-type': 'Multipart/Mixed; boundary=b' },
    ])
      expect(await ask(socket, '/v1/files', { headers })).toMatchObject({ status: 403 });
    // The last is a place that somebody else opened for an upload: whoever knows it needs no key.
    for (const query of [
      'key=mine',
      'key=stand-in&key=mine',
      '$key=mine',
      'oauth_token=mine',
      'upload_id=his',
    ])
      expect(await ask(socket, `/v1/files?${query}`)).toMatchObject({ status: 403 });
    expect(asked).toBe(0);
    expect(refused).toHaveLength(13);
    expect(refused[0]).toContain('another key');
  });

  it('hides no second request in the body of one', async () => {
    const seen: { url?: string | undefined; body: string }[] = [];
    const port = await model((req, res) => {
      let body = '';
      req.on('data', (d) => (body += d));
      req.on('end', () => {
        seen.push({ url: req.url, body });
        res.end('yes');
      });
    });
    const { socket } = await way({ upstream: at(port), keys: { 'stand-in': 'the-key' } });
    const hidden = 'POST /v1/files HTTP/1.1\r\nHost: x\r\nx-api-key: mine\r\nContent-Length: 0\r\n\r\n';
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      const headers = { 'transfer-encoding': 'chunked' };
      expect(await ask(socket, '/v1/models', { method, headers }, hidden)).toMatchObject({ status: 200 });
    }
    expect(seen).toEqual(Array(3).fill({ url: '/v1/models', body: hidden }));
  });

  it('leads to nothing else of the server that its model is one of', async () => {
    const urls: unknown[] = [];
    const port = await model((req, res) => {
      urls.push(req.url);
      res.end('yes');
    });
    const { socket, refused } = await way({ upstream: at(port) });
    for (const path of [
      '/api/delete',
      '/v1x',
      '/v1/../api',
      '/v1/%2e%2e/api',
      '/v1/..%2Fapi',
      '/v1/..%5capi',
    ])
      expect(await ask(socket, path)).toMatchObject({ status: 403 });
    expect(await ask(socket, '/v1/models/a%2Fb')).toMatchObject({ status: 200 });
    expect(urls).toEqual(['/v1/models/a%2Fb']);
    expect(refused[0]).toBe(`127.0.0.1:${port}/api/delete`);
  });

  it('survives an answer and an address that cannot be passed on', async () => {
    const server = createServer((s) => s.resume().end('HTTP/1.1 099 What\r\n\r\n'));
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
    open.push({ close: () => new Promise((r) => server.close(() => r())) });
    const { port } = server.address() as AddressInfo;
    const strange = await way({ upstream: at(port) });
    await expect(ask(strange.socket, '/v1/x')).rejects.toThrow();
    const there = await model((req, res) => res.end(req.headers.authorization));
    const url = new URL(`http://a%zz:b@127.0.0.1:${there}/v1`);
    const { socket } = await way({ upstream: { url, inner: true } });
    const text = `Basic ${Buffer.from('a%zz:b').toString('base64')}`;
    expect(await ask(socket, '/v1/x')).toEqual({ status: 200, text });
  });

  it('refuses every other host, by request and by tunnel, and says which', async () => {
    const port = await model((_, res) => res.end('yes'));
    const other = await model((_, res) => res.end('other'));
    const { socket, refused } = await way({ upstream: at(port), tunnels: ['api.example.com:443'] });
    expect(await ask(socket, `http://127.0.0.1:${port}/v1/x`)).toMatchObject({ status: 200 });
    for (const url of [`http://127.0.0.1:${other}/`, 'http://169.254.169.254/latest', 'http://[::1]:1/'])
      expect(await ask(socket, url)).toMatchObject({ status: 403 });
    for (const to of [
      'example.com:443',
      'api.example.com:22',
      `127.0.0.1:${other}`,
      '169.254.169.254:80',
      '[::1]:5432',
      'api.example.com.evil.net:443',
    ])
      expect((await tunnel(socket, to)).status).toBe('HTTP/1.1 403 Forbidden');
    expect(refused).toEqual([
      ...[`127.0.0.1:${other}`, '169.254.169.254:80', '[::1]:1', 'example.com:443', 'api.example.com:22'],
      ...[`127.0.0.1:${other}`, '169.254.169.254:80', '[::1]:5432', 'api.example.com.evil.net:443'],
    ]);
  });

  it('goes into an inner net only where the operator said so, whatever a name leads to', async () => {
    const port = await model((_, res) => res.end('inner'));
    const literal = await way({ upstream: at(port, false) });
    expect(await ask(literal.socket, '/v1/x')).toMatchObject({ status: 403 });
    const named = await way({
      upstream: { url: new URL(`http://localhost:${port}`), inner: false },
      tunnels: [`localhost:${port}`],
    });
    expect(await ask(named.socket, '/v1/x')).toMatchObject({ status: 502 });
    expect((await tunnel(named.socket, `localhost:${port}`)).status).toBe('HTTP/1.1 502 Bad Gateway');
  });

  it('streams 50 MB unchanged, both ways', async () => {
    const piece = randomBytes(1_000_000);
    const port = await model((req, res) => {
      const hash = createHash('sha256');
      req.on('data', (d) => hash.update(d));
      const answer = async () => {
        res.writeHead(200, { 'x-got': hash.digest('hex') });
        for (let n = 0; n < 50; n++) if (!res.write(piece)) await new Promise((r) => res.once('drain', r));
        res.end();
      };
      req.on('end', () => void answer());
    });
    const { socket } = await way({ upstream: at(port) });
    const sent = createHash('sha256');
    const got = createHash('sha256');
    const answer = await new Promise<{ got: unknown; bytes: number }>((resolve, reject) => {
      const req = http.request({ socketPath: socket, path: '/v1/x', method: 'POST' }, (res) => {
        let bytes = 0;
        res.on('data', (d: Buffer) => {
          got.update(d);
          bytes += d.length;
        });
        res.on('end', () => resolve({ got: res.headers['x-got'], bytes }));
      });
      req.on('error', reject);
      const write = async () => {
        for (let n = 0; n < 50; n++) {
          sent.update(piece);
          if (!req.write(piece)) await new Promise((r) => req.once('drain', r));
        }
        req.end();
      };
      void write();
    });
    const whole = createHash('sha256');
    for (let n = 0; n < 50; n++) whole.update(piece);
    expect(answer).toEqual({ got: sent.digest('hex'), bytes: 50_000_000 });
    expect(got.digest('hex')).toBe(whole.digest('hex'));
  });

  it('tells the model when its caller is gone, and the caller when the model is', async () => {
    let left = false;
    let cut = (): void => {};
    const port = await model((req, res) => {
      res.write('beginning');
      cut = () => res.destroy();
      res.on('close', () => (left = true));
      req.resume();
    });
    const { socket } = await way({ upstream: at(port) });
    const begin = () =>
      new Promise<http.IncomingMessage>((resolve) => {
        http.get({ socketPath: socket, path: '/v1/x' }, (res) => res.once('data', () => resolve(res)));
      });
    (await begin()).destroy();
    await expect.poll(() => left).toBe(true);
    const second = await begin();
    const broken = new Promise((resolve) => second.on('error', resolve));
    cut();
    expect(await broken).toMatchObject({ code: 'ECONNRESET' });
    const gone = await way({ upstream: at(1) });
    expect(await ask(gone.socket, '/v1/x')).toMatchObject({
      status: 502,
      text: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('is not filled up by whoever sends requests without reading their answers', async () => {
    let most = 0;
    let now = 0;
    const port = await model((_, res) => {
      most = Math.max(most, ++now);
      res.on('close', () => now--);
    });
    const { socket } = await way({ upstream: at(port) });
    const s = connect({ path: socket });
    const cut = new Promise((resolve) => s.on('close', resolve));
    s.on('error', () => {});
    s.write('GET /v1/x HTTP/1.1\r\nHost: model\r\n\r\n'.repeat(5_000));
    await cut;
    await expect.poll(() => now).toBe(0);
    expect(most).toBeLessThanOrEqual(256);
  });

  it('a tunnel can be closed on one side while the other still speaks', async () => {
    const server = createServer({ allowHalfOpen: true }, (s) => {
      let heard = '';
      s.on('data', (d) => (heard += d));
      s.on('end', () => s.end(`heard ${heard}`));
    });
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
    open.push({ close: () => new Promise((r) => server.close(() => r())) });
    const to = `model.example:${(server.address() as AddressInfo).port}`;
    const { socket } = await way({ tunnels: [to] }, leadsHere);
    const t = await tunnel(socket, to);
    expect(t.status).toBe('HTTP/1.1 200 OK');
    t.s.end('all of it');
    await expect.poll(() => t.read()).toBe('heard all of it');
  });

  it('lies where the next worker sweeps up, and a socket fits where that is too deep', async () => {
    const { socket } = await way({});
    expect(socket.startsWith(join(hostDir, 'run', 'out-'))).toBe(true);
    const onRefused = () => {};
    const deep = { by: 'socket' as const, hostDir: join(hostDir, 'x'.repeat(90)) };
    const egress = await openEgress(deep, { upstream: null, keys: {}, tunnels: [], onRefused });
    open.push(egress);
    expect(await ask(socketOf(egress), '/v1/x')).toMatchObject({ status: 403 });
  });

  it('is gone when it is closed, with what went through it', async () => {
    let left = false;
    const port = await model((_, res) => {
      res.write('beginning');
      res.on('close', () => (left = true));
    });
    const { egress, socket } = await way({ upstream: at(port) });
    const ended = new Promise((resolve) => {
      http.get({ socketPath: socket, path: '/v1/x' }, (res) => {
        res.on('error', resolve);
        res.once('data', () => void egress.close());
      });
    });
    await ended;
    await expect.poll(() => left).toBe(true);
    await expect.poll(() => existsSync(dirname(socket))).toBe(false);
    open.splice(open.indexOf(egress), 1);
  });
});
