import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be frozen: like a server that hangs, it accepts, and no byte goes through. */
export async function freezer(target: { host: string; port: number }) {
  const pairs = new Set<[Socket, Socket]>();
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(target.port, target.host);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const s of pair) {
      s.on('error', () => {});
      s.on('close', () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    near.on('data', (d) => far.write(d));
    far.on('data', (d) => near.write(d));
    if (frozen) for (const s of pair) s.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const each = (act: (s: Socket) => void) => {
    for (const pair of pairs) for (const s of pair) act(s);
  };
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      frozen = true;
      each((s) => s.pause());
    },
    thaw() {
      frozen = false;
      each((s) => s.resume());
    },
    close() {
      each((s) => s.destroy());
      server.close();
    },
  };
}
