import type { CompanyDetail } from '#server/domain/views/company.ts';
import { Tag } from '../ui/button.tsx';
import { From, Prose } from './prose.tsx';

const origins = { company: 'its own', fallback: 'of the fallback company', shared: 'shared' } as const;

/** What its agents are taught, when, and by which file. */
export function Skills({ detail }: { detail: CompanyDetail }) {
  if (detail.skills.length === 0)
    return <p className="m">It has no skills: write one as skills/name/SKILL.md.</p>;
  return detail.skills.map((s) => (
    <details key={s.name} className="fold">
      <summary>
        <b>{s.name}</b> <span className="m cut grow">{s.description}</span> <Tag>{origins[s.origin]}</Tag>
      </summary>
      <From file={s.file}>
        {s.stages.length || s.keywords.length
          ? `given ${s.stages.length ? `in ${s.stages.join(', ')}` : ''}${s.keywords.length ? ` when the task says ${s.keywords.join(', ')}` : ''}`
          : 'given to every step'}
      </From>
      <Prose text={s.text} />
    </details>
  ));
}
