import type { GivenSkill } from '#server/domain/skill.ts';
import { listed } from './folder.ts';
import { type SkillCard, skillSchema } from './schema.ts';
import { CatalogueError, type Collector, parseSource, readSource } from './source.ts';

/** A skill as its file says it. */
export interface Skill extends SkillCard {
  text: string;
  file: string;
}

/** The skills of one folder: front matter between two lines of ---, then the text. */
export function readSkills(root: string, folder: string, collect: Collector): Skill[] {
  return listed(root, folder, collect)
    .map((entry) => collect.read(() => readSkill(root, folder, entry)))
    .filter((skill) => skill !== undefined);
}

function readSkill(root: string, folder: string, entry: string): Skill {
  const file = `${folder}/${entry}/SKILL.md`;
  const source = readSource(root, file);
  const parts = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)([\s\S]*)$/.exec(source);
  if (!parts) {
    const message = 'This skill has no front matter.';
    const remedy = 'Begin it with a line ---, then name: and description:, then a line ---.';
    throw new CatalogueError({ file, line: 1, message, remedy });
  }
  // The blank line keeps the lines of the front matter where they stand in the file.
  const card = parseSource(`\n${parts[1]}`, file, skillSchema);
  const text = (parts[2] ?? '').trim();
  if (card.name !== entry) {
    const message = `name: is ${card.name}, but the folder is ${entry}.`;
    throw new CatalogueError({
      file,
      line: 2,
      message,
      remedy: `Write name: ${entry}, or rename the folder.`,
    });
  }
  if (text === '') {
    const message = 'This skill says nothing after its front matter.';
    throw new CatalogueError({ file, line: 1, message, remedy: 'Write what the agent has to know or do.' });
  }
  return { ...card, text, file };
}

/** What a company's agents may be taught: its own, then the fallback company's, then the shared ones; the first of a name wins. */
export function resolveSkills(own: Skill[], fallback: Skill[], shared: Skill[]): GivenSkill[] {
  const found = new Map<string, GivenSkill>();
  const sources = [
    ['company', own],
    ['fallback', fallback],
    ['shared', shared],
  ] as const;
  for (const [origin, skills] of sources)
    for (const skill of skills) if (!found.has(skill.name)) found.set(skill.name, { ...skill, origin });
  return [...found.values()];
}
