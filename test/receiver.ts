import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A real HTTP server on this machine that remembers what it got and answers as told (200 when nothing is left to say). */
export async function receiver() {
  const got: Received[] = [];
  const answers: { status: number; headers?: Record<string, string>; body?: string }[] = [];
  const server: Server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      got.push({ path: req.url ?? '', headers: req.headers, body: Buffer.concat(parts) });
      const { status, headers, body } = answers.shift() ?? { status: 200 };
      res.writeHead(status, headers).end(body ?? 'ok');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  afterAll(() => void server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { got, answers, host, url: `http://${host}` };
}
