import { type ChatRequest, NO_USAGE, type Provider, type ToolCall } from '#server/models/provider.ts';

/** A model that makes these tool calls, turn by turn, whatever it is told; `seen` keeps what it was asked. */
export function puppet(turns: { name: string; arguments: unknown }[][], seen: ChatRequest[] = []): Provider {
  let n = 0;
  return {
    id: 'ollama',
    url: 'puppet',
    contextOf: async () => 32_768,
    probe: async () => ({ reachable: true, version: '1', models: [], scripted: false, problem: null }),
    async chat(r) {
      seen.push({ ...r, messages: structuredClone(r.messages) });
      const calls = turns[Math.min(n++, turns.length - 1)] ?? [];
      const toolCalls: ToolCall[] = calls.map((c, i) => ({ id: `c${i}`, ...c }));
      return {
        text: 'Working.',
        toolCalls,
        ...NO_USAGE,
        tokensIn: 10,
        tokensOut: 5,
        ms: 1,
        stop: 'stop',
        scripted: false,
      };
    },
  };
}
