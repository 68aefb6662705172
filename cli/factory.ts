import { type Command, InvalidArgumentError } from 'commander';
import { AlaiError } from '#server/domain/errors.ts';
import { DRAIN_MINUTES, type HostAct } from '#server/domain/host.ts';
import { startText } from '#server/domain/lane-eta.ts';
import { CONDUCTOR_SILENT } from '#server/domain/looks.ts';
import type { FleetHostView, TroubleView, WatchedView } from '#server/domain/views/fleet.ts';
import type { RunView } from '#server/domain/views/runs.ts';
import { api } from './client.ts';
import { ageText } from './format.ts';
import { print } from './output.ts';

interface Options {
  host?: string;
  reason: string;
  minutes?: number;
}

const troubleLine = (x: TroubleView, now: number) =>
  `✕ ${x.title}, for ${ageText(now - x.since.getTime())}. ${[x.why, x.hint].filter(Boolean).join(' ')}`;

const watchedLine = (x: WatchedView, now: number) =>
  `◍ ${x.title}, watched for ${ageText(now - x.since.getTime())}: you are told if it lasts another ${ageText(
    x.tellAt.getTime() - now,
  )}. ${[x.why, x.hint].filter(Boolean).join(' ')}`;

const shapes: Record<FleetHostView['state'], string> = {
  live: '◐',
  paused: '○',
  draining: '◍',
  stopped: '⊘',
  silent: '◍',
  absent: '✕',
};

/** Waiting tasks that a terminal shows of each host. */
const SHOWN = 5;

function minutesOf(value: string): number {
  const n = Number(value);
  if (Number.isInteger(n) && n >= 0 && n <= 1_440) return n;
  throw new InvalidArgumentError('a number of minutes from 0 to 1440');
}

function hostLine(h: FleetHostView, now: number): string {
  const slots = h.running.map(
    (r) =>
      `    slot ${r.slot}  #${r.taskId} ${r.title}  ${r.model}  ${r.unheard ? `◍ not heard from for ${ageText(now - r.heardAt.getTime())}` : ageText(now - r.startedAt.getTime())}`,
  );
  const order =
    h.order === 'LIVE'
      ? []
      : [`    by ${h.orderBy ?? 'the factory'}${h.orderReason ? `: ${h.orderReason}` : ''}`];
  const waiting = h.waiting
    .slice(0, SHOWN)
    .map(
      (w) =>
        `    ○ #${w.taskId} ${w.title}  waits ${ageText(now - w.waitingSince.getTime())}  ${w.why}${w.etaMs === null ? '' : `  ${startText(w.etaMs)}`}`,
    );
  const leftAlone = [...h.models, ...h.agents].flatMap((m) =>
    m.breaker?.state === 'OPEN' ? [`    ✕ ${m.name} is left alone: ${m.breaker.error}`] : [],
  );
  const more = h.queued - waiting.length;
  return [
    [
      `${shapes[h.state]} ${h.label.padEnd(10)}${h.state.padEnd(9)}`,
      `${h.running.length}/${h.slots} slots`,
      `${h.queued} queued`,
      h.lastSeen ? `heard ${ageText(now - h.lastSeen.getTime())} ago` : 'never heard',
    ].join('  '),
    ...order,
    ...leftAlone,
    ...slots,
    ...waiting,
    ...(more > 0 ? [`    and ${more} more`] : []),
  ].join('\n');
}

const runLine = (r: RunView, now: number) => {
  const ago = r.heardAt ? ageText(now - r.heardAt.getTime()) : '';
  const heard = !ago ? 'never heard from' : r.overdue ? `not heard from for ${ago}` : `heard ${ago} ago`;
  const up = r.startedAt && !r.overdue ? `up ${ageText(now - r.startedAt.getTime())}` : '';
  return `    ${r.overdue ? '◍' : '✓'} ${[r.name.padEnd(18), heard.padEnd(24), r.version, up].join('  ').trimEnd()}`;
};

