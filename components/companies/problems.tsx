import type { ProblemView } from '#server/domain/views/company.ts';
import { plural } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';

/** What is wrong in the files, where, and what to do: a person goes from here to his editor. */
export function Problems({ problems, kept }: { problems: ProblemView[]; kept: string[] }) {
  if (problems.length === 0) return null;
  return (
    <section className="file-problems" aria-label="Problems in the files">
      <h2>
        <Mark shape="failed" />
        {plural(problems.length, 'problem')} in the files
        {kept.length ? (
          <span className="m">
            {kept.join(', ')} {kept.length === 1 ? 'goes' : 'go'} on with the last good version
          </span>
        ) : null}
      </h2>
      <ul>
        {problems.map((p) => (
          <li key={`${p.file}:${p.line}:${p.message}`}>
            <code>
              {plain(p.file)}:{p.line}
            </code>
            <span>{plain(p.message)}</span>
            <span className="remedy">{plain(p.remedy)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
