import { z } from 'zod';

/** A company's MCP server as it was seen at work. */
export const mcpSeenViewSchema = z.array(
  z.object({
    name: z.string(),
    digest: z.string(),
    tools: z.array(z.string()),
    /** Set while it is disabled because it offers something else than what was accepted. */
    problem: z.string().nullable(),
    seenDigest: z.string().nullable(),
    seenTools: z.array(z.string()).nullable(),
    seenAt: z.date(),
    acceptedAt: z.date(),
    acceptedBy: z.string(),
  }),
);
export type McpSeenView = z.infer<typeof mcpSeenViewSchema>;
