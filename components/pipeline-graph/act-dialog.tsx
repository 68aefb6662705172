'use client';
import { Dialog } from 'radix-ui';
import { type FormEvent, useState } from 'react';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { Button } from '../ui/button.tsx';
import { plain } from '../ui/plain.ts';
import { Skeleton } from '../ui/states.tsx';
import { type Act, acts } from './acts.tsx';

export interface Given {
  reason: string;
  title: string;
  waitsFor: number[];
  /** The same for every try of this dialog, so that a double click adds one task. */
  key: string;
}

interface DialogProps {
  act: Act;
  view: PipelineView;
  unit: number;
  /** What it waits for now; null while that is read. */
  waitsFor: number[] | null;
  onClose: () => void;
  onYes: (given: Given) => void;
}

/** Everything of the pipeline that a task can wait for: chains by their root, and tasks that stand alone. */
function unitsOf(view: PipelineView, without: number): { id: number; title: string }[] {
  const chains = view.chains.map((c) => ({ id: c.rootTaskId, title: c.title }));
  const alone = view.nodes.flatMap((n) =>
    n.chainId === null && n.taskId !== null ? [{ id: n.taskId, title: n.title }] : [],
  );
  return [...new Map([...chains, ...alone].map((u) => [u.id, u])).values()]
    .filter((u) => u.id !== without)
    .sort((a, b) => a.id - b.id);
}

/** Asks for the reason of a change, and for what the change needs to know. */
export function ActDialog({ act, view, unit, waitsFor, onClose, onYes }: DialogProps) {
  const face = acts[act];
  const [reason, setReason] = useState('');
  const [title, setTitle] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<number> | null>(null);
  const [key] = useState(() => crypto.randomUUID());
  const adds = act === 'before' || act === 'after';
  const on = chosen ?? new Set(waitsFor ?? []);
  const ready = reason.trim() !== '' && (!adds || title.trim() !== '') && waitsFor !== null;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (ready) onYes({ reason: reason.trim(), title: title.trim(), waitsFor: [...on], key });
  };
  const flip = (id: number) => {
    const next = new Set(on);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? null : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="palette-veil" />
        <Dialog.Content className="dialog float">
          <form onSubmit={submit} className="flex flex-col gap-3 p-4">
            <Dialog.Title>{act === 'failed' || adds ? face.title : `#${unit}: ${face.title}`}</Dialog.Title>
            <Dialog.Description className="text-muted">{face.says}</Dialog.Description>
            {adds ? (
              <input
                className="field"
                aria-label="Title"
                placeholder="What is to be done"
                value={title}
                onChange={(e) => setTitle(e.target.value)}
              />
            ) : null}
            {act === 'order' ? (
              waitsFor === null ? (
                <Skeleton className="h-24" />
              ) : (
                <fieldset className="order-list">
                  <legend className="m">Waits for</legend>
                  {unitsOf(view, unit).map((u) => (
                    <label key={u.id}>
                      <input type="checkbox" checked={on.has(u.id)} onChange={() => flip(u.id)} />
                      <span className="n m">#{u.id}</span>
                      <span className="cut">{plain(u.title)}</span>
                    </label>
                  ))}
                </fieldset>
              )
            ) : null}
            <input
              className="field"
              aria-label="Reason"
              placeholder="Why, for the history"
              value={reason}
              onChange={(e) => setReason(e.target.value)}
            />
            <div className="flex justify-end gap-2">
              <Button hint="Esc" onClick={onClose}>
                Keep as it is
              </Button>
              <Button type="submit" kind="primary" disabled={!ready}>
                {face.yes}
              </Button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
