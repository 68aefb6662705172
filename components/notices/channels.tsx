'use client';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import type { ChannelView } from '#server/domain/views/notifications.ts';
import { useMe } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Once } from '../settings/once.tsx';
import { Button } from '../ui/button.tsx';
import { Chip } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';
import { type AddedKind, ChannelForm } from './channel-form.tsx';
import { RulesForm } from './rules-form.tsx';
import { kindWords, ownZone, rulesSay } from './words.ts';

const refused = (e: unknown) => void toast.error(refusalOf(e).message, { description: refusalOf(e).hint });
const kinds: readonly AddedKind[] = ['slack', 'mail', 'webhook'];

function ChannelRow({
  channel: c,
  mayEdit,
  onChange,
  onSecret,
}: {
  channel: ChannelView;
  mayEdit: boolean;
  onChange: () => void;
  onSecret: (secret: string) => void;
}) {
  const trpc = useTRPC();
  const me = useMe();
  const [open, setOpen] = useState<'rules' | 'settings' | null>(null);
  const after = {
    onSuccess: () => {
      setOpen(null);
      onChange();
    },
    onError: refused,
  };
  const set = useMutation(trpc.notifications.set.mutationOptions(after));
  const remove = useMutation(trpc.notifications.remove.mutationOptions(after));
  const save = useMutation(
    trpc.notifications.save.mutationOptions({
      onSuccess: ({ signingSecret }) => {
        if (signingSecret) onSecret(signingSecret);
        after.onSuccess();
      },
      onError: refused,
    }),
  );
  const test = useMutation(
    trpc.notifications.test.mutationOptions({
      onSuccess: () => {
        toast('A test is on its way', { description: 'What became of it stands below, in a second or two.' });
        onChange();
      },
      onError: refused,
    }),
  );
  const busy = set.isPending || remove.isPending || save.isPending || test.isPending;
  const may = mayEdit || c.owner?.id === me?.id;
  const kind = c.kind === 'push' ? null : c.kind;
  const show = (what: 'rules' | 'settings') => setOpen(open === what ? null : what);
  return (
    <li className="channel">
      <span className="grow">
        <strong>{plain(c.name)}</strong>{' '}
        <span className="m">
          {kindWords[c.kind]} to {plain(c.where)},{' '}
          {c.owner ? `${plain(c.owner.name)}’s` : 'the whole factory’s'}
        </span>
        <span className="m channel-rules">{rulesSay(c.rules)}</span>
        {c.problem ? <span className="channel-problem">{plain(c.problem)}</span> : null}
      </span>
      {c.enabled ? (
        <Chip shape="done" word="On" />
      ) : (
        <Chip shape={c.problem ? 'failed' : 'cancelled'} word={c.problem ? 'Gone' : 'Off'} />
      )}
      {may ? (
        <span className="flex flex-wrap gap-2">
          <Button
            small
            disabled={busy}
            aria-label={`Send a test to ${c.name}`}
            onClick={() => test.mutate({ id: c.id })}
          >
            Send a test
          </Button>
          <Button
            small
            aria-expanded={open === 'rules'}
            aria-label={`Rules of ${c.name}`}
            onClick={() => show('rules')}
          >
            Rules
          </Button>
          {kind && mayEdit ? (
            <Button
              small
              aria-expanded={open === 'settings'}
              aria-label={`Change ${c.name}`}
              onClick={() => show('settings')}
            >
              Change
            </Button>
          ) : null}
          <Button
            small
            disabled={busy}
            aria-label={`${c.enabled ? 'Turn off' : 'Turn on'} ${c.name}`}
            onClick={() => set.mutate({ id: c.id, enabled: !c.enabled })}
          >
            {c.enabled ? 'Turn off' : 'Turn on'}
          </Button>
          <Button
            small
            disabled={busy}
            title="With its deliveries"
            aria-label={`Remove ${c.name}`}
            onClick={() => remove.mutate({ id: c.id })}
          >
            Remove
          </Button>
        </span>
      ) : null}
      {open === 'rules' ? (
        <RulesForm rules={c.rules} busy={busy} onSave={(rules) => set.mutate({ id: c.id, rules })} />
      ) : null}
      {open === 'settings' && kind ? (
        <ChannelForm
          kind={kind}
          before={c}
          busy={busy}
          onSave={(entered) => save.mutate({ id: c.id, rules: c.rules, ...entered })}
          onCancel={() => setOpen(null)}
        />
      ) : null}
    </li>
  );
}

/** Where people are told, and by which rules. */
export function Channels({ channels, onChange }: { channels: ChannelView[]; onChange: () => void }) {
  const trpc = useTRPC();
  const me = useMe();
  const mayEdit = me?.may.includes('configure') ?? false;
  const [adding, setAdding] = useState<AddedKind | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const save = useMutation(
    trpc.notifications.save.mutationOptions({
      onSuccess: ({ signingSecret }) => {
        setAdding(null);
        setSecret(signingSecret);
        onChange();
      },
      onError: refused,
    }),
  );
  return (
    <section aria-labelledby="channels">
      <h3 id="channels">
        Channels <span className="n">{channels.length || ''}</span>
      </h3>
      {secret ? (
        <Once
          says="The signing secret of this webhook. Copy it now: it is sealed and cannot be shown again."
          text={secret}
          onClose={() => setSecret(null)}
        />
      ) : null}
      <ul className="setting-rows">
        {channels.map((c) => (
          <ChannelRow key={c.id} channel={c} mayEdit={mayEdit} onChange={onChange} onSecret={setSecret} />
        ))}
        {channels.length === 0 ? (
          <li className="m">
            Nobody is told yet. Turn push on above
            {mayEdit ? ', or add Slack, a mailbox or a webhook below' : ''}.
          </li>
        ) : null}
      </ul>
      {mayEdit && adding === null ? (
        <div className="flex flex-wrap gap-2 py-3">
          {kinds.map((k) => (
            <Button key={k} onClick={() => setAdding(k)}>
              Add {kindWords[k]}
            </Button>
          ))}
        </div>
      ) : null}
      {adding ? (
        <ChannelForm
          key={adding}
          kind={adding}
          before={null}
          busy={save.isPending}
          onSave={(entered) => save.mutate({ id: null, rules: { timeZone: ownZone() }, ...entered })}
          onCancel={() => setAdding(null)}
        />
      ) : null}
    </section>
  );
}
