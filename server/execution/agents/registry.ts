import type { CliProvider } from '#server/domain/providers.ts';
import type { CliAgent } from './agent.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { gemini } from './gemini.ts';

/** Every agent with a program of its own. A new one is its file, its name in domain/providers.ts and a line here. */
export const cliAgents = {
  'claude-code': claudeCode,
  codex,
  gemini,
  copilot,
} as const satisfies Record<CliProvider, CliAgent>;
