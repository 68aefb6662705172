import { expect, it } from 'vitest';
import type { AgentView, TrialView } from '#server/domain/views/agents.ts';
import { agentLabel, trialText } from './agent-words.ts';

it('names an agent with its place and its tiers', () => {
  const a = { name: 'codex', version: '0.169.0', host: 'forge', tiers: [4] } as unknown as AgentView;
  expect(agentLabel(a)).toBe('codex 0.169.0 on FORGE, tier 4');
  expect(agentLabel({ ...a, version: null, host: null, tiers: [] })).toBe('codex');
});

it('says what an answer took, and that no price is known where none is', () => {
  const t = { state: 'DONE', endedAt: new Date(), host: 'forge', tokensIn: 41, tokensOut: 120 };
  const done = { ...t, ms: 2_345, eur: 0.0004 } as TrialView;
  expect(trialText(done)).toBe('41 tokens in, 120 out, 2.3 s, €0.0004');
  expect(trialText({ ...done, eur: null })).toContain('no price is known');
  expect(trialText({ ...done, state: 'QUEUED', endedAt: null })).toBe('Waits for the worker of FORGE');
});
