import { describe, expect, it } from 'vitest';
import { agentError } from './errors.ts';
import { cliAgents } from './registry.ts';

describe('what an agent says of its failure', () => {
  it.each([
    ['Invalid API key · Please run /login', 'PROVIDER_KEY'],
    ['API Error: 401 {"type":"error","error":{"type":"authentication_error"}}', 'PROVIDER_KEY'],
    ['unexpected status 401 Unauthorized: Incorrect API key provided.', 'PROVIDER_KEY'],
    ['API key not valid. Please pass a valid API key.', 'PROVIDER_KEY'],
    ['API Error: 403 forbidden', 'PROVIDER_KEY'],
    ['429 Too Many Requests: see the limits of your API key', 'MODEL_BUSY'],
    ['API Error: 529 overloaded_error', 'MODEL_BUSY'],
    ['Credit balance is too low', 'PROVIDER_QUOTA'],
    ['Quota exceeded. Check your plan and billing details.', 'PROVIDER_QUOTA'],
    [
      '429 RESOURCE_EXHAUSTED: You exceeded your current quota, please check your plan and billing details.',
      'MODEL_BUSY',
    ],
    ["Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'", 'MODEL_BUSY'],
    ['unexpected status 502 Bad Gateway: api.openai.com cannot be reached: ENOTFOUND', 'MODEL_UNREACHABLE'],
    ['403 evil.example:443 is not reached from here: only the model of this run is.', 'ADDRESS_REFUSED'],
    ['I could not log into the mood for this', 'MODEL_GARBAGE'],
  ])('%s: %s', (said, code) => {
    expect(agentError(cliAgents.codex, said).code).toBe(code);
  });

  it('tells what to do about a key', () => {
    expect(agentError(cliAgents.codex, '401').hint).toContain(
      'set the right OPENAI_API_KEY or CODEX_API_KEY',
    );
  });
});
