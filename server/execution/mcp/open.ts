import { createHash } from 'node:crypto';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  canonical,
  type McpAnswer,
  type McpServerWork,
  type McpTool,
  mcpToolSchema,
} from '#server/domain/mcp.ts';
import { SandboxedStdio } from './stdio.ts';

/** A server that answers, and what it offers. */
export interface OpenServer {
  name: string;
  config: McpServerWork['server'];
  client: Client;
  tools: McpTool[];
  close(): Promise<void>;
}

const MAX_TOOLS = 128;
const MAX_PAGES = 20;

/** SHA-256 over name, description and input schema of its tools, in the order of their names. */
export function digestOf(tools: McpTool[]): string {
  const sorted = [...tools].sort((a, b) => (a.name < b.name ? -1 : 1));
  return createHash('sha256').update(canonical(sorted)).digest('hex');
}

/**
 * Connects, reads the tools, and has them compared with what was accepted. Rejects with a reason a person can act on;
 * nothing of the server runs on then.
 */
export async function openServer(
  s: McpServerWork,
  transport: Transport,
  accept: (seen: { digest: string; tools: McpTool[] }) => Promise<McpAnswer>,
  signal: AbortSignal,
): Promise<OpenServer> {
  const client = new Client({ name: 'alai-mission-control', version: '0.1.0' }, { capabilities: {} });
  const options = { timeout: s.server.seconds * 1_000, maxTotalTimeout: s.server.seconds * 1_000, signal };
  const close = async () => {
    await client.close().catch(() => {});
    await transport.close().catch(() => {});
  };
  try {
    await within(client.connect(transport, options), s.server.seconds, 'it did not answer');
    const tools = await within(allTools(client, options), s.server.seconds, 'it did not list its tools');
    const digest = digestOf(tools);
    if (s.server.digest !== undefined && s.server.digest !== digest) {
      throw new Error(
        `its tools are not those that its digest in config/mcp.json names (they are ${digest.slice(0, 12)}…); look at them and write the new digest there`,
      );
    }
    const answer = await accept({ digest, tools });
    if (!answer.ok) throw new Error(answer.reason);
    const only = s.server.tools;
    return {
      name: s.name,
      config: s.server,
      client,
      tools: only ? tools.filter((t) => only.includes(t.name)) : tools,
      close,
    };
  } catch (e) {
    await close();
    const said = transport instanceof SandboxedStdio ? transport.said.trim().split('\n').at(-1) : '';
    throw new Error(`${(e as Error).message}${said ? ` (it said: ${said.slice(0, 300)})` : ''}`, {
      cause: e,
    });
  }
}

async function allTools(
  client: Client,
  options: { timeout: number; signal: AbortSignal },
): Promise<McpTool[]> {
  const all: McpTool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const r = await client.listTools(cursor ? { cursor } : {}, options);
    for (const t of r.tools)
      all.push(
        mcpToolSchema.parse({ name: t.name, description: t.description ?? '', inputSchema: t.inputSchema }),
      );
    if (all.length > MAX_TOOLS) throw new Error(`it offers more than ${MAX_TOOLS} tools`);
    cursor = r.nextCursor;
    if (!cursor) return all;
  }
  throw new Error('its list of tools has no end');
}

async function within<T>(work: Promise<T>, seconds: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${seconds} s`)), seconds * 1_000 + 100);
  });
  work.catch(() => {});
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
