import { expect, it } from 'vitest';
import { companyRulesSchema, readOnlyReason, stepRules, writeReason } from '#server/domain/role-rules.ts';
import { companyVersion } from './commands.ts';
import { readCatalogue } from './data.ts';

const catalogue = readCatalogue('companies');

it.each([...catalogue.companies.keys()])('%s pins what its roles may do with its version', (name) => {
  const { data } = companyVersion(catalogue, catalogue.company(name));
  const policy = companyRulesSchema.parse((data as { policy: unknown }).policy);
  const rulesOf = (role: 'lead' | 'builder' | 'reviewer') => {
    const [step] = catalogue.blueprint('minion-one-shot', name).blueprint.steps;
    if (!step) throw new Error('the blueprint has no steps');
    return stepRules(name, policy, { ...step, role });
  };
  expect(readOnlyReason(rulesOf('lead'))?.reason).toContain('agents/lead.yaml write_locked');
  expect(readOnlyReason(rulesOf('reviewer'))).not.toBeNull();
  expect(readOnlyReason(rulesOf('builder'))).toBeNull();
  expect(writeReason(rulesOf('builder'), 'src/.env')).not.toBeNull();
});
