'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { toast } from 'sonner';
import type { TaskView } from '#server/domain/views/task.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { plural } from '../ui/format.ts';
import { plain } from '../ui/plain.ts';
import { nameOf } from './tree.ts';
import type { useRemarks } from './use-remarks.ts';

/** What sending back will do, in words of facts. */
function consequence(task: TaskView): string {
  if (task.chainState === 'ACCEPTED' || task.chainState === 'FINISHED')
    return 'It is merged already: a follow-up BUILD in the same pipeline mends it.';
  if (task.chainState === 'NEEDS_HUMAN') return 'Answers the question in your queue. BUILD starts again.';
  return 'Ends what the chain does now. BUILD starts again with these findings.';
}

/** The comments made so far, and the one action that sends them all. */
export function SendBack({ task, review }: { task: TaskView; review: ReturnType<typeof useRemarks> }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const send = useMutation(
    trpc.integration.sendBack.mutationOptions({
      onSuccess: (made) => {
        review.clear();
        toast(`Sent back: #${made.taskId} mends it`, {
          action: { label: 'Open', onClick: () => router.push(`/tasks/${made.taskId}`) },
        });
        void queries.invalidateQueries({ queryKey: [['tasks']] });
      },
      onError: (e) => {
        const said = refusalOf(e);
        toast.error(said.message, { description: said.hint });
      },
    }),
  );
  const { remarks } = review;
  if (remarks.length === 0) return null;
  return (
    <section className="send-back" aria-label="Comments to send back">
      <ul>
        {remarks.map((r) => (
          <li key={r.key}>
            <span className="n m" title={r.file}>
              {nameOf(r.file)}:{r.line}
            </span>
            <span className="cut grow">{plain(r.text)}</span>
            <Button
              small
              kind="quiet"
              aria-label={`Delete comment on ${nameOf(r.file)} line ${r.line}`}
              onClick={() => review.drop(r.key)}
            >
              Delete
            </Button>
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap items-center gap-3">
        <span className="m grow">{consequence(task)}</span>
        <Button
          kind="primary"
          disabled={send.isPending}
          onClick={() =>
            send.mutate({
              id: task.id,
              comments: remarks.map(({ file, line, quote, text }) => ({ file, line, quote, text })),
            })
          }
        >
          {send.isPending ? 'Sending' : `Send back: ${plural(remarks.length, 'comment')}`}
        </Button>
      </div>
    </section>
  );
}
