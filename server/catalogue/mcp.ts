import { type CompanyMcp, type McpBase, type McpServer, mcpServerSchema } from './schema.ts';
import type { Problem } from './source.ts';

/** An MCP server of a company, and which file made it what it is. */
export interface ResolvedServer {
  name: string;
  server: McpServer;
  origin: 'base' | 'company' | 'override';
  /** Below companies/. */
  file: string;
  /** The keys the company changed. */
  overridden: string[];
}

export interface ResolvedMcp {
  servers: ResolvedServer[];
  /** Servers of the base this company does without. */
  removed: string[];
}

/**
 * The base with the company's overlay: remove, then override, then add. `lineOf` finds a place in the overlay's file
 * for what does not fit; such a server is left out and named.
 */
export function resolveMcp(
  base: McpBase,
  overlay: CompanyMcp,
  file: string,
  lineOf: (place: (string | number)[]) => number = () => 1,
): ResolvedMcp & { problems: Problem[] } {
  const problems: Problem[] = [];
  const known = Object.keys(base.servers).join(', ') || 'none';
  const wrong = (place: (string | number)[], message: string, remedy: string) =>
    problems.push({ file, line: lineOf(place), message, remedy });
  const servers = new Map<string, ResolvedServer>(
    Object.entries(base.servers).map(([name, server]) => [
      name,
      { name, server, origin: 'base', file: '_shared/mcp.json', overridden: [] },
    ]),
  );
  overlay.remove.forEach((name, n) => {
    if (!servers.delete(name))
      wrong(
        ['remove', n],
        `remove: ${name} is not in the base.`,
        `Remove this entry; the base has ${known}.`,
      );
  });
  for (const [name, change] of Object.entries(overlay.override)) {
    const below = servers.get(name);
    if (!below) {
      const remedy = `Put it under "add", or override one of the base: ${known}.`;
      wrong(['override', name], `override: ${name} is not in the base.`, remedy);
      continue;
    }
    const parsed = mcpServerSchema.safeParse({ ...below.server, ...change });
    if (parsed.success)
      servers.set(name, {
        name,
        server: parsed.data,
        origin: 'override',
        file,
        overridden: Object.keys(change),
      });
    else {
      const issue = parsed.error.issues[0];
      const place = ['override', name, ...((issue?.path ?? []) as string[])];
      wrong(place, `${place.join('.')}: ${issue?.message ?? 'does not fit'}.`, 'Correct this value.');
    }
  }
  for (const [name, server] of Object.entries(overlay.add)) {
    if (servers.has(name))
      wrong(['add', name], `add: ${name} is in the base already.`, 'Put the changes under "override".');
    else servers.set(name, { name, server, origin: 'company', file, overridden: [] });
  }
  return {
    servers: [...servers.values()],
    removed: overlay.remove.filter((n) => n in base.servers),
    problems,
  };
}
