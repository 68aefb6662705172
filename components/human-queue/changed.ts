import type { CaseView } from '#server/domain/views/question.ts';
import { plural } from '../ui/format.ts';

const size = (v: CaseView) =>
  v.size ? `${plural(v.size.files, 'file')}, +${v.size.added} −${v.size.removed}` : 'none';

/** What is not as it was when one read it, in words; for "this changed, look again". */
export function whatChanged(seen: CaseView, fresh: CaseView): string[] {
  const said: string[] = [];
  if (seen.question !== fresh.question || seen.why !== fresh.why) said.push('the question');
  if (seen.text !== fresh.text || seen.title !== fresh.title) said.push('the text of the task');
  if (seen.changes?.patch !== fresh.changes?.patch || seen.changes?.commit !== fresh.changes?.commit)
    said.push(
      size(seen) === size(fresh) ? 'the changes' : `the changes (${size(fresh)}; before ${size(seen)})`,
    );
  if (JSON.stringify(seen.evidence) !== JSON.stringify(fresh.evidence)) said.push('the evidence');
  if (JSON.stringify(seen.findings) !== JSON.stringify(fresh.findings)) said.push('the findings');
  return said.length > 0 ? said : ['the plan or the report behind it'];
}
