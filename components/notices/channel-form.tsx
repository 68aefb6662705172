'use client';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { ChannelInput, ChannelView } from '#server/domain/views/notifications.ts';
import { useMe } from '../live/me.ts';
import { useTRPC } from '../live/trpc.ts';
import { Button } from '../ui/button.tsx';
import { kindWords } from './words.ts';

export type AddedKind = ChannelInput['kind'];

export interface Entered {
  name: string;
  userId: string | null;
  channel: ChannelInput;
}

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: string;
  placeholder?: string;
  required?: boolean;
}
const Field = ({ label, onChange, ...rest }: FieldProps) => (
  <label>
    <span className="label">{label}</span>
    <input className="field" autoComplete="off" {...rest} onChange={(e) => onChange(e.target.value)} />
  </label>
);

const text = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
/** An empty secret keeps what is there. */
const filled = (secrets: Record<string, string>) =>
  Object.fromEntries(Object.entries(secrets).filter(([, v]) => v !== ''));

/** Where to tell, by what, and whose it is. */
export function ChannelForm({
  kind,
  before,
  busy,
  onSave,
  onCancel,
}: {
  kind: AddedKind;
  before: ChannelView | null;
  busy: boolean;
  onSave: (entered: Entered) => void;
  onCancel: () => void;
}) {
  const trpc = useTRPC();
  const me = useMe();
  const people = useQuery(trpc.queue.people.queryOptions());
  const old = before?.settings ?? {};
  const [name, setName] = useState(before?.name ?? kindWords[kind]);
  const [owner, setOwner] = useState(
    before ? (before.owner?.id ?? '') : kind === 'mail' ? (me?.id ?? '') : '',
  );
  const [v, setValues] = useState<Record<string, string>>({
    host: text(old.host),
    port: text(old.port) || '465',
    security: text(old.security) || 'tls',
    user: text(old.user),
    from: text(old.from),
    to: text(old.to),
  });
  const [users, setUsers] = useState<Record<string, string>>(() =>
    Object.fromEntries(
      Object.entries((old.users ?? {}) as Record<string, string>).map(([slack, id]) => [id, slack]),
    ),
  );
  const bind = (key: string) => ({
    value: v[key] ?? '',
    onChange: (value: string) => setValues({ ...v, [key]: value }),
  });
  const kept = before ? 'Kept as it is' : '';

  const channel = (): ChannelInput => {
    if (kind === 'mail')
      return {
        kind,
        settings: {
          host: v.host ?? '',
          port: Number(v.port),
          security: v.security as 'tls',
          user: v.user ?? '',
          from: v.from ?? '',
          to: v.to ?? '',
        },
        secrets: filled({ password: v.password ?? '' }),
      };
    const secrets = filled({ url: v.url ?? '', signingSecret: v.signingSecret ?? '' });
    if (kind === 'webhook') return { kind, settings: {}, secrets };
    const known = Object.entries(users).filter(([, slack]) => slack.trim() !== '');
    return {
      kind,
      settings: { users: Object.fromEntries(known.map(([id, slack]) => [slack.trim(), id])) },
      secrets,
    };
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    onSave({ name, userId: owner || null, channel: channel() });
  };

  const fields: Record<AddedKind, ReactNode> = {
    webhook: (
      <div className="form-row">
        <Field
          label="Address"
          type="url"
          required={!before}
          placeholder={kept || 'https://example.com/hooks/alai'}
          {...bind('url')}
        />
      </div>
    ),
    slack: (
      <>
        <div className="form-row">
          <Field
            label="Incoming webhook"
            type="url"
            required={!before}
            placeholder={kept || 'https://hooks.slack.com/services/…'}
            {...bind('url')}
          />
          <Field
            label="Signing secret, for buttons"
            type="password"
            placeholder={kept || 'None: no buttons'}
            {...bind('signingSecret')}
          />
        </div>
        <fieldset>
          <legend className="label">Who is who in Slack (member ids), to answer by button</legend>
          <div className="form-row">
            {people.data?.map((p) => (
              <Field
                key={p.id}
                label={p.name}
                placeholder="U012AB3CD"
                value={users[p.id] ?? ''}
                onChange={(slack) => setUsers({ ...users, [p.id]: slack })}
              />
            ))}
          </div>
        </fieldset>
        <p className="m">
          Slack sends the buttons to {location.origin}/api/slack/actions: enter that as its Request URL.
        </p>
      </>
    ),
    mail: (
      <>
        <div className="form-row">
          <Field label="Server" required placeholder="smtp.example.com" {...bind('host')} />
          <Field label="Port" type="number" required {...bind('port')} />
          <label>
            <span className="label">Encryption</span>
            <select
              className="field"
              value={v.security}
              onChange={(e) => setValues({ ...v, security: e.target.value })}
            >
              <option value="tls">TLS</option>
              <option value="starttls">STARTTLS, or not at all</option>
              <option value="none">None (own net only)</option>
            </select>
          </label>
        </div>
        <div className="form-row">
          <Field label="User" {...bind('user')} />
          <Field label="Password" type="password" placeholder={kept} {...bind('password')} />
        </div>
        <div className="form-row">
          <Field label="To" type="email" required {...bind('to')} />
          <Field label="From" type="email" required {...bind('from')} />
        </div>
      </>
    ),
  };

  return (
    <form className="setting-form" onSubmit={submit}>
      <div className="form-row">
        <Field label="Name" required value={name} onChange={setName} />
        <label>
          <span className="label">Whose it is</span>
          <select className="field" value={owner} onChange={(e) => setOwner(e.target.value)}>
            <option value="">The whole factory</option>
            {people.data?.map((p) => (
              <option key={p.id} value={p.id}>
                {p.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {fields[kind]}
      <div className="flex gap-2">
        <Button type="submit" kind="primary" disabled={busy || !name.trim()}>
          {before ? 'Save' : `Add ${kindWords[kind]}`}
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}
