import { told } from '#server/domain/told.ts';
import { severities } from '#server/domain/views/notifications.ts';
import { levels } from './words.ts';

/** What each severity holds, so that a rule about it can be meant. */
export function Told() {
  return (
    <section aria-labelledby="told">
      <h3 id="told">What is told</h3>
      <dl className="told">
        {severities.map((severity) => (
          <div key={severity}>
            <dt>{levels[severity]}</dt>
            <dd>
              <ul>
                {told[severity].map((t) => (
                  <li key={t.kind}>{t.says.charAt(0).toUpperCase() + t.says.slice(1)}.</li>
                ))}
              </ul>
            </dd>
          </div>
        ))}
      </dl>
      <p className="m">
        The rules of a channel choose by these three. Troubles of the fleet are told when they last: most heal
        by themselves within minutes.
      </p>
    </section>
  );
}
