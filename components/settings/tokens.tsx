'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import { may, permissions, type Scope, tokenScopes } from '#server/domain/permissions.ts';
import { useMe } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button, Tag } from '../ui/button.tsx';
import { plain } from '../ui/plain.ts';
import { Failure } from '../ui/states.tsx';
import { Age, useNow } from '../ui/time.tsx';
import { Once } from './once.tsx';

const lasts: [string, number | null][] = [
  ['30 days', 30],
  ['90 days', 90],
  ['1 year', 365],
  ['No end', null],
];

function NewToken({ onMade }: { onMade: (token: string) => void }) {
  const trpc = useTRPC();
  const me = useMe();
  const [name, setName] = useState('');
  const [days, setDays] = useState<number | null>(90);
  const [scopes, setScopes] = useState<Scope[]>(['read']);
  const make = useMutation(
    trpc.me.createToken.mutationOptions({
      onSuccess: ({ token }) => {
        setName('');
        onMade(token);
      },
      onError: (e) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    }),
  );
  const submit = (e: FormEvent) => {
    e.preventDefault();
    make.mutate({ name, days, scopes });
  };
  const offered = tokenScopes.filter((s) => me === undefined || may(me.role, null, s));
  return (
    <form className="setting-form" onSubmit={submit}>
      <div className="form-row">
        <label>
          <span className="label">What it is for</span>
          <input
            className="field"
            required
            maxLength={60}
            placeholder="Deploy script"
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
        </label>
        <label>
          <span className="label">Works for</span>
          <select
            className="field"
            value={String(days)}
            onChange={(e) => setDays(e.target.value === 'null' ? null : Number(e.target.value))}
          >
            {lasts.map(([text, n]) => (
              <option key={text} value={String(n)}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
      <fieldset>
        <legend className="label">It may</legend>
        <div className="scope-list">
          {offered.map((s) => (
            <label key={s}>
              <input
                type="checkbox"
                checked={scopes.includes(s)}
                onChange={(e) => setScopes(e.target.checked ? [...scopes, s] : scopes.filter((x) => x !== s))}
              />
              <span className="n">{s}</span>
              <span className="m">{permissions[s]}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <Button type="submit" kind="primary" disabled={!name.trim() || scopes.length === 0 || make.isPending}>
        Make a token
      </Button>
    </form>
  );
}

/** Tokens that act in the person's name, each with what it may do. */
export function Tokens() {
  const trpc = useTRPC();
  const tokens = useQuery(trpc.me.tokens.queryOptions(undefined, { refetchOnMount: 'always' }));
  const now = useNow();
  const [made, setMade] = useState<string | null>(null);
  const revoke = useMutation(
    trpc.me.revokeToken.mutationOptions({
      onSuccess: () => void tokens.refetch(),
      onError: (e) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint }),
    }),
  );
  return (
    <section aria-labelledby="tokens">
      <h3 id="tokens">
        API tokens <span className="n">{tokens.data?.length ?? ''}</span>
      </h3>
      {made ? (
        <Once
          says="Copy it now: it is kept as a hash and cannot be shown again."
          text={made}
          onClose={() => setMade(null)}
        />
      ) : null}
      {tokens.error ? (
        <Failure error={refusalOf(tokens.error)} retry={() => void tokens.refetch()} />
      ) : (
        <ul className="setting-rows">
          {tokens.data?.map((t) => (
            <li key={t.id}>
              <span className="grow">
                <strong>{plain(t.name)}</strong> {t.ending ? <span className="n m">…{t.ending}</span> : null}
              </span>
              <span className="setting-tags">
                {t.scopes.map((s) => (
                  <Tag key={s}>{s === '*' ? 'all that you may' : s}</Tag>
                ))}
              </span>
              <span className="m">
                {t.lastUsedAt ? (
                  <>
                    used <Age since={t.lastUsedAt} /> ago
                  </>
                ) : (
                  'never used'
                )}
                {t.expiresAt
                  ? t.expiresAt.getTime() < now
                    ? ', over'
                    : `, until ${t.expiresAt.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })}`
                  : ', no end'}
              </span>
              <Button
                small
                disabled={revoke.isPending}
                aria-label={`Revoke ${t.name}`}
                onClick={() => revoke.mutate({ id: t.id })}
              >
                Revoke
              </Button>
            </li>
          ))}
          {tokens.data?.length === 0 ? (
            <li className="m">No tokens. A script or another machine needs one: make it below.</li>
          ) : null}
        </ul>
      )}
      <NewToken
        onMade={(token) => {
          setMade(token);
          void tokens.refetch();
        }}
      />
    </section>
  );
}
