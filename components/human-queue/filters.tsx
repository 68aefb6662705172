'use client';
import { kindWords } from '#server/domain/answers.ts';
import { escalationKinds } from '#server/domain/views/queue.ts';

export interface Filter {
  q: string;
  /** '' for all, 'mine', or a kind. */
  of: string;
}
export const noFilter: Filter = { q: '', of: '' };

/** So few are seen at a glance; only above it a filter helps. */
const FEW = 8;

/** Narrows what waits to some words, to what was given to me, or to one kind. */
export function Filters({
  filter,
  total,
  onFilter,
}: {
  filter: Filter;
  total: number;
  onFilter: (filter: Filter) => void;
}) {
  const narrowed = filter.q !== '' || filter.of !== '';
  if (total <= FEW && !narrowed) return null;
  return (
    <div className="filters">
      <input
        className="field small"
        type="search"
        aria-label="Search what waits"
        placeholder="Search"
        value={filter.q}
        onChange={(e) => onFilter({ ...filter, q: e.target.value.slice(0, 200) })}
      />
      <select
        className="field small"
        aria-label="Which questions"
        value={filter.of}
        onChange={(e) => onFilter({ ...filter, of: e.target.value })}
      >
        <option value="">All</option>
        <option value="mine">Given to me</option>
        {escalationKinds.map((k) => (
          <option key={k} value={k}>
            {kindWords[k]}
          </option>
        ))}
      </select>
    </div>
  );
}
