import { AlaiError } from '#server/domain/errors.ts';
import { canonical, type McpAnswer, type McpSeen, type McpTool } from '#server/domain/mcp.ts';
import type { McpSeenView } from '#server/domain/views/mcp.ts';
import { type Db, toJson, transaction } from '#server/platform/db.ts';
import { type Actor, appendEvents } from './event.ts';

/**
 * Writes down what a server of a company offers. The first sight is what is accepted; anything else disables the server,
 * with the reason, until a human accepts it, because a tool that changes its meaning is the way to deceive an agent.
 */
export async function seeMcpServer(db: Db, s: McpSeen): Promise<McpAnswer> {
  const { rows } = await db.pool.query<{ digest: string; tools: McpTool[] }>(
    `INSERT INTO mcp_server(company, name, digest, tools, accepted_by) VALUES ($1, $2, $3, $4, 'first sight')
     ON CONFLICT (company, name) DO UPDATE SET seen_at = clock_timestamp(),
       seen_digest = CASE WHEN mcp_server.digest = excluded.digest THEN NULL ELSE excluded.digest END,
       seen_tools = CASE WHEN mcp_server.digest = excluded.digest THEN NULL ELSE excluded.tools END,
       problem = CASE WHEN mcp_server.digest = excluded.digest THEN NULL ELSE mcp_server.problem END
     RETURNING digest, tools`,
    [s.company, s.server, s.digest, toJson(s.tools)],
  );
  const known = rows[0];
  if (!known || known.digest === s.digest) return { ok: true };
  const reason = `its tools changed since they were accepted (${changes(known.tools, s.tools)}); accept them with: npx alai company mcp ${s.company} accept ${s.server}`;
  // Only while this is what was seen last: a human may have accepted it in between.
  await db.pool.query(
    'UPDATE mcp_server SET problem = $3 WHERE company = $1 AND name = $2 AND seen_digest = $4',
    [s.company, s.server, reason, s.digest],
  );
  return { ok: false, reason };
}

function changes(before: McpTool[], now: McpTool[]): string {
  const old = new Map(before.map((t) => [t.name, canonical(t)]));
  const names = new Set(now.map((t) => t.name));
  const list = (what: string, all: string[]) =>
    all.length > 0 ? [`${what} ${all.slice(0, 5).join(', ')}`] : [];
  return [
    ...list(
      'new:',
      now.filter((t) => !old.has(t.name)).map((t) => t.name),
    ),
    ...list(
      'gone:',
      before.filter((t) => !names.has(t.name)).map((t) => t.name),
    ),
    ...list(
      'different:',
      now.filter((t) => old.has(t.name) && old.get(t.name) !== canonical(t)).map((t) => t.name),
    ),
  ].join('; ');
}

/**
 * A human takes what the server offers now. With the digest he was shown, only that: what changed again meanwhile is to be
 * looked at again.
 */
export async function acceptMcpServer(
  db: Db,
  a: { name: string; server: string; digest?: string | undefined; by: Actor },
): Promise<void> {
  const taken = await transaction(db, async (q) => {
    const { rows } = await q.query<{ before: string; digest: string }>(
      `UPDATE mcp_server m SET digest = coalesce(m.seen_digest, m.digest), tools = coalesce(m.seen_tools, m.tools), seen_digest = NULL,
         seen_tools = NULL, problem = NULL, accepted_at = clock_timestamp(), accepted_by = $3
       FROM mcp_server old WHERE m.company = $1 AND m.name = $2 AND old.company = m.company AND old.name = m.name
         AND ($4::text IS NULL OR coalesce(m.seen_digest, m.digest) = $4) RETURNING old.digest before, m.digest`,
      [a.name, a.server, a.by.name, a.digest ?? null],
    );
    const [row] = rows;
    if (row)
      await appendEvents(q, [
        {
          ...{ type: 'mcp.accepted', entity: 'mcp_server', id: `${a.name}/${a.server}`, ver: 1, actor: a.by },
          ...{ from: row.before.slice(0, 12), to: row.digest.slice(0, 12), data: { ...row } },
        },
      ]);
    return row !== undefined;
  });
  if (taken) return;
  const known = (await readMcpServers(db, a.name)).some((s) => s.name === a.server);
  if (known)
    throw new AlaiError(
      'DIGEST_CHANGED',
      `The MCP server ${a.server} offers something else by now than what was shown.`,
      'Look at it again, then accept that.',
    );
  throw new AlaiError(
    'NOT_FOUND',
    `No agent of ${a.name} has met an MCP server ${a.server} yet.`,
    'It is written down when a step first uses it; see npx alai company mcp.',
  );
}

/** The servers of a company that its agents met. */
export async function readMcpServers(db: Db, company: string): Promise<McpSeenView> {
  const { rows } = await db.pool.query<McpSeenView[number]>(
    `SELECT name, digest, problem, seen_digest "seenDigest", seen_at "seenAt", accepted_at "acceptedAt", accepted_by "acceptedBy",
       ARRAY(SELECT t->>'name' FROM jsonb_array_elements(tools) t) tools,
       CASE WHEN seen_tools IS NULL THEN NULL ELSE ARRAY(SELECT t->>'name' FROM jsonb_array_elements(seen_tools) t) END "seenTools"
     FROM mcp_server WHERE company = $1 ORDER BY name`,
    [company],
  );
  return rows;
}
