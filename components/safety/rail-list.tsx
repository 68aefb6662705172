'use client';
import type { SafetyView, SavedRail } from '#server/domain/safety.ts';
import { Button, Tag } from '../ui/button.tsx';
import { plain } from '../ui/plain.ts';
import { Age } from '../ui/time.tsx';

/** The owner's rails, each with what it looks for and how often it held. */
export function RailList({
  view,
  mayChange,
  onEdit,
}: {
  view: SafetyView;
  mayChange: boolean;
  onEdit: (rail: SavedRail) => void;
}) {
  const projectName = (id: string | null) => view.projects.find((p) => p.id === id)?.name ?? 'every project';
  if (view.rails.length === 0)
    return (
      <p className="m">
        None of your own. A rail holds tasks by words, labels or files, everywhere or in one project; you see
        whom it would have held before it counts.
      </p>
    );
  return (
    <ul className="setting-rows">
      {view.rails.map((r) => (
        <li key={r.id}>
          <span className="grow">
            <strong>{plain(r.name)}</strong> <span className="m">{plain(r.reason)}</span>
            <span className="rail-signs">
              {[...r.words, ...r.labels.map((l) => `label ${l}`), ...r.paths.map((p) => `file ${p}`)]
                .slice(0, 8)
                .map((sign) => (
                  <Tag key={sign}>{plain(sign)}</Tag>
                ))}
            </span>
          </span>
          <span className="m">
            {projectName(r.projectId)} · held {view.counts[r.name] ?? 0} of the last {view.tasks} · by{' '}
            {r.changedBy}, <Age since={r.changedAt} /> ago
          </span>
          {mayChange ? (
            <Button small aria-label={`Change ${r.name}`} onClick={() => onEdit(r)}>
              Change
            </Button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
