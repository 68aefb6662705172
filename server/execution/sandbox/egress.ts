import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { isInner, outerLookup } from '#server/platform/outgoing.ts';
import { EGRESS_PORT } from './sandbox.ts';

/**
 * The only way out of a sandbox whose network is closed: a small server outside, for one run, that carries requests to one
 * model server and opens tunnels to a few named hosts. Everything else is refused and told.
 */

export interface EgressRules {
  /** The server that plain requests are carried to, over TLS where its address says so. `inner`: it may lie in an inner net. */
  upstream: { url: URL; inner: boolean } | null;
  /** What stands for a key inside, with the key that takes its place on the way out. No other key is let through. */
  keys: Readonly<Record<string, string>>;
  /** `host:port` to which a tunnel may be opened; never into an inner net. */
  tunnels: readonly string[];
  /** Told each time something is refused. */
  onRefused: (what: string) => void;
  /** Told how the model server answered each request. */
  onAnswer?: (status: number) => void;
  /** Answers what is asked of us ourselves, below OWN. */
  own?: http.RequestListener;
}

export interface Egress {
  /** Where the sandbox finds it: a socket that is mounted, or a port of the loopback where sockets cannot be. */
  at: { socket: string } | { port: number };
  /** Ends it and every connection. */
  close(): Promise<void>;
}

/** Whoever is inside may not use up the worker's connections and memory; no agent comes near. */
const MOST_CONNECTIONS = 128;
const MOST_REQUESTS = 256;
/** Paths that no model server has. */
const OWN = '/.alai/';
/** Of one connection, or of no use behind it. */
const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade'],
  ...['transfer-encoding', 'expect', 'host', 'cookie'],
]);
/** Where a key is sent, by all the protocols models are asked in and by the gateways before them. */
const KEY_HEADERS = /authorization|api-?key|auth-?token|subscription-key/;
/** The last is as good as a key: a place for an upload that somebody else opened. */
const KEY_PARAMETERS = /^\$?(key|api[_-]key|access_token|oauth_token|upload_id)$/i;
/** A batch: each of its parts has headers of its own. */
const BATCH = /^\s*multipart\/mixed/i;

/** A word that stands for a key inside: worth nothing anywhere else. */
export const standIn = (): string => `sk-alai-${randomBytes(24).toString('hex')}`;

/** No path of a socket may be longer, in bytes. */
const LONGEST_PATH = 100;

/** A folder for the socket: among what a host's next worker sweeps away, unless that lies too deep. */
async function folderFor(hostDir: string): Promise<string> {
  const run = join(hostDir, 'run');
  const deep = Buffer.byteLength(join(run, 'out-XXXXXX', 's')) > LONGEST_PATH;
  if (!deep) await mkdir(run, { recursive: true });
  return await mkdtemp(deep ? join(tmpdir(), 'alai-out-') : join(run, 'out-'));
}

