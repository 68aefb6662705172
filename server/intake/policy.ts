import type { Safety } from '#server/catalogue/data.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { Route } from '#server/domain/views.ts';

export const MAX_TITLE = 300;

/** Invisible and direction-changing characters: they make a text look like another one. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The title as it is kept: one line, visible characters only. Throws TITLE_EMPTY and TITLE_TOO_LONG. */
export function cleanTitle(raw: string): string {
  if (raw.length > 50 * MAX_TITLE) throw tooLong(raw.length);
  const title = raw.replace(/\s+/gu, ' ').replace(HIDDEN, '').trim();
  if (title === '') {
    throw new AlaiError(
      'TITLE_EMPTY',
      'The task has no title.',
      'Say in one line what should be there when it is done.',
    );
  }
  if (title.length > MAX_TITLE) throw tooLong(title.length);
  return title;
}

function tooLong(length: number): AlaiError {
  return new AlaiError(
    'TITLE_TOO_LONG',
    `The title has ${length} characters; ${MAX_TITLE} are the most.`,
    'Keep the title to one line and put the rest into the description.',
    { length, max: MAX_TITLE },
  );
}

const MAX_TEXT = 60_000;

/** Text as it reads: full-width letters folded, invisible ones gone, blanks alike. */
function readable(text: string): string {
  return text
    .slice(0, MAX_TEXT)
    .normalize('NFKC')
    .replace(/\s+/gu, ' ')
    .replace(HIDDEN, '')
    .replace(/[‐-―]/g, '-');
}

/**
 * Whether a human has to see the task before any agent does: the first pattern of safety.yaml that speaks of it, in
 * title, description or tags. Pure and local: no model can argue its way past it.
 */
export function judgeSafety(
  safety: Safety,
  task: { title: string; description: string; tags: string[] },
): Route['held'] {
  const parts = [task.title, ...task.description.split(/\n{2,}|(?<=[.!?])\s/u), ...task.tags].map(readable);
  for (const { name, reason, any, unless } of safety.patterns) {
    const exempt = unless.map((u) => new RegExp(u, 'iu'));
    const held = any.some((source) => {
      const pattern = new RegExp(source, 'iu');
      return parts.some((part) => pattern.test(part) && !exempt.some((e) => e.test(part)));
    });
    if (held) return { pattern: name, reason };
  }
  return null;
}
