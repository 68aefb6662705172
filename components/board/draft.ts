import type { CreateTasks, NewTask } from '#server/domain/views/new-task.ts';

/** One line of the composer before it is a task. */
export interface Draft {
  id: number;
  title: string;
  priority: NewTask['priority'];
  tags: string;
  /** What must be merged first: "1, #4001" (a number is a line of this list, #n an existing task). */
  after: string;
  /** A blueprint or workflow chosen by hand; empty is the one the route finds. */
  way: string;
  /** One worktree, no reviews: its branch waits for the human. */
  minion: boolean;
  /** Only models that need no network. */
  offline: boolean;
  /** A company chosen by hand; empty is the one the route finds. */
  company: string;
}

/** A title is one line; what is longer belongs into the description. Intake refuses it with the same words. */
export const maxTitle = 300;

/** What is wrong with a title before anybody is asked, or null. */
export const titleProblem = (title: string): string | null =>
  title.trim().length > maxTitle
    ? `The title has ${title.trim().length} characters; ${maxTitle} are the most. Keep it to one line and put the rest into the description.`
    : null;

let nextId = 1;
export const newDraft = (title = ''): Draft => ({
  id: nextId++,
  title,
  priority: 'M',
  tags: '',
  after: '',
  way: '',
  minion: false,
  offline: false,
  company: '',
});

/** A pasted text as lines: list marks, numbering and check boxes are taken off. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*(?:[-*•–]\s+(?:\[[ xX]\]\s*)?|\d{1,3}[.)]\s+)/, '').trim())
    .filter(Boolean);
}

export const tagsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/[\s,]+/)
      .map((t) => t.replace(/^#/, ''))
      .filter(Boolean),
  ),
];

/** The dependencies of a line, or what is wrong with them. */
export function afterOf(
  text: string,
  line: number,
  lines: number,
): { after: (string | number)[]; wrong: string | null } {
  const after: (string | number)[] = [];
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const task = /^#(\d+)$/.exec(word);
    const other = /^(\d+)$/.exec(word);
    if (task) after.push(Number(task[1]));
    else if (other && Number(other[1]) === line)
      return { after, wrong: `Line ${line} cannot wait for itself.` };
    else if (other && Number(other[1]) >= 1 && Number(other[1]) <= lines) after.push(`line-${other[1]}`);
    else
      return { after, wrong: `“${word}” is neither a line of this list (1 to ${lines}) nor a task (#4001).` };
  }
  return { after, wrong: null };
}

/** The request that the lines stand for. Empty lines are left out before numbering. */
export function requestOf(drafts: Draft[], project: string | null, idempotencyKey: string): CreateTasks {
  const lines = drafts.filter((d) => d.title.trim());
  return {
    idempotencyKey,
    project,
    pipelineTitle: null,
    tasks: lines.map((d, i) => ({
      title: d.title.trim(),
      description: '',
      priority: d.priority,
      tags: tagsOf(d.tags),
      owner: null,
      parentId: null,
      key: `line-${i + 1}`,
      dependsOn: afterOf(d.after, i + 1, lines.length).after,
      company: d.company || null,
      blueprint: d.way || null,
      tier: null,
      minion: d.minion,
      ...(d.offline ? { offline: true } : {}),
    })),
  };
}
