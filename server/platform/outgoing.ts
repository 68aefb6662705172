import { lookup as resolve } from 'node:dns';
import { lookup as resolveAll } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { AlaiError } from '#server/domain/errors.ts';

/** The only way out to addresses that people entered. What is reached is judged by its number, at save and again at each connection. */

// Two lists: in one, a rule over mapped addresses would hold for every IPv4 address.
const inner4 = new BlockList();
const inner6 = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  inner4.addSubnet(net, bits, 'ipv4');
// Whatever can carry an inner IPv4 address (mapped, translated, 6to4, Teredo) is inner too.
for (const [net, bits] of [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  inner6.addSubnet(net, bits, 'ipv6');

/** True for loopback, private, link-local, metadata and every other number that is not a public one. */
export function isInner(address: string): boolean {
  const family = isIP(address);
  return family === 0 || (family === 6 ? inner6.check(address, 'ipv6') : inner4.check(address, 'ipv4'));
}

export interface Outgoing {
  /** `host` or `host:port` the operator allows although they are inner (ALAI_WEBHOOK_ALLOW). */
  allow: readonly string[];
  timeoutMs?: number;
}

const bare = (host: string) => host.replace(/^\[|\]$/g, '');
const isAllowed = (url: URL, allow: readonly string[]) =>
  allow.includes(url.hostname) ||
  allow.includes(`${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`);

const refused = (message: string) =>
  new AlaiError(
    'ADDRESS_REFUSED',
    message,
    'Give a public https address. The operator may allow one of his own net in ALAI_WEBHOOK_ALLOW.',
  );

/** What the operator allows, as he wrote it: hosts with a comma between. */
export const allowedHosts = (text: string | undefined): string[] =>
  (text ?? '').split(',').flatMap((host) => host.trim().toLowerCase() || []);

/** The address as it may be used. Throws ADDRESS_REFUSED for other protocols, credentials, and what lies in the inner net. */
export async function requireOuter(address: string, o: Outgoing): Promise<URL> {
  const url = plainAddress(address, o);
  if (isAllowed(url, o.allow)) return url;
  const host = bare(url.hostname);
  const found = isIP(host)
    ? [{ address: host }]
    : await resolveAll(host, { all: true, verbatim: true }).catch(() => {
        throw refused(`The name ${host} is not known.`);
      });
  if (found.length === 0 || found.some((f) => isInner(f.address)))
    throw refused(`${host} lies in an inner net, which is not called from here.`);
  return url;
}

function plainAddress(address: string, o: Outgoing): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw refused('This is no address.');
  }
  if (url.username || url.password) throw refused('The address has a credential in it.');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed(url, o.allow)))
    throw refused(`${url.protocol}// is not used: what is sent is nobody else's to read.`);
  return url;
}

/** Names are judged by what they point to at this very moment; the connection goes to the number that was judged. */
export const outerLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, '', 0);
    const bad = found.find((f) => isInner(f.address));
    const [first] = found;
    if (bad || !first) return callback(refused(`${hostname} points into an inner net now.`), '', 0);
    if (options.all) return callback(null, found);
    callback(null, first.address, first.family);
  });
};

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** The beginning of what was said. */
  text: string;
}

const MOST_READ = 2_000;

/** Posts once. Follows no redirect, keeps no connection, reads little. Rejects when nobody answered in time. */
export async function post(
  address: string,
  headers: Record<string, string | number>,
  body: string | Buffer,
  o: Outgoing,
): Promise<Answer> {
  const url = plainAddress(address, o);
  const allowed = isAllowed(url, o.allow);
  // A number is connected to without being looked up.
  if (!allowed && isIP(bare(url.hostname)) && isInner(bare(url.hostname)))
    throw refused(`${url.hostname} lies in an inner net, which is not called from here.`);
  const timeoutMs = o.timeoutMs ?? 10_000;
  return await new Promise<Answer>((resolvePost, reject) => {
    const send = url.protocol === 'https:' ? https.request : http.request;
    const req = send(
      url,
      {
        method: 'POST',
        agent: false,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        ...(allowed ? {} : { lookup: outerLookup }),
        signal: AbortSignal.timeout(timeoutMs),
      },
      (res) => {
        let text = '';
        const done = () => resolvePost({ status: res.statusCode ?? 0, headers: res.headers, text });
        res.setEncoding('utf8');
        res.on('data', (chunk: string) => {
          text = (text + chunk).slice(0, MOST_READ);
          if (text.length >= MOST_READ) {
            done();
            res.destroy();
          }
        });
        res.on('end', done);
        res.on('error', done);
      },
    );
    req.on('error', reject);
    req.end(body);
  });
}

/**
 * A fetch that goes out by the same rules: judged by number at each connection, no redirect followed (it is answered as
 * it came), aborted by the signal before headers and after. For clients of services whose address somebody entered.
 */
export function outgoingFetch(o: Pick<Outgoing, 'allow'>): typeof fetch {
  return (async (input: string | URL | Request, init: RequestInit = {}) => {
    const url = plainAddress(input instanceof Request ? input.url : String(input), o);
    const allowed = isAllowed(url, o.allow);
    if (!allowed && isIP(bare(url.hostname)) && isInner(bare(url.hostname)))
      throw refused(`${url.hostname} lies in an inner net, which is not called from here.`);
    const headers = Object.fromEntries(new Headers(init.headers));
    const body = typeof init.body === 'string' ? Buffer.from(init.body) : null;
    if (init.body && !body) throw new TypeError('Only text is sent from here.');
    return await new Promise<Response>((resolveFetch, reject) => {
      const send = url.protocol === 'https:' ? https.request : http.request;
      const req = send(
        url,
        {
          method: init.method ?? 'GET',
          agent: false,
          headers: { ...headers, ...(body ? { 'content-length': body.byteLength } : {}) },
          ...(allowed ? {} : { lookup: outerLookup }),
          ...(init.signal ? { signal: init.signal } : {}),
        },
        (res) => {
          const status = res.statusCode ?? 502;
          const pairs = Object.entries(res.headersDistinct).flatMap(([name, values]) =>
            (values ?? []).map((value): [string, string] => [name, value]),
          );
          const none = status === 204 || status === 304 || status < 200;
          if (none) res.resume();
          const stream = none ? null : (Readable.toWeb(res) as ReadableStream<Uint8Array>);
          resolveFetch(new Response(stream, { status: Math.max(200, status), headers: pairs }));
        },
      );
      req.on('error', reject);
      req.end(body ?? undefined);
    });
  }) as typeof fetch;
}
