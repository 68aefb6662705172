import { DISK_LOW, DISK_NEEDED, hasRoom, roomText } from '#server/domain/disk.ts';
import { type HostAct, sizeText } from '#server/domain/host.ts';
import type {
  BreakerFacts,
  FleetHostView,
  FleetView,
  HostModelView,
  ModelJobView,
  TroubleView,
  WatchedView,
} from '#server/domain/views/fleet.ts';
import { clock, left, plural, span } from '../ui/format.ts';
import type { Shape } from '../ui/mark.tsx';
import { plain } from '../ui/plain.ts';

/** How a host's state looks and reads. */
export function standing(h: Pick<FleetHostView, 'state' | 'running' | 'slots' | 'probe'>): {
  shape: Shape;
  word: string;
} {
  switch (h.state) {
    case 'live':
      if (h.running.length > 0)
        return { shape: 'running', word: `${h.running.length} of ${h.slots} slots busy` };
      return h.probe?.reachable === false
        ? { shape: 'failed', word: 'No model server' }
        : { shape: 'done', word: 'Idle' };
    case 'paused':
      return { shape: 'queued', word: 'Paused' };
    case 'draining':
      return { shape: 'queued', word: 'Draining' };
    case 'stopped':
      return { shape: 'cancelled', word: 'Stopped' };
    case 'silent':
      return { shape: 'stale', word: 'Not heard from' };
    default:
      return { shape: 'failed', word: 'No worker' };
  }
}

