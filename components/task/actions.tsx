'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import type { TaskView } from '#server/domain/views/task.ts';
import { useCommands } from '../frame/commands.ts';
import { useKeys } from '../frame/keys.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { AskDialog, ReasonField } from '../ui/ask-dialog.tsx';
import { Button } from '../ui/button.tsx';
import { EditTask } from './edit.tsx';

type Move = 'start' | 'done' | 'cancel' | 'reopen' | 'stop' | 'revert' | 'discard' | 'merge-minion';

const moves: Record<Move, { name: string; title: string; says: string; asks: boolean; did: string }> = {
  start: { name: 'Start', title: 'Start', says: '', asks: false, did: 'queued' },
  done: {
    name: 'Mark done',
    title: 'Mark it done by hand?',
    says: 'No agent will work on it. What waits for it may start.',
    asks: true,
    did: 'marked done',
  },
  cancel: {
    name: 'Cancel',
    title: 'Cancel it?',
    says: 'Running agents of it end now. What waits for it keeps waiting and asks you. It can be reopened.',
    asks: true,
    did: 'cancelled',
  },
  reopen: {
    name: 'Reopen',
    title: 'Reopen it?',
    says: 'It starts again as a new generation; what was done stays in its history.',
    asks: true,
    did: 'reopened',
  },
  stop: {
    name: 'Stop',
    title: 'Stop the agent?',
    says: 'Its process ends within seconds. What it pushed is kept, and the next attempt goes on from there.',
    asks: true,
    did: 'stopped',
  },
  discard: {
    name: 'Discard',
    title: 'Discard this minion?',
    says: 'Running agents of it end now. Its branch lies in the recovery bin for 14 days.',
    asks: true,
    did: 'discarded',
  },
  'merge-minion': {
    name: 'Merge its branch',
    title: 'Merge it as it is?',
    says: 'Nobody reviewed it. A host merges its branch; conflicts come back as work.',
    asks: true,
    did: 'is being merged',
  },
  revert: {
    name: 'Revert',
    title: 'Take back what it merged?',
    says: 'A host makes one commit that takes it back and keeps later work. Gates and checks run on the result first; when they fail nothing moves.',
    asks: true,
    did: 'is being reverted',
  },
};

function useMoves(task: Pick<TaskView, 'id'>) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const options = (did: string) => ({
    onSuccess: () => {
      toast(`#${task.id} ${did}`);
      void queries.invalidateQueries({ queryKey: [['tasks']] });
    },
    onError: (e: unknown) => {
      const said = refusalOf(e);
      toast.error(said.message, { description: said.hint });
    },
  });
  return {
    start: useMutation(trpc.tasks.start.mutationOptions(options(moves.start.did))),
    done: useMutation(trpc.tasks.done.mutationOptions(options(moves.done.did))),
    cancel: useMutation(trpc.tasks.cancel.mutationOptions(options(moves.cancel.did))),
    reopen: useMutation(trpc.tasks.reopen.mutationOptions(options(moves.reopen.did))),
    stop: useMutation(trpc.tasks.stop.mutationOptions(options(moves.stop.did))),
    discard: useMutation(trpc.integration.discardMinion.mutationOptions(options(moves.discard.did))),
    'merge-minion': useMutation(
      trpc.integration.mergeMinion.mutationOptions(options(moves['merge-minion'].did)),
    ),
    revert: useMutation(trpc.integration.revert.mutationOptions(options(moves.revert.did))),
    asWork: useMutation(trpc.integration.revertAsWork.mutationOptions(options('is built now'))),
  };
}

interface AskProps {
  move: Move | null;
  onClose: () => void;
  onYes: (move: Move, reason: string) => void;
}

/** One question with its consequence and a reason that is kept in the history. */
function Ask({ move, onClose, onYes }: AskProps) {
  const [reason, setReason] = useState('');
  const face = move ? moves[move] : null;
  const yes = () => {
    if (move) onYes(move, reason.trim());
    setReason('');
    onClose();
  };
  return (
    <AskDialog
      open={move !== null}
      title={face?.title}
      says={face?.says ?? ''}
      leave="Keep as it is"
      yes={face?.name}
      onClose={onClose}
      onYes={yes}
    >
      <ReasonField reason={reason} optional onReason={setReason} />
    </AskDialog>
  );
}

/** Stops the running agent, where that is legal now. */
export function StopButton({ task, small }: { task: TaskView; small?: boolean }) {
  const acts = useMoves(task);
  const [move, setMove] = useState<Move | null>(null);
  const may = task.commands.includes('stop');
  useCommands(may ? [{ name: `Stop the agent of #${task.id}`, act: () => setMove('stop') }] : []);
  if (!may) return null;
  return (
    <>
      <Button small={small} onClick={() => setMove('stop')} disabled={acts.stop.isPending}>
        {acts.stop.isPending ? 'Stopping' : 'Stop'}
      </Button>
      <Ask
        move={move}
        onClose={() => setMove(null)}
        onYes={(m, reason) => acts[m].mutate({ id: task.id, reason })}
      />
    </>
  );
}

/** What a human may do with the task right now; the server says which moves are legal. */
export function Actions({ task }: { task: TaskView }) {
  const acts = useMoves(task);
  const [move, setMove] = useState<Move | null>(null);
  const [editing, setEditing] = useState(false);
  const may = (c: TaskView['commands'][number]) => task.commands.includes(c);
  const act = (m: Move) => (moves[m].asks ? setMove(m) : acts[m].mutate({ id: task.id, reason: '' }));
  useKeys({ e: () => (may('edit') ? setEditing(true) : undefined) });
  const shown: Move[] = (['merge-minion', 'start', 'done', 'reopen', 'revert', 'cancel'] as const)
    .filter(may)
    .map((m) => (m === 'cancel' && task.minion ? 'discard' : m));
  useCommands([
    ...shown.map((m) => ({ name: `${moves[m].name} #${task.id}`, act: () => act(m) })),
    ...(may('revert-as-work')
      ? [{ name: `Make #${task.id} a BUILD task`, act: () => acts.asWork.mutate({ id: task.id }) }]
      : []),
    ...(may('edit') ? [{ name: `Edit #${task.id}`, key: 'e', act: () => setEditing(true) }] : []),
  ]);
  if (shown.length === 0 && !may('edit') && !may('revert-as-work')) return null;
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      {shown.map((m) => (
        <Button
          key={m}
          small
          kind={m === 'start' ? 'primary' : 'plain'}
          disabled={acts[m].isPending}
          onClick={() => act(m)}
        >
          {moves[m].name}
        </Button>
      ))}
      {may('revert-as-work') ? (
        <Button
          small
          kind="primary"
          disabled={acts.asWork.isPending}
          onClick={() => acts.asWork.mutate({ id: task.id })}
        >
          Make it a BUILD task
        </Button>
      ) : null}
      {may('edit') ? (
        <Button small hint="e" onClick={() => setEditing(true)}>
          Edit
        </Button>
      ) : null}
      <Ask
        move={move}
        onClose={() => setMove(null)}
        onYes={(m, reason) => acts[m].mutate({ id: task.id, reason })}
      />
      {editing ? <EditTask task={task} onClose={() => setEditing(false)} /> : null}
    </div>
  );
}
