import { expect, it } from 'vitest';
import { capabilitiesOf } from './agents.ts';

it('tells what a model can be given by what it can do', () => {
  const of = (capabilities: string[], context: number | null = 32_768) =>
    capabilitiesOf({ capabilities, context });
  expect(of(['completion', 'tools', 'thinking'])).toEqual([
    ...['analyst', 'implementer', 'validator', 'integrator', 'reasoner'],
  ]);
  expect(of(['completion', 'tools'], 8_192)).toEqual(['analyst', 'implementer', 'validator']);
  expect(of(['completion', 'vision'])).toEqual(['analyst', 'validator']);
  expect(of(['completion'], null)).toEqual(['analyst']);
  expect(of(['embedding'])).toEqual([]);
});

it('says nothing of a model that nobody asked about', () => {
  expect(capabilitiesOf({ context: 32_768 })).toBeNull();
});
