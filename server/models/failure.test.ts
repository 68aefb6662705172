import { expect, it } from 'vitest';
import type { AlaiError } from '#server/domain/errors.ts';
import { type Called, failureOf } from './failure.ts';

const call: Called = {
  guard: { cut: () => null, answered: () => null } as unknown as Called['guard'],
  url: 'https://models.example',
  model: 'large',
  signal: new AbortController().signal,
};
const worded = 'You exceeded your current quota, please check your plan and billing details.';

it.each([
  ['OpenAI, out of credit', { status: 429, code: 'insufficient_quota' }, worded, 'PROVIDER_QUOTA'],
  // The same words, and no more than a limit by the minute: to call that an empty account would stop all work for a person.
  ['Gemini, too many a minute', { status: 429, code: 429 }, worded, 'MODEL_BUSY'],
  ['Anthropic, out of credit', { status: 400 }, 'Your credit balance is too low.', 'PROVIDER_QUOTA'],
  ['DeepSeek, out of credit', { status: 402 }, 'Insufficient Balance', 'PROVIDER_QUOTA'],
  ['no billing set up', { status: 403 }, 'Billing is not enabled for this project.', 'PROVIDER_QUOTA'],
  ['too many requests', { status: 429 }, 'Rate limit reached for requests', 'MODEL_BUSY'],
] as const)('%s', (_, facts, said, code) => {
  const e = failureOf(Object.assign(new Error(said), facts), call) as AlaiError;
  expect(e.code).toBe(code);
});
