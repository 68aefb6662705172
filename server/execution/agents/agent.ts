import type { CliProvider } from '#server/domain/providers.ts';
import type { Usage } from '#server/models/provider.ts';

/** A coding agent that is a program of its own. One file per agent; nothing here starts a process. */

export interface AgentAsk {
  /** Empty: its own choice. */
  model: string;
  /** JSON Schema of the object its last message ends with; null where words will do. */
  schema: Record<string, unknown> | null;
  /** The sandbox around it holds; its own would only be in the way. */
  sandboxed: boolean;
  /** The variables of `passes` that this machine has. */
  given: Record<string, string>;
  /** What starts the MCP server of our tools, where it may call some. */
  tools: readonly [string, ...string[]] | null;
}

export interface CliAgent {
  provider: CliProvider;
  /** For people. */
  title: string;
  binary: string;
  /** Any one of these lets it sign in. */
  keys: readonly string[];
  /** Where it is told to look for its model instead of at its maker's, and what follows the server's own address there. */
  address: string;
  addressPath: '' | '/v1';
  /** Where its model is when no other address is given; empty where its maker's is no single server. */
  maker: string;
  /** `host:port` of its maker's that it has to reach by itself, with the variables it is given. */
  reaches?(given: Record<string, string>): readonly string[];
  /** Variables of the worker that it is given, and no others. */
  passes: readonly string[];
  /** Arguments behind the program; the prompt comes by standard input. */
  argv(o: AgentAsk): string[];
  /** Set besides those that are passed. */
  env(o: AgentAsk): Record<string, string | undefined>;
  /** Files of its home folder, which is empty otherwise and thrown away. */
  home?(o: AgentAsk): Record<string, string>;
  /** It unpacks itself at each start: the variable that says where to, and what lets it do nothing else. */
  unpacks?: { into: string; alone: Record<string, string> };
  /** What one line of its output says. Fields it does not know are left alone: agents change often. */
  read(event: Record<string, unknown>): AgentEvent[];
}

export type AgentEvent =
  /** `part`: it goes on where the last one ended. */
  | { kind: 'text'; text: string; part?: boolean }
  | { kind: 'call'; id: string; name: string; arguments: unknown }
  | { kind: 'result'; id: string; ok: boolean; output: string }
  /** Of one call; told again under the same id it counts once. */
  | ({ kind: 'usage'; id?: string } & Usage)
  /** Of the whole run; takes the place of all before it. */
  | ({ kind: 'total' } & Usage)
  | { kind: 'failed'; message: string }
  /** It wanted to go somewhere else than to its model; told by its sandbox, never by itself. */
  | { kind: 'refused'; what: string }
  /** It is done. `answer` where it hands its last object over by itself. */
  | { kind: 'end'; text: string | null; answer?: Record<string, unknown> };

/** The name under which an agent knows the MCP server of our tools. */
export const OUR_SERVER = 'alai';
/** The configuration most of them take. */
export const ourServer = ([command, ...args]: readonly [string, ...string[]], more: object = {}) => ({
  mcpServers: { [OUR_SERVER]: { command, args, ...more } },
});

/** Reading what others wrote: a field that is missing or of another kind is nothing. */
export const fieldsOf = (v: unknown): Record<string, unknown> =>
  v !== null && typeof v === 'object' && !Array.isArray(v) ? (v as Record<string, unknown>) : {};
export const listOf = (v: unknown): unknown[] => (Array.isArray(v) ? v : []);
export const textOf = (v: unknown): string =>
  typeof v === 'string' ? v : v === undefined || v === null ? '' : JSON.stringify(v);
export const countOf = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) && v > 0 ? v : 0);
