import { type AgentEvent, type CliAgent, countOf, fieldsOf, ourServer, textOf } from './agent.ts';

/** Without it an address of our own is taken for a gateway, which signs in another way. */
const SETTINGS = {
  security: {
    auth: { selectedType: 'gemini-api-key' },
    // What it runs does not get its key.
    environmentVariableRedaction: { enabled: true },
  },
  general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
};

export const gemini: CliAgent = {
  provider: 'gemini',
  title: 'Gemini CLI',
  binary: 'gemini',
  keys: ['GEMINI_API_KEY'],
  address: 'GOOGLE_GEMINI_BASE_URL',
  addressPath: '',
  maker: 'https://generativelanguage.googleapis.com',
  passes: ['GEMINI_API_KEY', 'GOOGLE_GEMINI_BASE_URL'],

  argv: ({ model, sandboxed }) => [
    ...(model ? ['-m', model] : []),
    ...['-o', 'stream-json', '--skip-trust'],
    ...['--approval-mode', sandboxed ? 'yolo' : 'auto_edit'],
  ],
  // It starts itself a second time for a larger heap, which takes as long as the first and which no attempt needs.
  env: () => ({ GEMINI_CLI_NO_RELAUNCH: 'true' }),
  home: ({ tools }) => ({
    '.gemini/settings.json': JSON.stringify({
      ...SETTINGS,
      ...(tools ? ourServer(tools, { trust: true }) : {}),
    }),
  }),

  read(e): AgentEvent[] {
    switch (e.type) {
      case 'message':
        return e.role === 'assistant'
          ? [{ kind: 'text', text: textOf(e.content), part: e.delta === true }]
          : [];
      case 'tool_use':
        return [{ kind: 'call', id: textOf(e.tool_id), name: textOf(e.tool_name), arguments: e.parameters }];
      case 'tool_result': {
        const ok = e.status === 'success';
        const output = textOf(ok ? e.output : (fieldsOf(e.error).message ?? e.output));
        return [{ kind: 'result', id: textOf(e.tool_id), ok, output }];
      }
      case 'error':
        return e.severity === 'error' ? [{ kind: 'failed', message: textOf(e.message) }] : [];
      case 'result': {
        const s = fieldsOf(e.stats);
        const read = countOf(s.cached);
        const total: AgentEvent = {
          kind: 'total',
          tokensIn: Math.max(0, countOf(s.input_tokens) - read),
          tokensOut: Math.max(countOf(s.output_tokens), countOf(s.total_tokens) - countOf(s.input_tokens)),
          tokensCacheRead: read,
          tokensCacheWrite: 0,
          tokensThinking: 0,
        };
        return e.status === 'success'
          ? [total, { kind: 'end', text: null }]
          : [total, { kind: 'failed', message: textOf(fieldsOf(e.error).message) || textOf(e.status) }];
      }
      default:
        return [];
    }
  },
};
