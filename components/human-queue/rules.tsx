'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { Pattern, Rule } from '#server/domain/views/question.ts';
import { useMe } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { plural } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';

function Offer({ pattern, onAccept }: { pattern: Pattern; onAccept: (() => void) | null }) {
  return (
    <li className="rule">
      <p>{plain(pattern.said)}</p>
      <p className="m">
        As a rule: the next such question is approved in your name, once per piece of work, with ten seconds
        to undo. None of the {pattern.approved} was regretted.
      </p>
      {onAccept ? (
        <Button small onClick={onAccept}>
          Make it a rule
        </Button>
      ) : (
        <p className="m">Only the owner can make it a rule.</p>
      )}
    </li>
  );
}

function Kept({ rule, onRevoke }: { rule: Rule; onRevoke: () => void }) {
  return (
    <li className="rule">
      <p className="flex items-center gap-2">
        <b className="n">{rule.id}</b>
        <Chip
          pill
          shape={rule.revokedAt ? 'cancelled' : 'done'}
          word={rule.revokedAt ? 'Revoked' : 'In force'}
        />
      </p>
      <p>Approves {plain(rule.said)}.</p>
      <p className="m">
        Accepted by {plain(rule.acceptedBy)} <Age since={rule.acceptedAt} /> ago from{' '}
        {plural(rule.decisions.length, 'decision')}. Answered {plural(rule.uses, 'question')}
        {rule.lastUsedAt ? (
          <>
            , the last <Age since={rule.lastUsedAt} /> ago
          </>
        ) : null}
        .
        {rule.revokedAt ? (
          <>
            {' '}
            Revoked by {plain(rule.revokedBy ?? '')} <Age since={rule.revokedAt} /> ago.
          </>
        ) : null}
      </p>
      {rule.revokedAt ? null : (
        <Button small kind="danger" onClick={onRevoke} aria-label={`Revoke rule ${rule.id}`}>
          Revoke
        </Button>
      )}
    </li>
  );
}

/** What is offered as a rule, and the rules that were accepted: each can be taken back, none makes itself. */
export function Rules() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const view = useQuery(trpc.queue.rules.queryOptions());
  const me = useMe();
  const done = {
    onError: (e: unknown) => toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    onSettled: () => void queries.invalidateQueries({ queryKey: [['queue']] }),
  };
  const accept = useMutation(
    trpc.queue.acceptRule.mutationOptions({
      ...done,
      onSuccess: ({ id }) => toast(`Rule ${id} is in force`, { description: 'It can be revoked here.' }),
    }),
  );
  const revoke = useMutation(
    trpc.queue.revokeRule.mutationOptions({
      ...done,
      onSuccess: () => toast('Revoked', { description: 'Such questions come to you again.' }),
    }),
  );
  return (
    <aside className="inspector rules" aria-label="Rules">
      {view.error && !view.data ? (
        <Failure error={refusalOf(view.error)} retry={() => void view.refetch()} />
      ) : !view.data ? (
        <Skeleton className="h-24" />
      ) : (
        <>
          <h2>Offered</h2>
          {view.data.patterns.length > 0 ? (
            <ul>
              {view.data.patterns.map((p) => (
                <Offer
                  key={p.said}
                  pattern={p}
                  onAccept={me?.role === 'ceo' ? () => accept.mutate({ kind: p.kind, facts: p.facts }) : null}
                />
              ))}
            </ul>
          ) : (
            <p className="m">
              Nothing. When one kind of question was approved five times out of five and none was regretted, a
              rule is offered here.
            </p>
          )}
          <h2>Rules</h2>
          {view.data.rules.length > 0 ? (
            <ul>
              {view.data.rules.map((r) => (
                <Kept key={r.id} rule={r} onRevoke={() => revoke.mutate({ id: r.id })} />
              ))}
            </ul>
          ) : (
            <p className="m">None. Every question comes to you.</p>
          )}
        </>
      )}
    </aside>
  );
}
