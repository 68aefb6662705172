import type { Stage } from './status.ts';

/** A skill as a task's pinned company version holds it, with where it came from. */
export interface GivenSkill {
  name: string;
  description: string;
  when?: { keywords: string[]; stages: Stage[] } | undefined;
  text: string;
  /** Below companies/. */
  file: string;
  origin: 'company' | 'fallback' | 'shared';
}

export interface SkillChoice {
  skill: GivenSkill;
  because: string;
}

/**
 * Which skills a step is given: those without `when` always, the others when their stage is on and one of their words
 * stands in the task. The prompt names them, so that everybody sees what the agent was taught.
 */
export function skillsFor(
  skills: GivenSkill[],
  task: { stage: Stage | null; title: string; description: string },
): SkillChoice[] {
  const text = ` ${`${task.title} ${task.description}`.normalize('NFKC').toLowerCase()} `;
  return skills.flatMap((skill): SkillChoice[] => {
    const { when } = skill;
    if (!when || (when.keywords.length === 0 && when.stages.length === 0))
      return [{ skill, because: 'always' }];
    if (when.stages.length > 0 && !(task.stage && when.stages.includes(task.stage))) return [];
    if (when.keywords.length === 0) return [{ skill, because: `stage ${task.stage}` }];
    const word = when.keywords.find((k) => standsIn(text, k));
    return word === undefined ? [] : [{ skill, because: `"${word}" is in the task` }];
  });
}

function standsIn(text: string, keyword: string): boolean {
  const escaped = keyword
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}`, 'u').test(text);
}