/** Opens the way out for one run. The caller closes it whatever happens. Names are judged, and pinned, by `lookup`. */
export async function openEgress(
  where: { by: 'socket' | 'port'; hostDir: string },
  rules: EgressRules,
  lookup: LookupFunction = outerLookup,
): Promise<Egress> {
  const { by, hostDir } = where;
  const { upstream } = rules;
  const auth = upstream ? signIn(upstream.url) : null;
  const secure = upstream?.url.protocol === 'https:';
  const agent = new (secure ? https : http).Agent({ keepAlive: true });
  const sockets = new Set<Duplex>();
  const hold = <S extends Duplex>(s: S): S => {
    sockets.add(s);
    s.once('close', () => sockets.delete(s));
    return s;
  };

  function refuse(what: string): string {
    rules.onRefused(what);
    return `${what} is not reached from here: only the model of this run is.\n`;
  }

  /** Carries one request to the model server; whichever side goes takes the other along. */
  function carry(req: http.IncomingMessage, res: http.ServerResponse, url: URL): void {
    if (!upstream) return void res.writeHead(403).end(refuse(url.host));
    if (!isBelow(url.pathname, upstream.url.pathname))
      return void res.writeHead(403).end(refuse(upstream.url.host + url.pathname));
    const headers: http.OutgoingHttpHeaders = {};
    for (const [name, value] of Object.entries(req.headers)) if (!HOP_BY_HOP.has(name)) headers[name] = value;
    // Said again, or the body of a GET would follow its head unframed, and be read as the next request.
    if ('transfer-encoding' in req.headers) headers['transfer-encoding'] = 'chunked';
    const stranger = exchangeKeys(headers, url, rules.keys) || BATCH.test(req.headers['content-type'] ?? '');
    if (stranger)
      return void res.writeHead(403).end(refuse(`${upstream.url.host} with another key than this run's`));
    const { hostname, port } = upstream.url;
    const host = bare(hostname);
    if (!upstream.inner && isIP(host) && isInner(host))
      return void res.writeHead(403).end(refuse(upstream.url.host));
    const out = (secure ? https : http).request({
      ...{ host, agent, headers, method: req.method, path: url.pathname + url.search },
      ...(port ? { port } : {}),
      ...(auth ? { auth } : {}),
      ...(upstream.inner ? {} : { lookup }),
      setHost: true,
    });
    out.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      // No status that can be passed on.
      if (status < 200) return void res.destroy();
      rules.onAnswer?.(status);
      const back: http.OutgoingHttpHeaders = {};
      for (const [name, value] of Object.entries(answer.headers))
        if (!HOP_BY_HOP.has(name)) back[name] = value;
      res.writeHead(status, back);
      // A header alone is an answer too: whoever waits for a stream has to see that it began.
      res.flushHeaders();
      answer.pipe(res);
      answer.on('error', () => res.destroy());
      answer.on('close', () => {
        if (!answer.complete) res.destroy();
      });
    });
    out.on('error', (e: NodeJS.ErrnoException) => {
      if (res.headersSent) return void res.destroy();
      res.writeHead(502, { 'content-type': 'text/plain' });
      res.end(`${upstream.url.host} cannot be reached: ${e.code ?? e.message}\n`);
    });
    res.on('close', () => out.destroy());
    req.on('error', () => out.destroy());
    req.pipe(out);
  }

  const isHere = (url: URL) =>
    ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname) &&
    url.port === String(by === 'socket' ? EGRESS_PORT : (server.address() as AddressInfo).port);

  let running = 0;
  const server = http.createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (req, res) => {
    if (running >= MOST_REQUESTS) return void req.socket.destroy();
    running++;
    res.once('close', () => running--);
    const url = URL.parse(req.url ?? '', 'http://inside');
    // A client that takes us for its proxy names the whole address, its own loopback's too.
    const direct = url?.host === 'inside' || (url !== null && isHere(url));
    if (!url || !(direct || url.host === upstream?.url.host))
      return void res.writeHead(403).end(refuse(url ? withPort(url) : 'what is no address'));
    if (direct && rules.own && url.pathname.startsWith(OWN)) return rules.own(req, res);
    carry(req, res, url);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('connection', hold);
  server.on('connect', (req, duplex, head) => {
    const inner = duplex as Socket;
    hold(inner).on('error', () => inner.destroy());
    const target = URL.parse(`https://${req.url}`);
    const to = target ? withPort(target) : '';
    const host = target ? bare(target.hostname) : '';
    if (target && isHere(target)) {
      inner.write('HTTP/1.1 200 OK\r\n\r\n');
      if (head.length > 0) inner.unshift(head);
      server.emit('connection', inner);
      return;
    }
    if (!target || !rules.tunnels.includes(to) || (isIP(host) !== 0 && isInner(host))) {
      const said = refuse(to || 'what is no address');
      inner.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${Buffer.byteLength(said)}\r\n\r\n${said}`);
      return;
    }
    const outer = hold(connect({ host, port: Number(target.port || 443), lookup, allowHalfOpen: true }));
    let open = false;
    outer.on('connect', () => {
      open = true;
      inner.write('HTTP/1.1 200 OK\r\n\r\n');
      if (head.length > 0) outer.write(head);
      inner.pipe(outer).pipe(inner);
    });
    outer.on('error', () => {
      if (open) inner.destroy();
      else inner.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    });
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroySoon());
  });

  const dir = by === 'socket' ? await folderFor(hostDir) : null;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      if (dir) server.listen(join(dir, 's'), resolve);
      else server.listen(0, '127.0.0.1', resolve);
    });
  } catch (e) {
    if (dir) await rm(dir, { recursive: true, force: true });
    throw e;
  }
  return {
    at: dir ? { socket: join(dir, 's') } : { port: (server.address() as AddressInfo).port },
    async close() {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const s of sockets) s.destroy();
      agent.destroy();
      await ended;
      if (dir) await rm(dir, { recursive: true, force: true });
    },
  };
}

const bare = (host: string) => host.replace(/^\[|\]$/g, '');
/** What an address has before its host. */
function signIn({ username, password }: URL): string | null {
  if (username === '') return null;
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    return `${username}:${password}`;
  }
}

/** Whether a path lies below the one that the model has on its server: a gateway leads to more than a model. */
function isBelow(path: string, base: string): boolean {
  const own = base.replace(/\/$/, '');
  if (own === '') return true;
  // Some servers read these as a step up; an address does not.
  const steps = path.replace(/%2e/gi, '.').split(/\/|%2f|%5c/i);
  return (path === own || path.startsWith(`${own}/`)) && !steps.includes('..');
}

const withPort = (url: URL) => `${url.hostname}:${url.port || (url.protocol === 'http:' ? 80 : 443)}`;

/**
 * Puts the keys where their stand-ins are. True where another key is sent: with it, what is carried would lie in somebody
 * else's account.
 */
function exchangeKeys(
  headers: http.OutgoingHttpHeaders,
  url: URL,
  keys: Readonly<Record<string, string>>,
): boolean {
  const keyFor = (word: string) => (Object.hasOwn(keys, word) ? keys[word] : undefined);
  for (const [name, value] of Object.entries(headers)) {
    if (!KEY_HEADERS.test(name)) continue;
    const [, scheme = '', word = ''] = /^(\w+ )?(\S+)$/.exec(String(value)) ?? [];
    const key = keyFor(word);
    if (key === undefined) return true;
    headers[name] = scheme + key;
  }
  for (const name of new Set([...url.searchParams.keys()])) {
    if (!KEY_PARAMETERS.test(name)) continue;
    const [value = '', ...more] = url.searchParams.getAll(name);
    const key = keyFor(value);
    if (key === undefined || more.length > 0) return true;
    url.searchParams.set(name, key);
  }
  return false;
}
