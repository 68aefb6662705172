'use client';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { useRouter } from 'next/navigation';
import { signOut } from 'next-auth/react';
import { useState } from 'react';
import { toast } from 'sonner';
import type { Permission } from '#server/domain/permissions.ts';
import { useMe } from '../live/me.ts';
import { refusalOf } from '../live/refusal.ts';
import { useTRPC } from '../live/trpc.ts';
import { sections } from '../settings/sections.ts';
import { Mark } from '../ui/mark.tsx';
import { type PageCommand, pageCommands } from './commands.ts';
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

interface Shown extends PageCommand {
  icon?: string;
}

/** What is done in the middle of a page, each with the way there. */
const deeds: { name: string; icon: string; needs: Permission; href: string }[] = [
  { name: 'Invite somebody', icon: '--i-settings', needs: 'people', href: '/settings/people#invite' },
  { name: 'New API token', icon: '--i-settings', needs: 'self', href: '/settings/you#tokens' },
  {
    name: 'Notify me: push, Slack, e-mail, webhook',
    icon: '--i-settings',
    needs: 'self',
    href: '/settings/notifications#channels',
  },
  { name: 'New safety rail', icon: '--i-settings', needs: 'configure', href: '/settings/safety#rails' },
];

/** Everything by name: tasks, rooms, and what can be done here and everywhere. */
export function Palette({ open, onOpenChange, onCompose, onKeys }: PaletteProps) {
  const trpc = useTRPC();
  const router = useRouter();
  const me = useMe();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState('');
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
    // The palette gives the focus back when it is gone; what is done may want it after that.
    requestAnimationFrame(() => setTimeout(act));
  };
  const may = (needs: Permission) => me === undefined || me.may.includes(needs);
  const go = (href: string) => () => router.push(href);
  const everywhere: (Shown & { needs: Permission })[] = [
    { name: 'New task', key: 'c', icon: '--i-plus', needs: 'work', act: onCompose },
    ...rooms.map((r) => ({ name: r.name, key: r.key, icon: r.icon, needs: r.needs, act: go(r.href) })),
    ...sections.map((s) => ({
      name: `Settings: ${s.name}. ${s.says}`,
      icon: '--i-settings',
      needs: s.needs,
      act: go(s.href),
    })),
    ...deeds.map((d) => ({ ...d, act: go(d.href) })),
    {
      name: 'Run the Bento sample',
      icon: '--i-pipeline',
      needs: 'work',
      act: () => bento.mutate({ name: 'bento' }),
    },
    strip?.stopped
      ? { name: 'Resume the factory', icon: '--i-power', needs: 'operate', act: () => resume.mutate() }
      : {
          name: 'Stop the factory: end every agent now',
          icon: '--i-power',
          needs: 'operate',
          act: () => stop.mutate({ reason: '' }),
        },
    {
      name: 'Keys',
      key: '?',
      icon: '--i-find',
      needs: 'self',
      act: onKeys,
    },
    { name: 'Change between dark and light', icon: '--i-theme', needs: 'self', act: toggleTheme },
    {
      name: 'Sign out',
      icon: '--i-status',
      needs: 'self',
      act: () => void signOut({ callbackUrl: '/sign-in' }),
    },
  ];
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const matching = (all: Shown[]) =>
    all.filter((c) => words.every((word) => c.name.toLowerCase().includes(word)));
  const groups = [
    { heading: 'On this page', shown: matching(open ? pageCommands() : []) },
    { heading: 'Everywhere', shown: matching(everywhere.filter((c) => may(c.needs))) },
  ];

  const found = words.length > 0 ? (tasks.data ?? []) : [];
  const values = [
    ...found.map((t) => `task-${t.id}`),
    ...groups.flatMap((g) => g.shown.map((c) => `${g.heading} ${c.name}`)),
  ];

  return (
    <Command.Dialog
      // What was chosen may leave the list when tasks arrive or go: Enter always has something to do.
      value={values.includes(chosen) ? chosen : (values[0] ?? '')}
      onValueChange={setChosen}
      open={open}
      onOpenChange={onOpenChange}
      label="Search and commands"
      shouldFilter={false}
      overlayClassName="veil"
      contentClassName="palette float"
      loop
    >
      <Command.Input value={text} onValueChange={setText} placeholder="Search tasks, or type a command" />
      <Command.List>
        <Command.Empty>Nothing is called “{text}”. Try a task number or a word of its title.</Command.Empty>
        {found.length > 0 ? (
          <Command.Group heading="Tasks">
            {found.map((t) => (
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
        {groups.map(({ heading, shown }) =>
          shown.length > 0 ? (
            <Command.Group key={heading} heading={heading}>
              {shown.map((c) => (
                <Command.Item key={c.name} value={`${heading} ${c.name}`} onSelect={run(c.act)}>
                  <Icon name={c.icon ?? '--i-act'} />
                  <span className="cut grow">{c.name}</span>
                  {c.key ? c.key.split(' ').map((k) => <kbd key={k}>{k}</kbd>) : null}
                </Command.Item>
              ))}
            </Command.Group>
          ) : null,
        )}
      </Command.List>
    </Command.Dialog>
  );
}
