'use client';
import { useState } from 'react';
import type { PipelineView } from '#server/domain/views/pipeline.ts';
import { AskDialog, ReasonField } from '../ui/ask-dialog.tsx';
import { plain } from '../ui/plain.ts';
import { Skeleton } from '../ui/states.tsx';
import { type Act, acts } from './act-words.ts';

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
  const flip = (id: number) => {
    const next = new Set(on);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <AskDialog
      title={act === 'failed' || adds ? face.title : `#${unit}: ${face.title}`}
      says={face.says}
      leave="Keep as it is"
      yes={face.yes}
      ready={ready}
      onClose={onClose}
      onYes={() => onYes({ reason: reason.trim(), title: title.trim(), waitsFor: [...on], key })}
    >
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
      <ReasonField reason={reason} onReason={setReason} />
    </AskDialog>
  );
}
