import type { Usage } from '#server/models/provider.ts';
import { type AgentEvent, type CliAgent, countOf, fieldsOf, listOf, ourServer, textOf } from './agent.ts';

/** More than any step should cost; the step's own limits and the budgets stop it long before. */
const MOST_USD = '10';

/** The tiers' own names are the family; it knows the newest of each by its last word. */
const ALIAS = /^claude-(sonnet|opus|haiku)$/;

export const claudeCode: CliAgent = {
  provider: 'claude-code',
  title: 'Claude Code',
  binary: 'claude',
  keys: ['ANTHROPIC_API_KEY'],
  address: 'ANTHROPIC_BASE_URL',
  addressPath: '',
  maker: 'https://api.anthropic.com',
  passes: ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'],

  argv: ({ model, schema, sandboxed, tools }) => [
    ...['-p', '--bare', '--output-format', 'stream-json', '--verbose'],
    ...['--strict-mcp-config', '--no-session-persistence', '--disable-slash-commands'],
    ...['--max-budget-usd', MOST_USD],
    ...(model ? ['--model', ALIAS.exec(model)?.[1] ?? model] : []),
    ...(sandboxed ? ['--dangerously-skip-permissions'] : ['--permission-mode', 'acceptEdits']),
    ...(tools ? ['--mcp-config', JSON.stringify(ourServer(tools, { type: 'stdio' }))] : []),
    ...(schema ? ['--json-schema', JSON.stringify(schema)] : []),
  ],

  env: ({ sandboxed }) => ({
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    ...(sandboxed ? { IS_SANDBOX: '1' } : {}),
  }),

  read(e): AgentEvent[] {
    const message = fieldsOf(e.message);
    const content = listOf(message.content).map(fieldsOf);
    switch (e.type) {
      case 'assistant':
        return [
          { kind: 'usage', id: textOf(message.id), ...usageOf(message.usage) },
          ...content.flatMap((b): AgentEvent[] =>
            b.type === 'text'
              ? [{ kind: 'text', text: textOf(b.text) }]
              : b.type === 'tool_use'
                ? [{ kind: 'call', id: textOf(b.id), name: textOf(b.name), arguments: b.input }]
                : [],
          ),
        ];
      case 'user':
        return content.flatMap((b): AgentEvent[] =>
          b.type === 'tool_result'
            ? [
                {
                  kind: 'result',
                  id: textOf(b.tool_use_id),
                  ok: b.is_error !== true,
                  output: outputOf(b.content),
                },
              ]
            : [],
        );
      case 'result': {
        const total: AgentEvent = { kind: 'total', ...usageOf(e.usage) };
        // `subtype` says success for refused keys too; only `is_error` is to be trusted.
        if (e.is_error === true)
          return [total, { kind: 'failed', message: textOf(e.result) || textOf(e.subtype) }];
        const answer = e.structured_output;
        const end = { kind: 'end' as const, text: typeof e.result === 'string' ? e.result : null };
        return [total, answer ? { ...end, answer: fieldsOf(answer) } : end];
      }
      default:
        return [];
    }
  },
};

function usageOf(usage: unknown): Usage {
  const u = fieldsOf(usage);
  return {
    tokensIn: countOf(u.input_tokens),
    tokensOut: countOf(u.output_tokens),
    tokensCacheRead: countOf(u.cache_read_input_tokens),
    tokensCacheWrite: countOf(u.cache_creation_input_tokens),
    tokensThinking: countOf(fieldsOf(u.output_tokens_details).thinking_tokens),
  };
}

const outputOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map((b) => textOf(fieldsOf(b).text))
        .join('\n');
