import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BlueprintStep } from '#server/domain/blueprint.ts';
import type { McpServerWork } from '#server/domain/mcp.ts';
import type { StepContext } from '../context.ts';
import { escapeText } from '../escape.ts';
import { tokensOf } from '../prompt/tokens.ts';
import type { ExtraTool } from '../tools/tool.ts';
import { httpTransport } from './http.ts';
import { type OpenServer, openServer } from './open.ts';
import { SandboxedStdio } from './stdio.ts';
import { toolsOf } from './tools.ts';

/** Variables of the factory itself: no server is given them, whatever its file says. */
const OURS = /^(?:ALAI_|DATABASE_URL$|REDIS_URL$|PG|ANTHROPIC_|OPENAI_|NODE_OPTIONS$|LD_)/;

/** Tokens that descriptions and schemas of all servers' tools may take together. */
const BUDGET = 6_000;

export interface StepServers {
  tools: ExtraTool[];
  /** Ends every server and all it started. */
  close(): Promise<void>;
}

/**
 * Starts or reaches the MCP servers a step opted into. One that fails is a line of the transcript, and the step goes on
 * without it: a tool that is missing is the agent's to work around, not the end of the work.
 */
export async function openServers(c: StepContext, step: BlueprintStep): Promise<StepServers> {
  const wanted = c.work.mcp.filter((s) => step.mcp === true || (step.mcp || []).includes(s.name));
  const note = (text: string) => c.transcript.add(step.key, 'harness', { text: c.mask(text) });
  for (const name of step.mcp === true || !step.mcp ? [] : step.mcp)
    if (!wanted.some((s) => s.name === name))
      note(`MCP server ${name}: ${c.work.task.company} has none of that name.`);
  const opened: OpenServer[] = [];
  const tools: ExtraTool[] = [];
  const close = async () => {
    await Promise.allSettled(opened.map((s) => s.close()));
  };
  await Promise.allSettled(
    wanted.map(async (s) => {
      try {
        const accept = (seen: { digest: string; tools: OpenServer['tools'] }) =>
          c.ports.mcp({ company: c.work.task.company, server: s.name, ...seen });
        const server = await openServer(s, await transportOf(c, step, s), accept, c.signal);
        opened.push(server);
        const offered = toolsOf(server);
        tools.push(...offered.tools);
        const names = offered.tools.map((t) => t.spec.name).join(', ');
        note(`MCP server ${s.name}: ${names || 'no tools'}.`);
        for (const why of offered.skipped) note(`MCP server ${s.name}, not offered: ${why}.`);
      } catch (e) {
        c.signal.throwIfAborted();
        note(`MCP server ${s.name} is not used: ${escapeText((e as Error).message).slice(0, 800)}`);
      }
    }),
  );
  if (c.signal.aborted) await close();
  c.signal.throwIfAborted();
  const { kept, dropped } = withinBudget(tools.sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1)));
  if (dropped.length > 0)
    note(
      `Not offered, because the tools of MCP servers have ${BUDGET} tokens together: ${dropped.join(', ')}.`,
    );
  c.ports.progress();
  return {
    tools: kept,
    close,
  };
}

function withinBudget(tools: ExtraTool[]): { kept: ExtraTool[]; dropped: string[] } {
  let used = 0;
  const kept: ExtraTool[] = [];
  const dropped: string[] = [];
  for (const t of tools) {
    const size = tokensOf(JSON.stringify(t.spec));
    if (used + size > BUDGET) dropped.push(t.spec.name);
    else {
      used += size;
      kept.push(t);
    }
  }
  return { kept, dropped };
}

async function transportOf(c: StepContext, step: BlueprintStep, { server }: McpServerWork) {
  if (server.transport === 'http') return httpTransport(server.url, c.signal);
  const { sandbox } = c.config;
  const { isSample, unsandboxedAllowed } = c.work.project;
  if (!sandbox.isolates && !isSample && !unsandboxedAllowed)
    throw new Error(`there is no sandbox. ${sandbox.note}`);
  const env = Object.fromEntries(
    server.env
      .filter((name) => !OURS.test(name))
      .flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string]])),
  );
  const modules = join(process.cwd(), 'node_modules');
  return new SandboxedStdio({
    argv: [server.command, ...server.args],
    root: sandbox.isolates ? c.workspace.root : await c.workspace.scratch(),
    // A server reads the project; what changes it goes through the tools, whose rules it would pass by.
    readOnly: true,
    network: step.network,
    sandbox,
    hostDir: c.config.hostDir,
    attempt: c.work.attemptId,
    signal: c.signal,
    stdin: 'open',
    env,
    ...(existsSync(modules) ? { modules } : {}),
  });
}
