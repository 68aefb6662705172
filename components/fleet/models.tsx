'use client';
import { type FormEvent, useId, useState } from 'react';
import { modelName, sizeText } from '#server/domain/host.ts';
import type { FleetHostView, HostModelView, ModelJobView } from '#server/domain/views/fleet.ts';
import { Button } from '../ui/button.tsx';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { useNow } from '../ui/time.tsx';
import { RemoveDialog } from './remove-dialog.tsx';
import type { FleetActs } from './use-fleet.ts';
import { breakerText, matters, modelStanding, progressText } from './words.ts';

function Progress({ job: j, onCancel }: { job: ModelJobView; onCancel: (() => void) | null }) {
  const percent = j.total > 0 ? Math.floor((j.completed / j.total) * 100) : 0;
  const what = `${j.act === 'pull' ? 'Pulling' : 'Removing'} ${j.model}`;
  return (
    <div className="pull">
      <progress max={100} value={j.act === 'pull' ? percent : undefined} aria-label={what} />
      <span className="n">{j.total > 0 ? `${percent}%` : ''}</span>
      <span className="m cut">{plain(progressText(j))}</span>
      {onCancel ? (
        <Button small kind="quiet" onClick={onCancel} aria-label={`Cancel: ${what}`}>
          Cancel
        </Button>
      ) : null}
    </div>
  );
}

function partition<T>(all: T[], first: (t: T) => boolean): [T[], T[]] {
  return [all.filter(first), all.filter((t) => !first(t))];
}

interface RowProps {
  host: FleetHostView;
  model: HostModelView;
  job: ModelJobView | undefined;
  acts: FleetActs;
  may: boolean;
  onRemove: () => void;
}

function Row({ host: h, model: m, job, acts, may, onRemove }: RowProps) {
  const { shape, word } = modelStanding(m, h.memoryGb);
  const live = job !== undefined && job.endedAt === null;
  const now = useNow();
  const breaker = breakerText(m.breaker, now);
  const failed = job?.state === 'FAILED' ? job.error : null;
  return (
    <li className="model">
      <Mark shape={shape} label={word} />
      <span className="model-name cut" title={m.name}>
        {plain(m.name)}
      </span>
      {live && job ? (
        <Progress
          job={job}
          onCancel={may && !job.cancelledBy ? () => acts.cancel.mutate({ id: job.id }) : null}
        />
      ) : (
        <>
          <span className="m model-state">{word}</span>
          <span className="n m model-size">
            {m.bytes ? sizeText(m.bytes) : m.planned ? `${m.planned.gb} GB` : ''}
          </span>
          <span
            className="n m model-lane"
            title={m.lane === null ? undefined : `At most ${m.lane} attempts at once`}
          >
            {m.lane === null ? '' : `${m.running} of ${m.lane}`}
          </span>
          <span className="n m model-speed">
            {m.tokensPerSecond === null ? '' : `${m.tokensPerSecond.toFixed(0)} tok/s`}
          </span>
          <span className="m cut model-needs" title={m.neededBy.join(', ')}>
            {m.neededBy.join(', ')}
          </span>
          <span className="model-act">
            {may && m.installed && m.server === 'ollama' ? (
              <Button small kind="quiet" onClick={onRemove} aria-label={`Remove ${m.name} from ${h.label}`}>
                Remove
              </Button>
            ) : null}
            {may && !m.installed ? (
              <Button
                small
                onClick={() => acts.pull.mutate({ host: h.name, model: m.name })}
                aria-label={`Pull ${m.name} to ${h.label}`}
              >
                Pull
              </Button>
            ) : null}
          </span>
        </>
      )}
      {breaker ? <p className="model-failed">{plain(breaker)}</p> : null}
      {failed ? (
        <p className="model-failed">
          <Mark shape="failed" /> {job?.act === 'remove' ? 'Not removed' : 'Not pulled'}: {plain(failed)}
        </p>
      ) : null}
    </li>
  );
}

/** The models of a host, planned, pulled and loaded, with what is being done to them. */
export function Models({ host: h, acts, may }: { host: FleetHostView; acts: FleetActs; may: boolean }) {
  const [name, setName] = useState('');
  const [removing, setRemoving] = useState<HostModelView | null>(null);
  const field = useId();
  const wanted = name.trim();
  const good = modelName.safeParse(wanted).success;
  // A model that is being brought is a row from the first moment, although nobody planned it.
  const extra = h.jobs.filter((j) => j.endedAt === null || j.state === 'FAILED').map((j) => j.model);
  const rows = [
    ...h.models,
    ...extra
      .filter((model) => !h.models.some((m) => m.name === model))
      .map(
        (model): HostModelView => ({
          name: model,
          installed: false,
          bytes: null,
          planned: null,
          loaded: null,
          lane: null,
          running: 0,
          tokensPerSecond: null,
          breaker: null,
          server: 'ollama',
          neededBy: [],
        }),
      ),
  ];
  const [shown, folded] = partition(rows, (m) => matters(m, h));
  const row = (m: HostModelView) => (
    <Row
      key={m.name}
      host={h}
      model={m}
      job={h.jobs.find((j) => j.model === m.name)}
      acts={acts}
      may={may}
      onRemove={() => setRemoving(m)}
    />
  );
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!good) return;
    acts.pull.mutate({ host: h.name, model: wanted }, { onSuccess: () => setName('') });
  };
  return (
    <div className="models-part">
      <h3 className="label">Models</h3>
      {rows.length === 0 ? (
        <p className="m part-empty">No model yet. Pull one, or plan it in fleet.yaml.</p>
      ) : null}
      {shown.length > 0 ? <ul className="models">{shown.map(row)}</ul> : null}
      {folded.length > 0 ? (
        <details className="models-more">
          <summary className="m">{folded.length} more that no tier needs here</summary>
          <ul className="models">{folded.map(row)}</ul>
        </details>
      ) : null}
      {may ? (
        <form className="pull-form" onSubmit={submit}>
          <label className="sr-only" htmlFor={field}>
            Model to pull to {h.label}
          </label>
          <input
            id={field}
            className="field small"
            placeholder="Another model, such as qwen3:14b"
            value={name}
            autoCapitalize="none"
            spellCheck={false}
            onChange={(e) => setName(e.target.value)}
          />
          <Button type="submit" small disabled={!good || acts.pull.isPending}>
            Pull
          </Button>
        </form>
      ) : null}
      {removing ? (
        <RemoveDialog
          host={h}
          model={removing}
          onClose={() => setRemoving(null)}
          onYes={() => {
            acts.remove.mutate({ host: h.name, model: removing.name, force: removing.neededBy.length > 0 });
            setRemoving(null);
          }}
        />
      ) : null}
    </div>
  );
}
