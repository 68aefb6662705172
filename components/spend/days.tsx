import { OUTSIDE_KEY, type SpendDay } from '#server/domain/views/spend.ts';
import { money } from '../ui/format.ts';

const short = (day: string) =>
  new Date(`${day}T00:00:00`).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });

/** One bar a day, a piece for each tier, the dearest day as high as the picture. The table below it says the same in words. */
export function Days({ days, limit }: { days: SpendDay[]; limit: number }) {
  const most = Math.max(...days.map((d) => d.eur), 0);
  const tiers = [...new Set(days.flatMap((d) => Object.keys(d.tiers)))].sort();
  const dearest = days.find((d) => d.eur === most);
  const spent = days.filter((d) => d.eur > 0);
  if (most === 0) return <p className="m spend-none">Nothing was spent in these days.</p>;
  return (
    <figure className="spend-days">
      <div className="spend-bars" aria-hidden="true">
        <span className="most n m">
          {money(most)} on {short(dearest?.day ?? '')}
        </span>
        {days.map((d) => (
          <div key={d.day} className="spend-day" title={`${short(d.day)}: ${money(d.eur)}`}>
            <div className="spend-pile" style={{ height: `${(d.eur / most) * 100}%` }}>
              {tiers.map((t) => (
                <i key={t} data-tier={t} style={{ flexGrow: d.tiers[t] ?? 0 }} />
              ))}
            </div>
          </div>
        ))}
        {limit > 0 && limit <= most ? (
          <span className="limit" style={{ bottom: `calc((100% - 20px) * ${limit / most})` }}>
            <span className="n m">{money(limit)} a day</span>
          </span>
        ) : null}
      </div>
      <figcaption className="axis m n">
        <span>{short(days[0]?.day ?? '')}</span>
        <span className="keys">
          {tiers.map((t) => (
            <span key={t}>
              <i data-tier={t} aria-hidden="true" /> {t === OUTSIDE_KEY ? 'outside of tasks' : `tier ${t}`}
            </span>
          ))}
        </span>
        <span>{short(days.at(-1)?.day ?? '')}</span>
      </figcaption>
      <table className="sr-only">
        <caption>Euro spent by day</caption>
        <tbody>
          {spent.map((d) => (
            <tr key={d.day}>
              <th scope="row">{short(d.day)}</th>
              <td>{money(d.eur)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
