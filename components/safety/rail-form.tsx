'use client';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useDeferredValue, useState } from 'react';
import { toast } from 'sonner';
import { type Rail, railSchema, type SafetyView, type SavedRail } from '#server/domain/safety.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { Effect } from './effect.tsx';

const lines = (text: string) =>
  text
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean);

interface Draft {
  name: string;
  reason: string;
  words: string;
  unless: string;
  labels: string;
  paths: string;
  projectId: string;
}
const draftOf = (r: SavedRail | null): Draft => ({
  name: r?.name ?? '',
  reason: r?.reason ?? '',
  words: r?.words.join('\n') ?? '',
  unless: r?.unless.join('\n') ?? '',
  labels: r?.labels.join('\n') ?? '',
  paths: r?.paths.join('\n') ?? '',
  projectId: r?.projectId ?? '',
});
const railOf = (d: Draft) =>
  railSchema.safeParse({
    ...{ name: d.name, reason: d.reason, words: lines(d.words), unless: lines(d.unless) },
    ...{ labels: lines(d.labels), paths: lines(d.paths), projectId: d.projectId || null },
  });

const fields: { key: 'words' | 'unless' | 'labels' | 'paths'; name: string; hint: string }[] = [
  { key: 'words', name: 'Phrases that hold', hint: 'newsletter*\npress release*\nprice* + customer*' },
  { key: 'unless', name: 'Unless the sentence says', hint: 'price tag' },
  { key: 'labels', name: 'Labels', hint: 'board' },
  { key: 'paths', name: 'Files', hint: 'billing/**' },
];

/** Writes one rail, and shows what it would have done to the last 500 tasks before it is saved. */
export function RailForm({
  rail,
  projects,
  onClose,
}: {
  rail: SavedRail | null;
  projects: SafetyView['projects'];
  onClose: (changed: boolean) => void;
}) {
  const trpc = useTRPC();
  const [draft, setDraft] = useState(() => draftOf(rail));
  const parsed = railOf(useDeferredValue(draft));
  const refused = (e: unknown) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint });
  const after = { onSuccess: () => onClose(true), onError: refused };
  const save = useMutation(trpc.safety.save.mutationOptions(after));
  const remove = useMutation(trpc.safety.remove.mutationOptions(after));
  const effect = useQuery(
    trpc.safety.preview.queryOptions(
      { rail: parsed.success ? parsed.data : null, id: rail?.id ?? null },
      { enabled: parsed.success, placeholderData: keepPreviousData, staleTime: 10_000 },
    ),
  );
  const set = (key: keyof Draft) => (e: { target: { value: string } }) =>
    setDraft({ ...draft, [key]: e.target.value });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const now = railOf(draft);
    if (now.success)
      save.mutate({
        rail: now.data satisfies Rail,
        change: rail ? { id: rail.id, version: rail.version } : null,
      });
  };
  const problem = parsed.success ? null : parsed.error.issues[0];
  return (
    <form
      className="setting-form rail-form"
      onSubmit={submit}
      aria-label={rail ? `Rail ${rail.name}` : 'New rail'}
    >
      <div className="form-row">
        <label>
          <span className="label">Name</span>
          <input
            className="field"
            maxLength={40}
            placeholder="Newsletter"
            value={draft.name}
            onChange={set('name')}
          />
        </label>
        <label>
          <span className="label">Counts in</span>
          <select className="field" value={draft.projectId} onChange={set('projectId')}>
            <option value="">Every project</option>
            {projects.map((p) => (
              <option key={p.id} value={p.id}>
                {p.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label className="wide-field">
        <span className="label">Why only you may let it through</span>
        <input
          className="field"
          maxLength={200}
          placeholder="What we send to customers is mine."
          value={draft.reason}
          onChange={set('reason')}
        />
      </label>
      <div className="rail-fields">
        {fields.map((f) => (
          <label key={f.key}>
            <span className="label">{f.name}</span>
            <textarea
              className="field n"
              rows={4}
              placeholder={f.hint}
              value={draft[f.key]}
              onChange={set(f.key)}
            />
          </label>
        ))}
      </div>
      <p className="m">
        One per line, in any language. <span className="n">*</span> ends a word in any way,{' '}
        <span className="n">+</span> stands between things in any order; up to three other words may stand in
        between. A file holds what names it, and asks before an agent writes it.
      </p>
      {parsed.success ? (
        <Effect effect={effect.data} />
      ) : (
        <p className="m" role="status">
          {problem ? `${problem.path.join(' ') || 'It'}: ${problem.message}.` : ''}
        </p>
      )}
      <div className="form-acts">
        <Button type="submit" kind="primary" disabled={!parsed.success || save.isPending}>
          {rail ? 'Save the rail' : 'Add the rail'}
        </Button>
        <Button onClick={() => onClose(false)}>Cancel</Button>
        {rail ? (
          <Button
            kind="danger"
            className="end"
            disabled={remove.isPending}
            onClick={() => remove.mutate({ id: rail.id, reason: '' })}
          >
            Remove the rail
          </Button>
        ) : null}
      </div>
    </form>
  );
}
