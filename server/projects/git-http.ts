import { spawn } from 'node:child_process';
import { createHash, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { gitEnvironment } from '#server/platform/git.ts';

/** Serves the factory's bare repositories to its hosts over git's smart HTTP, with a token and nothing else. */
export interface GitHttpOptions {
  /** $ALAI_HOME/repositories */
  repositories: string;
  token: string;
  /** Repositories are `<prefix><projectId>.git`. */
  prefix?: string;
}

const ROUTE = /^\/([\w-]{1,80})\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/;
const SERVICES = new Set(['git-upload-pack', 'git-receive-pack']);

/** A handler for node:http. Answers false when the path is not one of its own. */
export function createGitHttp(
  o: GitHttpOptions,
): (req: IncomingMessage, res: ServerResponse) => Promise<boolean> {
  const prefix = o.prefix ?? '/git';
  return async (req, res) => {
    const url = new URL(req.url ?? '/', 'http://x');
    if (!url.pathname.startsWith(`${prefix}/`)) return false;
    if (!authorised(req.headers.authorization, o.token)) {
      res.writeHead(401, { 'www-authenticate': 'Basic realm="alai"' }).end('a token is needed\n');
      return true;
    }
    const match = ROUTE.exec(url.pathname.slice(prefix.length));
    const service = match?.[2] === 'info/refs' ? url.searchParams.get('service') : match?.[2];
    const method = match?.[2] === 'info/refs' ? 'GET' : 'POST';
    const known = match && (await stat(join(o.repositories, `${match[1]}.git`, 'HEAD')).catch(() => null));
    if (!match || !service || !SERVICES.has(service) || !known) {
      res.writeHead(404).end('no such repository\n');
      return true;
    }
    if (req.method !== method) {
      res.writeHead(405, { allow: method }).end();
      return true;
    }
    await backend(o, req, res, `/${match[1]}.git/${match[2]}`, `service=${service}`);
    return true;
  };
}

function authorised(header: string | undefined, token: string): boolean {
  const [kind = '', value = ''] = (header ?? '').split(' ');
  const given =
    kind.toLowerCase() === 'bearer'
      ? value
      : kind.toLowerCase() === 'basic'
        ? Buffer.from(value, 'base64').toString().split(':').slice(1).join(':')
        : '';
  const hash = (s: string) => createHash('sha256').update(s).digest();
  return token !== '' && timingSafeEqual(hash(given), hash(token));
}

/** `git http-backend` as a CGI: its headers first, then its body, streamed both ways. */
async function backend(
  o: GitHttpOptions,
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  query: string,
): Promise<void> {
  const hardened = [
    'core.hooksPath=/dev/null',
    'http.receivepack=true',
    'uploadpack.allowAnySHA1InWant=true',
    'safe.directory=*',
  ];
  const child = spawn('git', [...hardened.flatMap((c) => ['-c', c]), 'http-backend'], {
    env: gitEnvironment({
      env: {
        GIT_PROJECT_ROOT: o.repositories,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: path,
        QUERY_STRING: req.method === 'GET' ? query : '',
        REQUEST_METHOD: req.method ?? 'GET',
        CONTENT_TYPE: req.headers['content-type'] ?? '',
        REMOTE_USER: 'alai',
        REMOTE_ADDR: '127.0.0.1',
        GIT_PROTOCOL: String(req.headers['git-protocol'] ?? ''),
      },
    }) as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const stop = () => child.kill('SIGKILL');
  res.on('close', stop);
  child.stdin.on('error', () => {});
  const body = req.headers['content-encoding'] === 'gzip' ? req.pipe(createGunzip()) : req;
  body.on('error', stop);
  body.pipe(child.stdin);

  await new Promise<void>((resolve) => {
    let head: Buffer | null = Buffer.alloc(0);
    child.on('error', () => {
      if (!res.headersSent) res.writeHead(500);
      res.end('git is not installed\n');
      resolve();
    });
    child.stdout.on('data', (chunk: Buffer) => {
      if (head === null) {
        if (!res.write(chunk)) {
          child.stdout.pause();
          res.once('drain', () => child.stdout.resume());
        }
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const headers: Record<string, string> = {};
      for (const line of head.subarray(0, end).toString().split('\r\n')) {
        const at = line.indexOf(':');
        if (at > 0) headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
      }
      const status = Number.parseInt(headers.status ?? '200', 10);
      delete headers.status;
      res.writeHead(status, headers);
      res.write(head.subarray(end + 4));
      head = null;
    });
    child.on('close', () => {
      if (!res.headersSent) res.writeHead(500);
      res.end();
      resolve();
    });
  });
}
