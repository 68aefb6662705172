import { execFileSync } from 'node:child_process';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import { setTimeout as later } from 'node:timers';

/** A second machine, as far as the network goes: a namespace with one cable to this one, that can be cut, and lines that can be slow. */

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Whether this machine lets us make namespaces: it needs root and iproute2. */
export function canMakeMachines(): boolean {
  const name = `alai-probe-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    execFileSync('nsenter', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface Machine {
  /** Before a command, so that it runs over there. */
  within: string[];
  /** A port of ours, reached from over there: "10.99.1.1:40001". */
  line(port: number): Promise<string>;
  /** Milliseconds that everything takes on its way, each way. */
  delay(ms: number): void;
  /** Nothing arrives any more, and nobody is told. */
  cut(): void;
  heal(): void;
  remove(): Promise<void>;
}

/** @param n 1 to 200, one for each machine that is up at a time. */
export function makeMachine(n: number): Machine {
  const name = `alai-${process.pid}-${n}`;
  const [here, there] = [`ala${process.pid % 100_000}x${n}`, `alb${process.pid % 100_000}x${n}`];
  const address = `10.99.${n}`;
  ip('netns', 'add', name);
  ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there);
  ip('link', 'set', there, 'netns', name);
  ip('addr', 'add', `${address}.1/24`, 'dev', here);
  ip('link', 'set', here, 'up');
  ip('-n', name, 'addr', 'add', `${address}.2/24`, 'dev', there);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'link', 'set', there, 'up');
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  let delayMs = 0;
  /** Bytes keep their order, however the delay changes on the way. */
  const pipe = (from: Socket, to: Socket) => {
    let free = 0;
    const send = (act: () => void) => {
      const at = Math.max(free, Date.now() + delayMs);
      free = at;
      if (at <= Date.now()) act();
      else later(act, at - Date.now());
    };
    from.on('data', (b: Buffer) => send(() => to.writable && to.write(b)));
    from.on('end', () => send(() => to.end()));
    from.on('close', () => send(() => to.destroy()));
    from.on('error', () => to.destroy());
    sockets.add(from);
    from.once('close', () => sockets.delete(from));
  };
  return {
    within: ['nsenter', `--net=/run/netns/${name}`],
    async line(port) {
      const server = createServer((from) => {
        const to = dial(port, '127.0.0.1');
        pipe(from, to);
        pipe(to, from);
      });
      servers.push(server);
      await new Promise<void>((r) => server.listen(0, `${address}.1`, r));
      return `${address}.1:${(server.address() as AddressInfo).port}`;
    },
    delay(ms) {
      delayMs = ms;
    },
    cut: () => ip('link', 'set', here, 'down'),
    heal: () => ip('link', 'set', here, 'up'),
    async remove() {
      for (const s of sockets) s.destroy();
      await Promise.all(servers.map((s) => new Promise((r) => s.close(r))));
      ip('netns', 'del', name);
    },
  };
}
