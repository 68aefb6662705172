import type { AlaiError, ErrorCode } from '#server/domain/errors.ts';
import { modelError } from '#server/models/provider.ts';
import type { CliAgent } from './agent.ts';

/** By what agents and their models say; the first that fits. */
const kinds = [
  // Its sandbox's own no, not its model's.
  [/is not reached from here/i, 'ADDRESS_REFUSED', 'permanent'],
  // A limit by the minute or the day passes by itself, though Gemini words it as others word an empty account.
  [/RESOURCE_EXHAUSTED|quota metric|per (minute|hour|day)/i, 'MODEL_BUSY', 'transient'],
  [
    /\b402\b|credit balance|billing|quota exceeded|insufficient.(quota|balance|funds|credit)/i,
    'PROVIDER_QUOTA',
    'over-budget',
  ],
  [/\b(429|503|529)\b|rate.?limit|overloaded|too many requests|busy/i, 'MODEL_BUSY', 'transient'],
  [
    /\b(401|403)\b|(invalid|incorrect|wrong|expired|missing|no|valid) (x-)?api[ _-]?key|api[ _-]?key (is )?(not|invalid|expired|missing)|unauthori[sz]ed|unauthenticated|authenticat|not logged in|please run \/?log ?in|invalid auth/i,
    'PROVIDER_KEY',
    'permanent',
  ],
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
    hints(agent)[code] ?? `See the transcript, or try: npx alai test-agent ${agent.provider} "hello"`;
  return modelError(code, `${agent.title} failed: ${text}`, hint, kind);
}

const hints = (agent: CliAgent): Partial<Record<ErrorCode, string>> => ({
  PROVIDER_KEY: `The key is wrong, expired or for another address: set the right ${agent.keys.join(' or ')} in the file .env of the folder where npm start or npx alai worker runs, or in its shell, restart that, and let the work be tried again.`,
  PROVIDER_QUOTA: 'Top up the account, or choose another tier.',
  ADDRESS_REFUSED: `It reaches its model only. Where that is at another address, set ${agent.address} in the environment of the worker.`,
});
