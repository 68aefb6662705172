import { matchesGlob } from 'node:path/posix';
import { type GateOf, verdict } from './gate.ts';

/** Only the named files changed. */
export const diffOnly: GateOf<'diff_only'> = async (spec, { changed }) => {
  const outside = changed.filter((path) => !spec.paths.some((glob) => matchesGlob(path, glob)));
  if (outside.length === 0) return verdict(true, `${changed.length} changed file(s), all inside`);
  return verdict(
    false,
    `changed outside ${spec.paths.join(', ')}: ${outside.slice(0, 5).join(', ')}. Put it back.`,
    outside.join('\n'),
  );
};
