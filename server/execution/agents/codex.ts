import { type AgentEvent, type CliAgent, countOf, fieldsOf, listOf, OUR_SERVER, textOf } from './agent.ts';

/** Its name for a model server of ours; the built-in one takes no other address. */
const PROVIDER = 'alai';

export const codex: CliAgent = {
  provider: 'codex',
  title: 'Codex',
  binary: 'codex',
  keys: ['OPENAI_API_KEY', 'CODEX_API_KEY'],
  address: 'OPENAI_BASE_URL',
  addressPath: '/v1',
  maker: 'https://api.openai.com/v1',
  passes: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'OPENAI_BASE_URL'],

  argv: ({ model, sandboxed, given, tools }) => [
    ...['exec', '--json', '--ephemeral', '--ignore-user-config', '--ignore-rules', '--skip-git-repo-check'],
    ...(sandboxed ? ['--dangerously-bypass-approvals-and-sandbox'] : ['-s', 'workspace-write']),
    // Nothing of its maker's beside its model: it would ask for them in vain.
    ...['plugins', 'apps'].flatMap((name) => ['-c', `features.${name}=false`]),
    ...['-c', 'analytics.enabled=false', '-c', 'check_for_update_on_startup=false'],
    // What it runs does not get its key.
    ...['-c', 'shell_environment_policy.ignore_default_excludes=false'],
    ...(model ? ['-m', model] : []),
    ...(given.OPENAI_BASE_URL ? serverAt(given.OPENAI_BASE_URL, given) : []),
    ...(tools ? ['-c', `mcp_servers.${OUR_SERVER}=${toolServer(tools)}`] : []),
    '-',
  ],

  // `exec` signs in by this name; the other one is what people have.
  env: ({ given }) =>
    given.CODEX_API_KEY || !given.OPENAI_API_KEY ? {} : { CODEX_API_KEY: given.OPENAI_API_KEY },

  read(e): AgentEvent[] {
    const item = fieldsOf(e.item);
    const id = textOf(item.id);
    switch (e.type) {
      case 'item.started':
        return item.type === 'command_execution'
          ? [{ kind: 'call', id, name: 'shell', arguments: { command: item.command } }]
          : [];
      case 'item.completed':
        if (item.type === 'agent_message') return [{ kind: 'text', text: textOf(item.text) }];
        if (item.type === 'command_execution')
          return [{ kind: 'result', id, ok: item.exit_code === 0, output: textOf(item.aggregated_output) }];
        if (item.type === 'file_change')
          return [
            { kind: 'call', id, name: 'apply_patch', arguments: { changes: listOf(item.changes) } },
            { kind: 'result', id, ok: item.status === 'completed', output: textOf(item.status) },
          ];
        return [];
      case 'turn.completed': {
        const u = fieldsOf(e.usage);
        const read = countOf(u.cached_input_tokens);
        return [
          {
            kind: 'usage',
            tokensIn: Math.max(0, countOf(u.input_tokens) - read),
            tokensOut: countOf(u.output_tokens),
            tokensCacheRead: read,
            tokensCacheWrite: 0,
            tokensThinking: countOf(u.reasoning_output_tokens),
          },
          { kind: 'end', text: null },
        ];
      }
      case 'turn.failed':
        return [{ kind: 'failed', message: textOf(fieldsOf(e.error).message) }];
      default:
        return [];
    }
  },
};

/** A person answers later and the run ends there; other tools have their own times. */
const TOOL_SECONDS = 3_600;
const toolServer = ([command, ...args]: readonly string[]) =>
  `{command=${JSON.stringify(command)},args=${JSON.stringify(args)},tool_timeout_sec=${TOOL_SECONDS}}`;

function serverAt(url: string, given: Record<string, string>): string[] {
  const key = given.OPENAI_API_KEY ? 'OPENAI_API_KEY' : 'CODEX_API_KEY';
  const server = `{name="${PROVIDER}",base_url=${JSON.stringify(url)},env_key="${key}",wire_api="responses",request_max_retries=3,stream_max_retries=3}`;
  return ['-c', `model_provider="${PROVIDER}"`, '-c', `model_providers.${PROVIDER}=${server}`];
}
