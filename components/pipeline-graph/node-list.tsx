'use client';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { money, span } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Scroll } from '../ui/scroll.tsx';
import { useNow } from '../ui/time.tsx';
import { place, withoutProject } from '../ui/words.ts';

interface ListProps {
  view: PipelineView;
  /** Node ids in the order of the graph. */
  order: readonly string[];
  selected: string | null;
  onSelect: (id: string) => void;
}

/** The same pipeline as a table, for those who read rather than look. */
export function NodeList({ view, order, selected, onSelect }: ListProps) {
  const now = useNow();
  const byId = new Map(view.nodes.map((n) => [n.id, n]));
  const waits = Map.groupBy(
    view.edges.filter((e) => e.kind === 'depends' && !e.satisfied),
    (e) => e.to,
  );
  return (
    <Scroll className="node-list" label="Tasks of this pipeline">
      <table>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Stage</th>
            <th scope="col">State</th>
            <th scope="col" className="tablet">
              Waits for
            </th>
            <th scope="col" className="tablet">
              By
            </th>
            <th scope="col" className="tablet">
              Attempts
            </th>
            <th scope="col">Took</th>
            <th scope="col" className="tablet">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {order.map((id) => {
            const n = byId.get(id);
            if (!n) return null;
            const on = (waits.get(id) ?? []).map((e) => byId.get(e.from)?.taskId ?? 'a planned stage');
            return (
              <tr key={id} aria-current={id === selected ? 'true' : undefined}>
                <th scope="row">
                  <button type="button" className="link cut" onClick={() => onSelect(id)}>
                    {n.taskId === null ? '' : `#${n.taskId} `}
                    {plain(withoutProject(n.title, view.projectName))}
                  </button>
                </th>
                <td>
                  {n.stage ?? 'Task'}
                  {n.cycle > 0 ? ` ${n.cycle}` : ''}
                </td>
                <td>
                  <Chip shape={n.planned ? 'queued' : n.status.look} word={n.status.word} />
                </td>
                <td className="tablet n">
                  {on.map((x) => (typeof x === 'number' ? `#${x}` : x)).join(', ')}
                </td>
                <td className="tablet cut">{place(n)}</td>
                <td className="tablet n">{n.attempts.length || ''}</td>
                <td className="n">
                  {n.startedAt ? span((n.finishedAt?.getTime() ?? now) - n.startedAt.getTime()) : ''}
                </td>
                <td className="tablet n">{n.costEur > 0 ? money(n.costEur) : ''}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}
