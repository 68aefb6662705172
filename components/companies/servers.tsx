import type { CompanyDetail } from '#server/domain/views/company.ts';
import { From } from './prose.tsx';
import { ServersSeen } from './servers-seen.tsx';

const origins = {
  base: 'from the base',
  company: 'added by the company',
  override: 'of the base, changed',
} as const;

/** The MCP servers its agents are offered: the base, with what the company adds, removes and changes. */
export function Servers({
  detail,
  folder,
  company,
}: {
  detail: CompanyDetail;
  folder: string;
  company: string;
}) {
  return (
    <>
      <From file={`${folder}/config/mcp.json`}>laid over companies/_shared/mcp.json</From>
      {detail.mcp.length === 0 ? (
        <p className="m">
          No server. Put one under "add" there; its tools are offered to the steps that ask for them.
        </p>
      ) : (
        <table className="rows">
          <thead>
            <tr>
              <th scope="col">Server</th>
              <th scope="col">Reached by</th>
              <th scope="col">Tools</th>
              <th scope="col">Where from</th>
            </tr>
          </thead>
          <tbody>
            {detail.mcp.map((s) => (
              <tr key={s.name}>
                <th scope="row">{s.name}</th>
                <td>
                  <code>{s.target}</code>
                </td>
                <td className="m">{s.tools?.join(', ') ?? 'all'}</td>
                <td className="m">
                  {origins[s.origin]}
                  {s.overridden.length ? ` (${s.overridden.join(', ')})` : ''} · <code>{s.file}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <ServersSeen company={company} />
      {detail.mcpRemoved.length ? (
        <p className="m">Of the base it does without {detail.mcpRemoved.join(', ')}.</p>
      ) : null}
    </>
  );
}
