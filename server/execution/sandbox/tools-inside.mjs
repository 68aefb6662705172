import http from 'node:http';
import { createInterface } from 'node:readline';

/**
 * Runs inside a sandbox as an MCP server over standard input and output: it offers what the harness offers, and hands every
 * call to it through the socket that is mounted there.
 *
 *   node tools-inside.mjs SOCKET
 */

const [socketPath = ''] = process.argv.slice(2);

/** Asks the harness. */
function harness(method, body) {
  return new Promise((resolve, reject) => {
    const req = http.request({ socketPath, path: '/.alai/tools', method }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (d) => (text += d));
      res.on('error', reject);
      res.on('end', () => {
        try {
          resolve(JSON.parse(text));
        } catch (e) {
          reject(e);
        }
      });
    });
    req.on('error', reject);
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const methods = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion: protocolVersion ?? '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'alai', version: '1' },
  }),
  ping: () => ({}),
  'tools/list': () => harness('GET'),
  'tools/call': ({ name, arguments: args }) => harness('POST', { name, arguments: args ?? {} }),
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  let asked;
  try {
    asked = JSON.parse(line);
  } catch {
    return;
  }
  // What has no number wants no answer.
  if (asked?.id === undefined || asked.id === null) return;
  const answer = { jsonrpc: '2.0', id: asked.id };
  const method = Object.hasOwn(methods, asked.method) ? methods[asked.method] : null;
  try {
    if (method) answer.result = await method(asked.params ?? {});
    else answer.error = { code: -32601, message: 'There is no such method.' };
  } catch (e) {
    answer.error = { code: -32603, message: String(e?.message ?? e) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
