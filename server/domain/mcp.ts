import { z } from 'zod';

/** MCP servers as an attempt is given them: resolved and pinned with the company's version. */
const limits = {
  digest: z.string().optional(),
  /** Only these of its tools; absent means all. */
  tools: z.array(z.string()).optional(),
  seconds: z.number().positive(),
  max_output: z.number().int().positive(),
};
export const mcpServerWorkSchema = z.object({
  name: z.string(),
  server: z.discriminatedUnion('transport', [
    z.object({
      transport: z.literal('stdio'),
      command: z.string(),
      args: z.array(z.string()),
      env: z.array(z.string()),
      ...limits,
    }),
    z.object({ transport: z.literal('http'), url: z.string(), ...limits }),
  ]),
});
export type McpServerWork = z.infer<typeof mcpServerWorkSchema>;

/** What a server says of one of its tools; all of it is the server's word. */
export const mcpToolSchema = z.object({
  name: z.string().max(200),
  description: z.string().max(20_000),
  inputSchema: z.record(z.string(), z.unknown()),
});
export type McpTool = z.infer<typeof mcpToolSchema>;

/** JSON with its keys in order: the same thing is the same text, whoever wrote it. */
export function canonical(v: unknown): string {
  if (Array.isArray(v)) return `[${v.map(canonical).join(',')}]`;
  if (v !== null && typeof v === 'object')
    return `{${Object.entries(v)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, x]) => `${JSON.stringify(k)}:${canonical(x)}`)
      .join(',')}}`;
  return JSON.stringify(v) ?? 'null';
}

/** What a server offered when somebody looked, and whether that is what was accepted. */
export interface McpSeen {
  company: string;
  server: string;
  digest: string;
  tools: McpTool[];
}
export type McpAnswer = { ok: true } | { ok: false; reason: string };
