import { block, type Check, lines, notApplicable, pass } from './check.ts';

/** 3: in the newest try of each step every gate passed. */
export const gates: Check = async (i) => {
  const last = new Map(i.gates.map((g) => [g.stepKey, g]));
  // A step may have several gates of one kind, and a gate that failed before need not be recorded when it passes.
  const newest = i.gates.filter((g) => {
    const l = last.get(g.stepKey);
    return l?.tryNumber === g.tryNumber && l.tree === g.tree;
  });
  if (newest.length === 0) return notApplicable('The blueprint has no gates.');
  const list = lines(
    newest.map((g) => `${g.ok ? 'pass' : 'FAIL'} ${g.stepKey} ${g.gate}: ${g.detail.split('\n')[0]}`),
  );
  const failed = newest.filter((g) => !g.ok);
  if (failed.length > 0) return block(`${failed.length} of ${newest.length} gate(s) failed`, list);
  return pass(`${newest.length} gate(s) passed`, list);
};
