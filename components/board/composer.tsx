'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ClipboardEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { toast } from 'sonner';
import type { Route } from '#server/domain/views/routing.ts';
import { useFrame } from '../frame/frame.tsx';
import { useKeys } from '../frame/keys.ts';
import { refusalOf } from '../live/refusal.ts';
import { type Inputs, useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { plural } from '../ui/format.ts';
import { Mark } from '../ui/mark.tsx';
import { sentences } from '../ui/words.ts';
import {
  afterOf,
  type Draft,
  linesOf,
  maxTitle,
  newDraft,
  requestOf,
  tagsOf,
  titleProblem,
} from './draft.ts';
import { DraftOptions } from './draft-options.tsx';
import { ProjectPicker, useProjectChoice } from './project-picker.tsx';
import { RouteChip } from './route-chip.tsx';
import { useCreate } from './use-create.ts';
import { useSettled } from './use-settled.ts';

/** Takes one line or a pasted list, shows who would do each and why, and saves nothing until told to. */
export function Composer() {
  const trpc = useTRPC();
  const { setComposing } = useFrame();
  const [drafts, setDrafts] = useState<Draft[]>(() => [newDraft()]);
  const [active, setActive] = useState(0);
  const [whyOf, setWhyOf] = useState<number | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const focusOn = useRef<number | null>(drafts[0]?.id ?? null);
  const project = useProjectChoice();
  const create = useCreate();

  const lines = drafts.filter((d) => d.title.trim());
  const wanted: Inputs['routing']['preview'] = {
    projectId: project.isFolder ? null : project.value,
    tasks: lines.map((d) => ({
      title: d.title.trim().slice(0, maxTitle),
      tags: tagsOf(d.tags),
      blueprint: d.way || null,
      company: d.company || null,
      ...(d.offline ? { offline: true } : {}),
    })),
  };
  const asked = JSON.parse(useSettled(JSON.stringify(wanted), 200)) as Inputs['routing']['preview'];
  const preview = useQuery(
    trpc.routing.preview.queryOptions(asked, {
      enabled: asked.tasks.length > 0,
      placeholderData: keepPreviousData,
      retry: false,
    }),
  );
  const previewOf = (d: Draft) =>
    preview.data?.find((p) => p.title === d.title.trim()) ?? preview.data?.[lines.indexOf(d)];
  const routeOf = (d: Draft): Route | undefined => previewOf(d)?.route;

  useEffect(() => {
    if (focusOn.current === null) return;
    form.current?.querySelector<HTMLInputElement>(`[data-draft="${focusOn.current}"]`)?.focus();
    focusOn.current = null;
  });

  // A note of the last one would lie over the buttons of this one, and stay as long as the pointer rests there.
  useEffect(() => {
    toast.dismiss();
  }, []);

  const close = () => setComposing(false);
  useKeys({ escape: close });
  const change = (id: number, part: Partial<Draft>) =>
    setDrafts((all) => all.map((d) => (d.id === id ? { ...d, ...part } : d)));
  const remove = (id: number) =>
    setDrafts((all) => {
      const at = all.findIndex((d) => d.id === id);
      const left = all.filter((d) => d.id !== id);
      focusOn.current = left[Math.max(0, at - 1)]?.id ?? null;
      return left.length > 0 ? left : [newDraft()];
    });
  const insertAfter = (at: number, titles: string[]) =>
    setDrafts((all) => {
      const made = titles.map(newDraft);
      focusOn.current = made[made.length - 1]?.id ?? null;
      return [...all.slice(0, at + 1), ...made, ...all.slice(at + 1)];
    });

  const paste = (e: ClipboardEvent<HTMLInputElement>, at: number) => {
    const titles = linesOf(e.clipboardData.getData('text'));
    if (titles.length < 2) return;
    e.preventDefault();
    const here = drafts[at];
    if (here && !here.title.trim()) {
      change(here.id, { title: titles[0] });
      insertAfter(at, titles.slice(1));
    } else insertAfter(at, titles);
  };

  const problem =
    lines
      .map((d, i) => titleProblem(d.title) ?? afterOf(d.after, i + 1, lines.length).wrong)
      .find((w) => w !== null) ??
    // Without it the task would land in the Inbox, which is another choice of the same list.
    (lines.length > 0 && project.isFolder && !project.value
      ? 'Say which folder the repository is in.'
      : null);
  const save = async () => {
    if (lines.length === 0 || problem || create.isPending) return;
    if (await create.run(requestOf(drafts, project.value, create.key))) close();
    else {
      // The button that had the focus was disabled meanwhile; whoever was refused goes on where he can mend it.
      focusOn.current = lines[0]?.id ?? null;
      setActive(drafts.findIndex((d) => d.id === focusOn.current));
    }
  };
  const keys = (e: KeyboardEvent, at: number) => {
    if (e.key === 'Enter' && !e.metaKey && !e.ctrlKey) {
      e.preventDefault();
      if (lines.length === 1 && drafts.length === 1) void save();
      else if (drafts[at]?.title.trim()) insertAfter(at, ['']);
    }
    if (e.key === 'Backspace' && !drafts[at]?.title && drafts.length > 1) {
      e.preventDefault();
      remove(drafts[at]?.id ?? 0);
    }
    if (e.key === 'ArrowDown') focusOn.current = drafts[at + 1]?.id ?? null;
    if (e.key === 'ArrowUp') focusOn.current = drafts[at - 1]?.id ?? null;
    if (focusOn.current !== null) setActive((n) => n);
  };

  const current = drafts[active] ?? drafts[0];
  const currentAt = current ? drafts.indexOf(current) : 0;
  const explained = drafts.find((d) => d.id === whyOf) ?? (current?.title.trim() ? current : undefined);
  const route = explained ? routeOf(explained) : undefined;
  const offer = explained ? previewOf(explained)?.suggestion : undefined;
  const refusal = create.refusal ?? (preview.error ? refusalOf(preview.error) : null);

  // A refusal speaks of what was asked; once that is changed it would only mislead.
  const written = JSON.stringify([project.value, drafts]);
  const { forget } = create;
  useEffect(() => {
    if (written) forget();
  }, [written, forget]);

  return (
    // The keys of the whole form: Escape and ⌘ ↵ work from every field of it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      ref={form}
      className="composer float"
      aria-label="New tasks"
      onSubmit={(e) => {
        e.preventDefault();
        void save();
      }}
      onKeyDown={(e) => {
        if (e.key === 'Escape') close();
        if (e.key === 'Enter' && (e.metaKey || e.ctrlKey)) {
          e.preventDefault();
          void save();
        }
      }}
    >
      <header>
        <h2>{lines.length > 1 ? `${lines.length} tasks from your list` : 'New task'}</h2>
        <span className="m">A preview, nothing is saved yet.</span>
        <span className="end" />
        <ProjectPicker choice={project} />
      </header>
      <ol>
        {drafts.map((d, i) => (
          <li key={d.id}>
            <span className="n m">{i + 1}</span>
            <input
              data-draft={d.id}
              value={d.title}
              aria-label={`Task ${i + 1}`}
              placeholder={i === 0 ? 'Write a task, or paste a list' : 'Another task'}
              autoComplete="off"
              onChange={(e) => change(d.id, { title: e.target.value })}
              onPaste={(e) => paste(e, i)}
              onKeyDown={(e) => keys(e, i)}
              onFocus={() => setActive(i)}
            />
            {d.title.trim() ? (
              <RouteChip route={routeOf(d)} onWhy={(open) => setWhyOf(open ? d.id : null)} />
            ) : (
              <span />
            )}
            <button
              type="button"
              className="btn small quiet"
              aria-label={`Remove task ${i + 1}`}
              onClick={() => remove(d.id)}
              disabled={drafts.length === 1 && !d.title}
            >
              <Mark shape="failed" />
            </button>
          </li>
        ))}
      </ol>
      {current ? (
        <DraftOptions draft={current} number={currentAt + 1} onChange={(part) => change(current.id, part)} />
      ) : null}
      <footer>
        <p className={`m grow why ${refusal || problem ? 'refused' : ''}`} id="compose-why" role="status">
          {problem ? (
            problem
          ) : refusal ? (
            `${refusal.message} ${refusal.hint}`
          ) : route ? (
            <>
              {route.held ? <em>Held for you: {route.held.reason} </em> : null}
              {offer?.company && explained?.company === '' ? (
                <>
                  {offer.text.split('?')[0]}?{' '}
                  <button
                    type="button"
                    className="btn small"
                    onClick={() => change(explained.id, { company: offer.company ?? '' })}
                  >
                    Use {offer.company}
                  </button>{' '}
                </>
              ) : null}
              {sentences(route.reasons)}
            </>
          ) : (
            'Each line becomes one task. You see who does it, how strong the model is and why, before it is saved.'
          )}
        </p>
        <Button hint="Esc" onClick={close}>
          Discard
        </Button>
        <Button
          type="submit"
          kind="primary"
          hint="⌘ ↵"
          disabled={lines.length === 0 || !!problem || create.isPending}
        >
          {create.isPending ? 'Saving' : `Add ${plural(Math.max(1, lines.length), 'task')}`}
        </Button>
      </footer>
    </form>
  );
}
