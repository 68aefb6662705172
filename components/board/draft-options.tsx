import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../live/trpc.ts';
import type { Draft } from './draft.ts';

/** Blueprints of the later stages: a task is not begun with them. */
const STAGE_ONLY = ['review', 'security-review', 'deploy', 'docs'];

interface DraftOptionsProps {
  draft: Draft;
  /** Its place in the list. */
  number: number;
  onChange: (part: Partial<Draft>) => void;
}

/** What a person may choose for one task himself. */
export function DraftOptions({ draft, number, onChange }: DraftOptionsProps) {
  const trpc = useTRPC();
  const ways = useQuery(trpc.companies.blueprints.queryOptions({ company: null }, { staleTime: 60_000 }));
  const companies = useQuery(trpc.companies.list.queryOptions(undefined, { staleTime: 60_000 }));
  const able = (companies.data?.companies ?? []).filter((c) => c.status === 'active').map((c) => c.name);

  return (
    <fieldset className="options" aria-label={`Options of task ${number}`}>
      <span className="m">Task {number}</span>
      <label>
        Priority
        <select
          className="field small"
          value={draft.priority}
          onChange={(e) => onChange({ priority: e.target.value as Draft['priority'] })}
        >
          <option value="H">High</option>
          <option value="M">Medium</option>
          <option value="L">Low</option>
        </select>
      </label>
      <label>
        Tags
        <input
          className="field small w-36"
          value={draft.tags}
          placeholder="deploy, docs"
          onChange={(e) => onChange({ tags: e.target.value })}
        />
      </label>
      <label>
        After
        <input
          className="field small w-28"
          value={draft.after}
          placeholder="1, #4001"
          onChange={(e) => onChange({ after: e.target.value })}
        />
      </label>
      <label>
        Who
        <select
          className="field small"
          value={draft.company}
          onChange={(e) => onChange({ company: e.target.value })}
        >
          <option value="">As the route finds</option>
          {able.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        How
        <select className="field small" value={draft.way} onChange={(e) => onChange({ way: e.target.value })}>
          <option value="">As the route finds</option>
          {(['workflow', 'blueprint'] as const).map((kind) => (
            <optgroup key={kind} label={kind === 'workflow' ? 'Workflows' : 'Shared blueprints'}>
              {(ways.data ?? [])
                .filter((w) => w.kind === kind && w.company === null && !STAGE_ONLY.includes(w.name))
                .map((w) => (
                  <option key={w.name} value={w.name} title={w.description}>
                    {w.name}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </label>
      <label title="One worktree, one blueprint. Its branch waits until you merge or discard it.">
        <input
          type="checkbox"
          checked={draft.minion}
          onChange={(e) => onChange({ minion: e.target.checked })}
        />
        One minion, no reviews
      </label>
      <label title="Services and agents that need a network are left out; the task stays on your machines.">
        <input
          type="checkbox"
          checked={draft.offline}
          onChange={(e) => onChange({ offline: e.target.checked })}
        />
        Local models only
      </label>
    </fieldset>
  );
}
