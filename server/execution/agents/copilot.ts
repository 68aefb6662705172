import { type AgentEvent, type CliAgent, countOf, fieldsOf, listOf, ourServer, textOf } from './agent.ts';

/** With a server of one's own a model has to be named. */
const BYOK_MODEL = 'gpt-5';

/** Where it signs in and asks its models when GitHub is its model server. */
const GITHUB = [
  ...['api.github.com:443', 'api.githubcopilot.com:443', 'api.individual.githubcopilot.com:443'],
  ...['api.business.githubcopilot.com:443', 'api.enterprise.githubcopilot.com:443'],
];

export const copilot: CliAgent = {
  provider: 'copilot',
  title: 'GitHub Copilot CLI',
  binary: 'copilot',
  keys: ['COPILOT_PROVIDER_API_KEY', 'COPILOT_GITHUB_TOKEN'],
  address: 'COPILOT_PROVIDER_BASE_URL',
  addressPath: '/v1',
  maker: '',
  reaches: (given) => (given.COPILOT_PROVIDER_BASE_URL ? [] : GITHUB),
  passes: [
    ...['COPILOT_GITHUB_TOKEN', 'COPILOT_PROVIDER_API_KEY', 'COPILOT_PROVIDER_BASE_URL'],
    ...['COPILOT_PROVIDER_TYPE', 'COPILOT_PROVIDER_WIRE_API', 'COPILOT_PROVIDER_MODEL_ID'],
  ],

  argv: ({ model, sandboxed, tools }) => [
    ...['--output-format', 'json', '--no-ask-user', '--no-auto-update', '--no-color'],
    '--disable-builtin-mcps',
    ...(model ? ['--model', model] : []),
    ...(sandboxed ? ['--allow-all-tools', '--allow-all-paths'] : ['--allow-tool', 'write']),
    ...(tools
      ? ['--additional-mcp-config', JSON.stringify(ourServer(tools, { type: 'local', tools: ['*'] }))]
      : []),
    ...['--secret-env-vars', 'COPILOT_GITHUB_TOKEN,COPILOT_PROVIDER_API_KEY'],
  ],
  // 235 MB, which would lie in the memory of each attempt.
  unpacks: { into: 'COPILOT_PKG_CACHE_HOME', alone: { COPILOT_SEA_EXTRACT_ONLY: '1' } },
  // With a model server of one's own it needs nothing of GitHub.
  env: ({ given, model }) =>
    given.COPILOT_PROVIDER_BASE_URL
      ? { COPILOT_OFFLINE: 'true', COPILOT_MODEL: model || BYOK_MODEL, COPILOT_GITHUB_TOKEN: undefined }
      : {},

  read(e): AgentEvent[] {
    const d = fieldsOf(e.data);
    switch (e.type) {
      case 'assistant.message':
        return [
          ...(d.content ? [{ kind: 'text' as const, text: textOf(d.content) }] : []),
          ...listOf(d.toolRequests)
            .map(fieldsOf)
            .map((t) => ({
              kind: 'call' as const,
              id: textOf(t.toolCallId),
              name: textOf(t.name),
              arguments: t.arguments,
            })),
        ];
      case 'tool.execution_complete': {
        const r = fieldsOf(d.result);
        const output = textOf(r.content ?? fieldsOf(d.error).message);
        return [{ kind: 'result', id: textOf(d.toolCallId), ok: d.success === true, output }];
      }
      case 'assistant.usage': {
        const read = countOf(d.cacheReadTokens);
        return [
          {
            kind: 'usage',
            tokensIn: Math.max(0, countOf(d.inputTokens) - read),
            tokensOut: countOf(d.outputTokens),
            tokensCacheRead: read,
            tokensCacheWrite: countOf(d.cacheWriteTokens),
            tokensThinking: countOf(d.reasoningTokens),
          },
        ];
      }
      case 'session.error':
        return [{ kind: 'failed', message: textOf(d.message) }];
      case 'result':
        return e.exitCode === 0
          ? [{ kind: 'end', text: null }]
          : [{ kind: 'failed', message: `it ended with ${textOf(e.exitCode)}` }];
      default:
        return [];
    }
  },
};
