import Link from 'next/link';
import type { RailEffect } from '#server/domain/safety.ts';
import { count, plural } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Skeleton } from '../ui/states.tsx';

const SHOWN = 12;

function Tasks({
  title,
  tasks,
  shape,
}: {
  title: string;
  tasks: RailEffect['held'];
  shape: 'yours' | 'done';
}) {
  if (tasks.length === 0) return null;
  return (
    <div>
      <h4>{title}</h4>
      <ul>
        {tasks.slice(0, SHOWN).map((t) => (
          <li key={t.id}>
            <span className={shape}>
              <Mark shape={shape} />
            </span>
            <Link className="n m" href={`/tasks/${t.id}`} target="_blank">
              #{t.id}
            </Link>
            <span className="cut">{plain(t.title)}</span>
          </li>
        ))}
        {tasks.length > SHOWN ? <li className="m">and {count(tasks.length - SHOWN)} more</li> : null}
      </ul>
    </div>
  );
}

/** What a rail would have done to the last tasks. */
export function Effect({ effect }: { effect: RailEffect | undefined }) {
  if (!effect)
    return (
      <div className="rail-effect">
        <Skeleton className="h-4 w-72" />
      </div>
    );
  const { tasks, holds, held, freed } = effect;
  return (
    <div className="rail-effect" role="status">
      <p>
        Of the last {plural(tasks, 'task')} this rail holds <span className="n">{holds}</span>:{' '}
        {count(held.length)} that went through before, and it frees{' '}
        <span className="n">{count(freed.length)}</span>.
      </p>
      <Tasks title="Would be held" tasks={held} shape="yours" />
      <Tasks title="Would be free" tasks={freed} shape="done" />
    </div>
  );
}
