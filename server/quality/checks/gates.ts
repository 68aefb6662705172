import { block, type Check, lines, notApplicable, pass } from './check.ts';

/** 3: the newest run of each gate passed. */
export const gates: Check = async (i) => {
  if (i.gates.length === 0) return notApplicable('The blueprint has no gates.');
  const list = lines(
    i.gates.map((g) => `${g.ok ? 'pass' : 'FAIL'} ${g.stepKey} ${g.gate}: ${g.detail.split('\n')[0]}`),
  );
  const failed = i.gates.filter((g) => !g.ok);
  if (failed.length > 0) return block(`${failed.length} of ${i.gates.length} gate(s) failed`, list);
  return pass(`${i.gates.length} gate(s) passed`, list);
};
