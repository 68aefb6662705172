import { type GateOf, verdict } from './gate.ts';

/** The agent said enough at the end of its step for the next one to work with. */
export const minOutput: GateOf<'min_output'> = async (spec, { output }) => {
  const n = output.trim().length;
  return n >= spec.chars
    ? verdict(true, `${n} characters`)
    : verdict(false, `the summary has ${n} characters, at least ${spec.chars} are needed`);
};
