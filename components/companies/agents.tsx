import type { CompanyAgentView, CompanyDetail } from '#server/domain/views/company.ts';
import { Tag } from '../ui/button.tsx';
import { From, Prose } from './prose.tsx';

const list = (paths: string[], none: string) =>
  paths.length ? paths.map((p) => <code key={p}>{p}</code>) : <span className="m">{none}</span>;

function Agent({ agent: a }: { agent: CompanyAgentView }) {
  return (
    <article>
      <h3>
        {a.name} <Tag>{a.role}</Tag> <Tag>{a.writes ? 'writes' : 'read only'}</Tag>
      </h3>
      <From file={a.file}>{a.description}</From>
      <dl className="kv">
        <dt>Model</dt>
        <dd>
          {a.model === 'tier' ? 'The model of the task’s tier' : a.model}
          {a.model === 'tier' ? null : <span className="m"> · {a.modelMeans}</span>}
        </dd>
        <dt>May write</dt>
        <dd className="chips">
          {a.writes ? list(a.allowedPaths, 'nothing') : <span className="m">nothing in a project</span>}
        </dd>
        <dt>Never</dt>
        <dd className="chips">{list(a.forbiddenPaths, 'no path is forbidden')}</dd>
        <dt>Tools</dt>
        <dd className="chips">
          {a.tools ? list(a.tools, 'none') : <span>all that the step offers</span>}
          {a.toolsDenied.length ? <span className="m">never {a.toolsDenied.join(', ')}</span> : null}
        </dd>
      </dl>
      <Prose text={a.instructions} />
    </article>
  );
}

/** Who works for the company, what each may touch, and which model does which kind of work. */
export function Agents({ detail, folder }: { detail: CompanyDetail; folder: string }) {
  return (
    <>
      {detail.agents.map((a) => (
        <Agent key={a.role} agent={a} />
      ))}
      <article>
        <h3>Models</h3>
        <From file={`${folder}/config.json`}>by kind of work; everything else runs on the task’s tier</From>
        {detail.overrides.length ? (
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">Kind of work</th>
                <th scope="col">Model</th>
                <th scope="col">Means</th>
              </tr>
            </thead>
            <tbody>
              {detail.overrides.map((o) => (
                <tr key={o.kind}>
                  <th scope="row">{o.kind}</th>
                  <td>
                    <code>{o.model}</code>
                  </td>
                  <td className="m">{o.tier ? `tier ${o.tier}` : 'on no tier: the task’s own is used'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <p className="m">None.</p>
        )}
        <h4>Tiers</h4>
        <table className="rows">
          <tbody>
            {detail.tiers.map((t) => (
              <tr key={t.tier}>
                <th scope="row">
                  {t.tier} <span className="m">{t.name}</span>
                </th>
                <td>
                  <code>{t.model}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </article>
    </>
  );
}
