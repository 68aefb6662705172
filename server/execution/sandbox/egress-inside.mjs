import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

/**
 * Runs inside a sandbox that has no network: listens on its loopback, carries every connection through the one socket that is
 * mounted there, and runs the program as its child. What comes out of the socket outside decides what is let through.
 *
 *   node egress-inside.mjs SOCKET PORT PROGRAM [ARGUMENT…]
 */

const [socket = '', port = '', program = '', ...args] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true, noDelay: true }, (inner) => {
  const outer = connect({ path: socket, allowHalfOpen: true });
  for (const [from, to] of [
    [inner, outer],
    [outer, inner],
  ]) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    // Whoever is gone for good takes the other end along, once that has written what it still holds.
    from.on('close', () => to.destroySoon());
  }
});

server.listen(Number(port), '127.0.0.1', () => {
  const child = spawn(program, args, { stdio: 'inherit' });
  child.on('error', (e) => {
    process.stderr.write(`${e.message}\n`);
    process.exit(127);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 137 : 1)));
});
