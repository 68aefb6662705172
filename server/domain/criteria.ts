/** A description can be long; beyond this a reviewer would tick boxes instead of looking. */
const MAX_CRITERIA = 12;
const MAX_LENGTH = 300;

const ITEM = /^\s*(?:[-*•]\s+(?:\[[ xX]\]\s*)?|\d{1,2}[.)]\s+|(?:AC|Kriterij|Krav)\s*\d*\s*:\s*)(.+)$/u;

/**
 * What has to hold when a task is done, as a reviewer must address it: the list items of its description in order, or
 * the title where the description lists nothing. Their position, from 1, is the number they are answered by.
 */
export function criteriaOf(title: string, description: string): string[] {
  const items = description
    .split('\n')
    .map((line) => ITEM.exec(line)?.[1]?.trim() ?? '')
    .filter((item) => item.length > 3);
  const unique = [...new Set(items)].slice(0, MAX_CRITERIA);
  return (unique.length > 0 ? unique : [title.trim()]).map((c) => c.slice(0, MAX_LENGTH));
}
