import type http from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { ToolSpec } from '#server/models/provider.ts';
import type { ToolOutcome } from '../tools/tool.ts';

/** Tools of the harness that an agent may call while it runs, beside its own. */
export interface HarnessTools {
  specs: ToolSpec[];
  /** `end` stops the run, for a reason it is then said to have ended by. */
  call(name: string, args: unknown, end: (why: Error) => void): Promise<Pick<ToolOutcome, 'ok' | 'output'>>;
}

const MOST_BYTES = 1_000_000;
const callSchema = z.object({ name: z.string().max(200), arguments: z.unknown() });

/** Answers the MCP server inside the sandbox: what there is, and what comes of a call. */
export function answerTools(tools: HarnessTools, end: (why: Error) => void): http.RequestListener {
  const specs = tools.specs.map(({ name, description, parameters }) => ({
    ...{ name, description, inputSchema: parameters },
  }));
  const say = (res: http.ServerResponse, body: unknown) =>
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const said = (res: http.ServerResponse, output: string, ok: boolean) =>
    say(res, { content: [{ type: 'text', text: output }], isError: !ok });
  const called = async (req: http.IncomingMessage, res: http.ServerResponse) => {
    if (Number(req.headers['content-length'] ?? 0) > MOST_BYTES) return said(res, 'REFUSED: too long', false);
    let bytes = 0;
    req.on('data', (d: Buffer) => {
      bytes += d.length;
      if (bytes > MOST_BYTES) req.destroy();
    });
    try {
      const call = callSchema.parse(JSON.parse(await text(req)));
      const r = await tools.call(call.name, call.arguments, end);
      said(res, r.output, r.ok);
    } catch {
      said(res, 'FAILED: this call could not be read', false);
    }
  };
  return (req, res) => {
    if (req.method === 'POST') void called(req, res);
    else say(res, { tools: specs });
  };
}
