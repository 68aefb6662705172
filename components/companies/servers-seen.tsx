'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { Mark } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Failure } from '../ui/states.tsx';

/** What its agents met: which tools were accepted, and which server is disabled because it changed them. */
export function ServersSeen({ company }: { company: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const seen = useQuery(trpc.companies.servers.queryOptions({ name: company }));
  const accept = useMutation(
    trpc.companies.acceptServer.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.companies.servers.queryKey() }),
    }),
  );
  if (!seen.data || seen.data.length === 0) return null;
  return (
    <ul className="servers-seen" aria-label="Seen at work">
      {seen.data.map((s) => (
        <li key={s.name}>
          <span className={`flex ${s.problem ? 'failed' : 'done'}`}>
            <Mark shape={s.problem ? 'failed' : 'done'} label={s.problem ? 'disabled' : 'in use'} />
          </span>
          <div className="grow">
            <p>
              {s.name} <span className="n m">{s.digest.slice(0, 12)}</span>
              <span className="m"> accepted by {plain(s.acceptedBy)}</span>
            </p>
            <p className="m">{s.problem ? `Disabled: ${plain(s.problem)}` : s.tools.map(plain).join(', ')}</p>
          </div>
          {s.problem && s.seenDigest ? (
            <Button
              small
              disabled={accept.isPending}
              onClick={() =>
                accept.mutate({ name: company, server: s.name, digest: s.seenDigest ?? undefined })
              }
            >
              Accept the change
            </Button>
          ) : null}
        </li>
      ))}
      {accept.error ? <Failure error={refusalOf(accept.error)} /> : null}
    </ul>
  );
}
