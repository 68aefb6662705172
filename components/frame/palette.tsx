'use client';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { useRouter } from 'next/navigation';
import { signOut } from 'next-auth/react';
import { useState } from 'react';
import { toast } from 'sonner';
import { useMe } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { Mark } from '../ui/mark.tsx';
import { Icon } from './rail.tsx';
import { rooms } from './rooms.ts';
import { useStrip } from './strip.tsx';
import { toggleTheme } from './theme.ts';

interface PaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onCompose: () => void;
  onKeys: () => void;
}

/** Everything by name: tasks, rooms and commands. */
export function Palette({ open, onOpenChange, onCompose, onKeys }: PaletteProps) {
  const trpc = useTRPC();
  const router = useRouter();
  const me = useMe();
  const [text, setText] = useState('');
  const { data: strip, refetch } = useStrip();
  const tasks = useQuery(
    trpc.tasks.list.queryOptions(
      { q: text.trim(), limit: 12 },
      { enabled: open && text.trim().length > 0, placeholderData: keepPreviousData, staleTime: 5_000 },
    ),
  );
  const refused = (e: unknown) => toast.error(refusalOf(e).message, { description: refusalOf(e).hint });
  const stop = useMutation(
    trpc.factory.stop.mutationOptions({ onSuccess: () => refetch(), onError: refused }),
  );
  const resume = useMutation(
    trpc.factory.resume.mutationOptions({ onSuccess: () => refetch(), onError: refused }),
  );
  const bento = useMutation(
    trpc.sample.run.mutationOptions({
      onSuccess: (made) => router.push(`/pipelines/${made.pipelineId}`),
      onError: refused,
    }),
  );

  const run = (act: () => void) => () => {
    onOpenChange(false);
    setText('');
    act();
  };
  const commands: { name: string; key?: string; icon: string; act: () => void }[] = [
    { name: 'New task', key: 'c', icon: '--i-plus', act: onCompose },
    ...rooms
      .filter((r) => me === undefined || me.may.includes(r.needs))
      .map((r) => ({ name: r.name, key: r.key, icon: r.icon, act: () => router.push(r.href) })),
    { name: 'Run the Bento sample', icon: '--i-pipeline', act: () => bento.mutate({ name: 'bento' }) },
    strip?.stopped
      ? { name: 'Resume the factory', icon: '--i-power', act: () => resume.mutate() }
      : {
          name: 'Stop the factory: end every agent now',
          icon: '--i-power',
          act: () => stop.mutate({ reason: '' }),
        },
    { name: 'Keys', key: '?', icon: '--i-find', act: onKeys },
    { name: 'Change between dark and light', icon: '--i-theme', act: toggleTheme },
    { name: 'Sign out', icon: '--i-status', act: () => void signOut({ callbackUrl: '/sign-in' }) },
  ];
  const needle = text.trim().toLowerCase();
  const shown = commands.filter((c) => c.name.toLowerCase().includes(needle));

  return (
    <Command.Dialog
      open={open}
      onOpenChange={onOpenChange}
      label="Search and commands"
      shouldFilter={false}
      overlayClassName="palette-veil"
      contentClassName="palette float"
      loop
    >
      <Command.Input value={text} onValueChange={setText} placeholder="Search tasks, or type a command" />
      <Command.List>
        <Command.Empty>Nothing is called “{text}”. Try a task number or a word of its title.</Command.Empty>
        {needle && tasks.data && tasks.data.length > 0 ? (
          <Command.Group heading="Tasks">
            {tasks.data.map((t) => (
              <Command.Item
                key={t.id}
                value={`task-${t.id}`}
                onSelect={run(() => router.push(`/tasks/${t.id}`))}
              >
                <span className={t.status.look}>
                  <Mark shape={t.status.look} />
                </span>
                <span className="n m">#{t.id}</span>
                <span className="cut grow">{t.title}</span>
                <span className="m">{t.status.word}</span>
              </Command.Item>
            ))}
          </Command.Group>
        ) : null}
        {shown.length > 0 ? (
          <Command.Group heading="Commands">
            {shown.map((c) => (
              <Command.Item key={c.name} value={c.name} onSelect={run(c.act)}>
                <Icon name={c.icon} />
                <span className="grow">{c.name}</span>
                {c.key ? c.key.split(' ').map((k) => <kbd key={k}>{k}</kbd>) : null}
              </Command.Item>
            ))}
          </Command.Group>
        ) : null}
      </Command.List>
    </Command.Dialog>
  );
}