async function status(): Promise<void> {
  const { stopped, hosts, runs, problems, troubles, watched } = await api().fleet.get.query();
  const now = Date.now();
  const conductor = runs.find((r) => r.kind === 'conductor' && r.overdue);
  print({ stopped, hosts, runs, problems, troubles, watched }, () =>
    [
      stopped
        ? `⊘ The factory is stopped by ${stopped.by}${stopped.reason ? `: ${stopped.reason}` : ''}. Go on with npx alai factory resume.`
        : hosts.some((h) => h.state === 'live') && !conductor
          ? '✓ The factory takes work.'
          : hosts.some((h) => h.state === 'live')
            ? '◐ The hosts go on with what they have, until they need the conductor.'
            : '○ No host takes work.',
      ...problems.map((p) => `✕ ${p.file}:${p.line} ${p.message} ${p.remedy}`),
      ...troubles.map((x) => troubleLine(x, now)),
      ...watched.map((x) => watchedLine(x, now)),
      ...(conductor ? [`◍ The conductor is not heard from. ${CONDUCTOR_SILENT}`] : []),
      ...hosts.map((h) => hostLine(h, now)),
      'What runs',
      ...runs.map((r) => runLine(r, now)),
    ].join('\n'),
  );
}

const did: Record<HostAct, string> = {
  pause: 'paused: nothing new starts there, what runs goes on',
  drain: 'draining: nothing new starts there, what runs may finish',
  stop: 'stopped: what ran there is handed back',
  resume: 'taking work again',
  restart: 'restarting its worker',
};

async function steer(act: HostAct, o: Options): Promise<void> {
  const host = o.host?.toLowerCase() ?? null;
  const { changed } = await api().factory.steer.mutate({
    host,
    act,
    reason: o.reason,
    ...(o.minutes === undefined ? {} : { minutes: o.minutes }),
  });
  print({ changed }, () =>
    changed.length > 0
      ? changed.map((h) => `${h.toUpperCase()} is ${did[act]}.`).join('\n')
      : `${host ? host.toUpperCase() : 'Every host'} was so already; nothing changed.`,
  );
}

/** Everything: the kill switch off, and every host takes work. */
async function resumeAll(o: Options): Promise<void> {
  const client = api();
  const factory = await client.factory.resume.mutate();
  const hosts = await client.factory.steer.mutate({ host: null, act: 'resume', reason: o.reason });
  print({ factory: factory.changed, hosts: hosts.changed }, () =>
    factory.changed || hosts.changed.length > 0
      ? 'The factory takes work again.'
      : 'The factory takes work; nothing was stopped.',
  );
}

async function killSwitch(o: Options): Promise<void> {
  const { changed } = await api().factory.stop.mutate({ reason: o.reason });
  print({ changed }, () =>
    changed
      ? 'The factory is stopped: nothing starts, every agent process ends, and its work is kept. Go on with npx alai factory resume.'
      : 'The factory was stopped already.',
  );
}

/** `alai factory …`: the whole factory or, with --host, one host. */
export function registerFactoryCommands(program: Command): void {
  const factory = program
    .command('factory')
    .description('the factory and its hosts: status, pause, drain, stop, kill, resume, restart');
  factory.command('status', { isDefault: true }).description('what runs where').action(status);
  const command = (name: string, description: string) =>
    factory
      .command(name)
      .description(description)
      .option('--host <name>', 'only this host')
      .option('--reason <text>', 'why; kept in the log', '');
  command('pause', 'nothing new starts; what runs goes on').action((o: Options) => steer('pause', o));
  command('drain', 'nothing new starts; what runs may finish, then it is handed back')
    .option('--minutes <n>', 'how long it may', minutesOf, DRAIN_MINUTES)
    .action((o: Options) => steer('drain', o));
  command('stop', 'what runs is handed back at once; without --host the kill switch').action((o: Options) =>
    o.host ? steer('stop', o) : killSwitch(o),
  );
  command('kill', 'the kill switch: no attempt starts, every agent process is ended').action((o: Options) => {
    if (!o.host) return killSwitch(o);
    throw new AlaiError(
      'BAD_INPUT',
      'The kill switch is for the whole factory.',
      `For one host: npx alai factory stop --host ${o.host}`,
    );
  });
  command('resume', 'work is taken again').action((o: Options) =>
    o.host ? steer('resume', o) : resumeAll(o),
  );
  command('restart', 'the worker hands back what it runs and starts anew').action((o: Options) =>
    steer('restart', o),
  );
}
