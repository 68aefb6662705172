import type { Said } from './answer.ts';
import { json, type Protocol, type Request } from './context.ts';
import type { WireMessage } from './conversation.ts';
import { bareModel } from './faults.ts';
import { type Tokens, takeTurn } from './turn.ts';
import { REFUSAL, stream, type Voice } from './voice.ts';

interface Part {
  text?: string;
  functionCall?: { name?: string; args?: unknown };
  functionResponse?: { name?: string; response?: unknown };
}
interface Content {
  role?: string;
  parts?: Part[];
}

/** Google's generateContent, streamed and whole, as far as Gemini CLI speaks it. */
export const gemini: Protocol = async (r) => {
  const found = /^\/v1(?:beta|alpha)?\/models\/([^:/]+):(\w+)$/.exec(decodeURIComponent(r.path));
  if (r.method !== 'POST' || !found) return false;
  const [, model = '', method] = found;
  if (method === 'countTokens') json(r.res, 200, { totalTokens: Math.ceil(r.raw.length / 4) });
  else if (method === 'generateContent' || method === 'streamGenerateContent')
    await speak(r, model, method === 'streamGenerateContent');
  else return false;
  return true;
};

async function speak(r: Request, model: string, streams: boolean): Promise<void> {
  const { ctx, res, body } = r;
  const contents = body.contents as Content[] | undefined;
  if (!Array.isArray(contents) || contents.length === 0) return fail(res, 400, 'contents is not specified');
  const tools = (Array.isArray(body.tools) ? body.tools : []) as {
    functionDeclarations?: { name?: string }[];
  }[];
  const config = body.generationConfig as
    | { responseJsonSchema?: unknown; responseSchema?: unknown }
    | undefined;
  const turn = await takeTurn(r, {
    model,
    messages: wireOf(body.systemInstruction as Content | undefined, contents),
    tools: tools.flatMap((t) => (t.functionDeclarations ?? []).map((f) => f.name ?? '')),
    format: config?.responseJsonSchema ?? config?.responseSchema,
    known: !/missing/.test(model),
  });
  if (turn.kind === 'gone') return;
  if (turn.kind === 'refused') return fail(res, turn.refusal.status, null, turn.refusal.headers);
  const { said, thought, tokens } = turn;
  if (streams) {
    const speech = { said, thought, tokens, ms: ctx.o.paceMs / 2, dripMs: ctx.o.dripMs ?? 20_000 };
    return await stream(res, chunks(bareModel(model)), speech);
  }
  const text = said.fault === 'refusal' ? REFUSAL : said.text;
  json(res, 200, piece(bareModel(model), [...(text ? [{ text }] : []), ...callsOf(said)], 'STOP', tokens));
}

function fail(
  res: Request['res'],
  status: number,
  said: string | null,
  headers: Record<string, string> = {},
): void {
  const names: Record<number, [string, string]> = {
    401: ['UNAUTHENTICATED', 'API key not valid. Please pass a valid API key.'],
    402: ['FAILED_PRECONDITION', 'Billing is not enabled for this project.'],
    404: ['NOT_FOUND', 'The model is not found for API version v1beta.'],
    429: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
    503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  };
  const [name, message] = names[status] ?? ['INTERNAL', 'An internal error has occurred.'];
  json(res, status, { error: { code: status, message: said ?? message, status: name } }, headers);
}

const callsOf = (said: Said): Part[] =>
  said.calls.map((c) => ({ functionCall: { name: c.name, args: c.arguments } }));

const piece = (model: string, parts: Part[], finishReason?: string, t?: Tokens) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...(finishReason ? { finishReason } : {}) }],
  modelVersion: model,
  responseId: 'scripted',
  ...(t
    ? {
        usageMetadata: {
          promptTokenCount: t.in,
          cachedContentTokenCount: t.cacheRead,
          candidatesTokenCount: t.out - t.thinking,
          thoughtsTokenCount: t.thinking,
          totalTokenCount: t.in + t.out,
        },
      }
    : {}),
});

function chunks(model: string): Voice {
  const put = (parts: Part[], finish?: string, t?: Tokens) =>
    `data: ${JSON.stringify(piece(model, parts, finish, t))}\r\n\r\n`;
  return {
    contentType: 'text/event-stream',
    begin: () => '',
    thought: (text) => put([{ text, thought: true } as Part]),
    text: (text) => put([{ text }]),
    calls: (said) => put(callsOf(said)),
    // Calls come whole in this protocol.
    halfCall: () => null,
    refuse: (text) => put([{ text }]),
    end: (ending, t) => put([{ text: '' }], ending === 'length' ? 'MAX_TOKENS' : 'STOP', t),
    garbage: () => 'data: {"candidates":[{"content":{"parts":[{"text":"half a\r\n\r\n',
  };
}

/** Their contents in the words every scenario is written for. */
function wireOf(system: Content | undefined, contents: Content[]): WireMessage[] {
  return [
    ...(system ? [{ role: 'system', content: textOf(system) }] : []),
    ...contents.flatMap((c): WireMessage[] => {
      const parts = c.parts ?? [];
      const results = parts.flatMap((p) =>
        p.functionResponse
          ? [
              {
                role: 'tool',
                content: resultOf(p.functionResponse.response),
                tool_name: p.functionResponse.name ?? '',
              },
            ]
          : [],
      );
      const calls = parts.flatMap((p) =>
        p.functionCall
          ? [{ function: { name: p.functionCall.name ?? '', arguments: p.functionCall.args ?? {} } }]
          : [],
      );
      const content = textOf(c);
      const own = { role: c.role === 'model' ? 'assistant' : 'user', content };
      return [
        ...results,
        ...(content || calls.length > 0
          ? [{ ...own, ...(calls.length > 0 ? { tool_calls: calls } : {}) }]
          : []),
      ];
    }),
  ];
}

const textOf = (c: Content): string =>
  (c.parts ?? [])
    .map((p) => p.text ?? '')
    .filter((t) => t !== '')
    .join('\n');
const resultOf = (v: unknown): string => {
  const output = (v as { output?: unknown } | undefined)?.output;
  return typeof output === 'string' ? output : JSON.stringify(v ?? {});
};
