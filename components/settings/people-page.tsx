'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import { permissions, type Role, rolePermissions, roles } from '#server/domain/permissions.ts';
import type { Person } from '#server/domain/views/people.ts';
import { useMe } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { plural } from '../ui/format.ts';
import { Chip } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { Age } from '../ui/time.tsx';
import { Once } from './once.tsx';
import { roleNames } from './role-names.ts';

const refused = (e: unknown) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint });

interface MadeLink {
  says: string;
  url: string;
}

function InviteForm({ onMade }: { onMade: (link: MadeLink) => void }) {
  const trpc = useTRPC();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const send = useMutation(
    trpc.people.invite.mutationOptions({
      onSuccess: ({ url }, { name: who }) => {
        setName('');
        onMade({ says: `Send this link to ${who}: it signs in once, within 72 hours.`, url });
      },
      onError: refused,
    }),
  );
  const submit = (e: FormEvent) => {
    e.preventDefault();
    send.mutate({ name, role });
  };
  return (
    <form className="setting-form" onSubmit={submit}>
      <div className="form-row">
        <label>
          <span className="label">Name</span>
          <input
            className="field"
            required
            maxLength={60}
            placeholder="Selma"
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
        </label>
        <label>
          <span className="label">Role</span>
          <select className="field" value={role} onChange={(e) => setRole(e.target.value as Role)}>
            {roles.map((r) => (
              <option key={r} value={r}>
                {roleNames[r]}
              </option>
            ))}
          </select>
        </label>
        <Button type="submit" kind="primary" disabled={!name.trim() || send.isPending}>
          Invite
        </Button>
      </div>
      <p className="m">
        {roleNames[role]}: may {rolePermissions[role].map((p) => permissions[p]).join('; ')}.
      </p>
    </form>
  );
}

function standing(p: Person) {
  if (p.disabledAt) return <Chip shape="cancelled" word="Locked out" />;
  if (!p.joinedAt)
    return p.linkUntil ? (
      <Chip shape="queued" word="Invited" />
    ) : (
      <Chip shape="stale" word="Invitation is over" />
    );
  return <Chip shape={p.sessions > 0 ? 'done' : 'none'} word={plural(p.sessions, 'session')} />;
}

function PersonRow({
  person: p,
  self,
  onMade,
  onChange,
}: {
  person: Person;
  self: boolean;
  onMade: (link: MadeLink) => void;
  onChange: () => void;
}) {
  const trpc = useTRPC();
  const after = { onSuccess: onChange, onError: refused };
  const role = useMutation(trpc.people.setRole.mutationOptions(after));
  const disable = useMutation(trpc.people.disable.mutationOptions(after));
  const enable = useMutation(trpc.people.enable.mutationOptions(after));
  const link = useMutation(
    trpc.people.newLink.mutationOptions({
      onSuccess: ({ url }) => {
        onMade({ says: `Send this link to ${p.name}: it signs in once. Older links stopped working.`, url });
        onChange();
      },
      onError: refused,
    }),
  );
  const busy = role.isPending || disable.isPending || enable.isPending || link.isPending;
  return (
    <li>
      <span className="grow">
        <strong>{plain(p.name)}</strong> {self ? <span className="m">you</span> : null}
        <span className="m person-facts">
          {p.invitedBy ? `invited by ${plain(p.invitedBy)}` : 'the owner'}
          {p.seenAt ? (
            <>
              , seen <Age since={p.seenAt} /> ago
            </>
          ) : null}
        </span>
      </span>
      {standing(p)}
      <select
        className="field small"
        aria-label={`Role of ${p.name}`}
        value={p.role}
        disabled={busy || p.disabledAt !== null}
        onChange={(e) => role.mutate({ userId: p.id, role: e.target.value as Role })}
      >
        {roles.map((r) => (
          <option key={r} value={r}>
            {roleNames[r]}
          </option>
        ))}
      </select>
      <Button
        small
        disabled={busy || p.disabledAt !== null}
        onClick={() => link.mutate({ userId: p.id })}
        aria-label={`New link for ${p.name}`}
      >
        New link
      </Button>
      {p.disabledAt ? (
        <Button small disabled={busy} onClick={() => enable.mutate({ userId: p.id })}>
          Let in again
        </Button>
      ) : (
        <Button
          small
          disabled={busy || self}
          title={self ? 'Somebody else has to do this to you' : 'Ends sessions, links and tokens at once'}
          aria-label={`Lock out ${p.name}`}
          onClick={() => disable.mutate({ userId: p.id })}
        >
          Lock out
        </Button>
      )}
    </li>
  );
}

/** Who may come in, and as what. */
export function PeoplePage() {
  const trpc = useTRPC();
  const me = useMe();
  const people = useQuery(trpc.people.list.queryOptions(undefined, { refetchOnMount: 'always' }));
  const [made, setMade] = useState<MadeLink | null>(null);
  if (people.error) return <Failure error={refusalOf(people.error)} retry={() => void people.refetch()} />;
  return (
    <>
      <header className="settings-head">
        <h2>People</h2>
        <p className="m">
          A role counts from the next request on. Everything done here is in the audit trail, under these
          names.
        </p>
      </header>
      <section aria-labelledby="invite">
        <h3 id="invite">Invite somebody</h3>
        <InviteForm
          onMade={(link) => {
            setMade(link);
            void people.refetch();
          }}
        />
        {made ? <Once says={made.says} text={made.url} onClose={() => setMade(null)} /> : null}
      </section>
      <section aria-labelledby="people">
        <h3 id="people">
          People <span className="n">{people.data?.length ?? ''}</span>
        </h3>
        <ul className="setting-rows">
          {people.data?.map((p) => (
            <PersonRow
              key={p.id}
              person={p}
              self={p.id === me?.id}
              onMade={setMade}
              onChange={() => void people.refetch()}
            />
          )) ?? (
            <li>
              <Skeleton className="h-4 w-80" />
            </li>
          )}
        </ul>
      </section>
    </>
  );
}
