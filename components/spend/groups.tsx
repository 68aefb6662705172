'use client';
import Link from 'next/link';
import { type SpendGroup, type SpendView, spendGroups } from '#server/domain/views/spend.ts';
import { money, plural } from '../ui/format.ts';
import { plain } from '../ui/plain.ts';
import { useChoice } from '../ui/use-choice.ts';
import { hours, tokens } from './words.ts';

const names: Record<SpendGroup, string> = {
  company: 'Company',
  tier: 'Tier',
  project: 'Project',
  model: 'Model',
  stage: 'Stage',
};

/** The same sum, divided by company, tier, project, model or stage. */
export function Groups({ view }: { view: SpendView }) {
  const [by, setBy] = useChoice('spend-by', spendGroups, 'company');
  if (view.total.calls === 0)
    return (
      <p className="m">
        No model was called in these days. What calls cost shows here by company, tier, project, model and
        stage.
      </p>
    );
  const rows = view.groups[by] ?? [];
  const most = Math.max(...rows.map((r) => r.eur), 0);
  return (
    <section className="spend-part" aria-labelledby="spend-by">
      <header className="spend-part-head">
        <h2 id="spend-by">By</h2>
        <fieldset className="choice" aria-label="Divided by">
          {spendGroups.map((g) => (
            <button
              key={g}
              type="button"
              className="btn small quiet"
              aria-pressed={by === g}
              onClick={() => setBy(g)}
            >
              {names[g]}
            </button>
          ))}
        </fieldset>
      </header>
      <table className="spend-table">
        <caption className="sr-only">Spent by {names[by].toLowerCase()}</caption>
        {rows.length > 0 ? (
          <thead>
            <tr>
              <th scope="col">{names[by]}</th>
              <th scope="col" className="n">
                Cost
              </th>
              <th scope="col" className="n wide">
                In
              </th>
              <th scope="col" className="n wide">
                Out
              </th>
              <th scope="col" className="n wide">
                Local
              </th>
              <th scope="col" className="n">
                Tasks
              </th>
            </tr>
          </thead>
        ) : null}
        <tbody>
          {rows.map((r) => (
            <tr key={r.key}>
              <th scope="row">
                <span
                  className="share"
                  aria-hidden="true"
                  style={{ width: `${most > 0 ? (r.eur / most) * 100 : 0}%` }}
                />
                <span className="cut">{plain(r.name)}</span>
              </th>
              <td className="n">
                {r.eur === 0 && r.scripted === r.calls ? <span className="m">scripted</span> : money(r.eur)}
                {r.estimated > 0 ? (
                  <span
                    className="m"
                    title={`${plural(r.estimated, 'call')} broke off and ${r.estimated === 1 ? 'is' : 'are'} counted by the text that came`}
                  >
                    {' '}
                    est.
                  </span>
                ) : null}
              </td>
              <td className="n wide">{tokens(r.tokensIn + r.tokensCache)}</td>
              <td className="n wide">{tokens(r.tokensOut)}</td>
              <td className="n wide">{r.gpuSeconds >= 1 ? hours(r.gpuSeconds) : ''}</td>
              <td className="n">{r.tasks}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Where the money went, task by task. */
export function Dearest({ view }: { view: SpendView }) {
  if (view.dearest.length === 0) return null;
  return (
    <section className="spend-part" aria-labelledby="dearest">
      <header className="spend-part-head">
        <h2 id="dearest">The ten dearest tasks</h2>
      </header>
      <ol className="dearest">
        {view.dearest.map((t) => (
          <li key={t.taskId}>
            <Link href={`/tasks/${t.taskId}`}>
              <span className="n m">#{t.taskId}</span>
              <span className="cut">{plain(t.title)}</span>
              <span className="m wide cut">
                {[t.company, t.stage, plural(t.attempts, 'attempt')].filter(Boolean).join(' · ')}
              </span>
              <span className="n">
                {t.scripted && t.eur === 0 ? (
                  <span className="m">{tokens(t.tokens)} tokens</span>
                ) : (
                  money(t.eur)
                )}
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </section>
  );
}
