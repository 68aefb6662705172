import type { TaskView } from '#server/domain/views/task.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';

/** What the lead wants done, and what became of each item by the builder's report. */
export function Plan({ task }: { task: TaskView }) {
  const { plan, report } = task;
  if (!plan) return null;
  const items = plan.items.map((item, i) => ({ ...item, n: i + 1 }));
  const answers = new Map(report?.planItems.map((a) => [a.item, a]));
  return (
    <section className="plan" aria-labelledby="plan-title">
      <h3 id="plan-title" className="label">
        Plan
      </h3>
      <ol>
        {items.map((item) => {
          const answer = answers.get(item.n);
          const look = answer?.state === 'done' ? 'done' : answer ? 'cancelled' : 'queued';
          return (
            <li key={item.n}>
              <span className={`flex ${look}`}>
                <Mark shape={look} label={answer?.state ?? 'not reported yet'} />
              </span>
              <span className="n m">{item.n}</span>
              <div>
                <p>{plain(item.title)}</p>
                {item.files.length > 0 ? <p className="m files">{item.files.map(plain).join(', ')}</p> : null}
                {item.acceptance ? <p className="m">Done when: {plain(item.acceptance)}</p> : null}
                {answer?.why ? (
                  <p className="m">
                    {answer.state === 'done' ? 'Done' : 'Skipped'}: {plain(answer.why)}
                  </p>
                ) : null}
              </div>
            </li>
          );
        })}
      </ol>
      {plan.risks.length > 0 ? <p className="m">Risks: {plan.risks.map(plain).join('; ')}</p> : null}
      {plan.notTouching.length > 0 ? (
        <p className="m">Not to be touched: {plan.notTouching.map(plain).join('; ')}</p>
      ) : null}
    </section>
  );
}
