import { type GateOf, verdict } from './gate.ts';
import { findSecrets } from './secrets.ts';

/** No password, key or token in the lines this step added. */
export const noSecrets: GateOf<'no_secrets'> = async (_spec, { addedLines }) => {
  const hits = await findSecrets(addedLines);
  if (hits.length === 0) return verdict(true, 'no secrets');
  const where = hits.slice(0, 20).map((h) => `${h.file}:${h.line}: ${h.what}`);
  return verdict(
    false,
    `a secret in ${hits.length} line(s); read it from the environment instead`,
    where.join('\n'),
  );
};
