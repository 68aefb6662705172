import type { AlaiError } from '#server/domain/errors.ts';
import { modelError } from '#server/models/provider.ts';
import type { CliAgent } from './agent.ts';

const kinds = [
  [
    /\b(401|403)\b|api[ _-]?key|unauthori[sz]ed|authenticat|not logged in|log ?in|invalid auth/i,
    'PROVIDER_KEY',
    'permanent',
  ],
  [/\b402\b|credit balance|billing|quota exceeded|insufficient/i, 'PROVIDER_QUOTA', 'over-budget'],
  [/\b(429|503|529)\b|rate.?limit|overloaded|too many requests|busy/i, 'MODEL_BUSY', 'transient'],
  [/\b404\b|model .*not (found|exist)|no such model|unknown model/i, 'MODEL_MISSING', 'permanent'],
  [
    /\b(408|5\d\d)\b|ECONN|ENOTFOUND|EAI_AGAIN|fetch failed|connection|disconnected|network|timed? ?out/i,
    'MODEL_UNREACHABLE',
    'transient',
  ],
] as const;

/** What a failed run of an agent means; it tells only in words. */
export function agentError(agent: CliAgent, said: string): AlaiError {
  const text = said.trim().replace(/\s+/g, ' ').slice(-500) || 'it said nothing';
  const [, code, kind] = kinds.find(([pattern]) => pattern.test(text)) ?? [
    null,
    'MODEL_GARBAGE',
    'permanent',
  ];
  const hint =
    code === 'PROVIDER_KEY'
      ? `Set ${agent.keys.join(' or ')} in the environment of the worker.`
      : `See the transcript, or try: npx alai test-agent ${agent.provider} "hello"`;
  return modelError(code, `${agent.title} failed: ${text}`, hint, kind);
}