/** Who made the host what it is, and why: "By Alem at 14:02: the fan is loud". Empty for a host that just works. */
export function orderText(h: FleetHostView, now: number): string {
  if (h.order === 'LIVE' || !h.orderAt) return '';
  const left = h.drainUntil ? h.drainUntil.getTime() - now : null;
  return [
    `By ${h.orderBy ?? 'the factory'} at ${clock(h.orderAt)}${h.orderReason ? `: ${h.orderReason}` : ''}`,
    left !== null && h.running.length > 0
      ? left > 0
        ? `what runs has ${span(left)} left`
        : 'what runs is being handed back'
      : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** What to do about a host that does not work. */
export function remedyOf(h: FleetHostView): string {
  if (h.state === 'absent' && h.lastSeen !== null && h.order === 'LIVE')
    return h.local
      ? 'Its worker is not heard of any more. npm start on this machine starts it; where that runs, it is started again by itself within minutes.'
      : `Its worker is not heard of any more. On ${h.label}: npx alai worker --host ${h.name}`;
  if (h.state === 'absent')
    return h.local
      ? 'Its worker is not running. npm start on this machine starts it.'
      : `Its worker is not running. On ${h.label}: npx alai worker --host ${h.name}`;
  if (h.state === 'silent')
    return 'Its worker is not heard from. What runs there is given to other hosts within a minute, unless it comes back.';
  if (h.probe && !h.probe.reachable)
    return [h.probe.problem?.message, h.probe.problem?.hint].filter(Boolean).join('. ');
  if (h.disk && !hasRoom(h.disk.free))
    return `${roomText(h.disk.free)} before anything new starts here. Make room on that machine.`;
  if (h.disk && h.disk.free < DISK_LOW)
    return `${sizeText(h.disk.free)} of disk left. At ${sizeText(DISK_NEEDED)} nothing new starts here.`;
  return '';
}

/** "Nothing waits." or "4 wait, 3 of 5 slots are busy on 2 hosts.": the fleet in one sentence. */
export function fleetSentence(f: Pick<FleetView, 'hosts' | 'stopped'>): string {
  const slots = f.hosts.reduce((n, h) => n + h.slots, 0);
  const busy = f.hosts.reduce((n, h) => n + h.running.length, 0);
  const waiting = f.hosts.reduce((n, h) => n + h.queued, 0);
  const up = f.hosts.filter((h) => h.state === 'live').length;
  const stuck = f.hosts.reduce((n, h) => n + h.running.filter((r) => r.suspicious || r.unheard).length, 0);
  const alone = (all: { breaker: BreakerFacts | null }[]) =>
    all.filter((m) => m.breaker?.state === 'OPEN').length;
  const left = f.hosts.reduce((n, h) => n + alone(h.models), 0);
  const agents = f.hosts.reduce((n, h) => n + alone(h.agents), 0);
  return [
    f.stopped ? 'The factory is stopped' : '',
    stuck > 0 ? `${stuck} may be stuck` : '',
    up === f.hosts.length ? plural(up, 'host') : `${up} of ${plural(f.hosts.length, 'host')} take work`,
    `${busy} of ${plural(slots, 'slot')} busy`,
    waiting === 0 ? 'nothing waits' : plural(waiting, 'task waits', 'tasks wait'),
    left > 0 ? `${plural(left, 'model')} left alone` : '',
    agents > 0 ? `${plural(agents, 'agent')} left alone` : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

export const loadedBytes = (h: Pick<FleetHostView, 'models'>): number =>
  h.models.reduce((sum, m) => sum + (m.loaded?.bytes ?? 0), 0);

/** "20 GB of 96 GB": what lies in memory now. */
export function memoryText(h: Pick<FleetHostView, 'models' | 'memoryGb'>): string {
  const used = loadedBytes(h);
  const said = used === 0 ? 'Nothing loaded' : sizeText(used);
  if (h.memoryGb === null) return used === 0 ? said : `${said} loaded`;
  return used === 0 ? `${said}, ${h.memoryGb} GB` : `${said} of ${h.memoryGb} GB`;
}

export const acts: Record<HostAct, { name: string; yes: string }> = {
  pause: { name: 'Pause', yes: 'Pause' },
  drain: { name: 'Drain', yes: 'Drain' },
  stop: { name: 'Stop', yes: 'Stop' },
  resume: { name: 'Resume', yes: 'Resume' },
  restart: { name: 'Restart', yes: 'Restart' },
};

/** Where a model stands, shape and word. */
export function modelStanding(m: HostModelView, memoryGb: number | null): { shape: Shape; word: string } {
  if (m.breaker?.state === 'OPEN') return { shape: 'failed', word: 'Left alone' };
  if (m.running > 0) return { shape: 'running', word: 'In use' };
  if (m.loaded) return { shape: 'done', word: 'Loaded' };
  const gb = m.planned?.gb ?? (m.bytes ?? 0) / 1e9;
  if (memoryGb !== null && gb > memoryGb) return { shape: 'cancelled', word: 'Too large' };
  if (m.installed) return { shape: 'done', word: 'Pulled' };
  return { shape: 'none', word: 'Not pulled' };
}

/** Whether a model is looked for first: it is planned, needed, in memory, in trouble, or something was just done to it. */
export const matters = (m: HostModelView, h: Pick<FleetHostView, 'jobs'>): boolean =>
  m.planned !== null ||
  m.lane !== null ||
  m.loaded !== null ||
  m.running > 0 ||
  m.neededBy.length > 0 ||
  (m.breaker !== null && m.breaker.state !== 'CLOSED') ||
  h.jobs.some((j) => j.model === m.name);

/** What the breaker of a model or a service says; empty while it just works. */
export function breakerText(b: BreakerFacts | null, now: number): string {
  if (!b) return '';
  const why = b.error.replace(/[.]$/, '');
  const left = b.probeAt ? b.probeAt.getTime() - now : 0;
  // A service that lists its models waits half open for somebody's call.
  if (b.state === 'HALF_OPEN' && left > 0) return `Being tried again: ${why}`;
  if (b.state === 'CLOSED') return '';
  return `${b.offline ? 'Offline' : 'Left alone'}, ${left > 0 ? `tried again in ${span(left)}` : 'tried again with the next work'}: ${why}`;
}

/** "2.4 of 5.0 GB · 41 MB/s · 1m left" */
export function progressText(j: ModelJobView): string {
  if (j.cancelledBy && j.endedAt === null) return 'is being cancelled';
  if (j.state === 'QUEUED') return 'waits for its worker';
  if (j.total === 0) return j.status;
  const left = j.bytesPerSecond > 0 ? ((j.total - j.completed) / j.bytesPerSecond) * 1_000 : 0;
  return [
    `${sizeText(j.completed)} of ${sizeText(j.total)}`,
    j.bytesPerSecond > 0 ? `${sizeText(j.bytesPerSecond)}/s` : '',
    left > 0 ? `${span(left)} left` : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** The troubles that no other line of the page tells: a service that is left alone has one of its own. */
export const besideServices = <T extends TroubleView>(
  found: T[],
  { services }: Pick<FleetView, 'services'>,
) => found.filter((x) => !services.some((s) => x.key === `model:*:${s.name}`));

/** What is said of something wrong before anybody is told of it. */
export const watchedText = (x: WatchedView, now: number) =>
  `Watched: you are told if it lasts another ${left(x.tellAt.getTime() - now)}. ${plain(x.why)} ${plain(x.hint)}`;
