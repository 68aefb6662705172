import { DISK_CLEARLY, DISK_LOW, DISK_NEEDED } from './disk.ts';
import { type HostState, sizeText } from './host.ts';
import { sentence } from './sentence.ts';
import type { Timing } from './timing.ts';

/** What is wrong with the fleet, so that its owner has to know. Pure: rows in, troubles out. */

export interface FleetFacts {
  hosts: {
    name: string;
    label: string;
    state: HostState;
    /** Its worker is one of those that npm start of the factory keeps up. */
    local: boolean;
    standBy: string | null;
    /** Since its worker was last heard of, in milliseconds; null when it never was. */
    silentMs: number | null;
    /** Its model server answers; null when nobody looked yet. */
    reachable: boolean | null;
    problem: string;
    diskFree: number | null;
  }[];
  /** Breakers that are not closed. Host `*` is a service. */
  breakers: { host: string; model: string; code: string; error: string }[];
  /** Processes that had to be started again lately, in the time that `RESTARTS_WITHIN` says. */
  restarts: { name: string; times: number; reason: string }[];
  /** What was told and was not over when somebody looked last. */
  told: readonly Pick<Trouble, 'key' | 'severity'>[];
}

type Host = FleetFacts['hosts'][number];

export interface Trouble {
  /** The same trouble has the same key. */
  key: string;
  severity: 'urgent' | 'normal';
  title: string;
  why: string;
  /** What to do. */
  hint: string;
  /** It is told when it lasts this long: most of it heals by itself. */
  holdMs: number;
}

const SERVICE = '*';
/** So many ends of one process in a quarter of an hour are no accident: whatever ends it, starting it again does not help. */
const MANY_RESTARTS = 5;
export const RESTARTS_WITHIN = (t: Timing): number => t.critical;
/** No waiting heals these. */
const LASTING: Record<string, { title: (name: string) => string; hint: string }> = {
  PROVIDER_KEY: {
    title: (name) => `${name} does not take its key`,
    hint: 'Set the right key in the file .env of the folder where npm start or npx alai worker runs, and restart that.',
  },
  PROVIDER_QUOTA: {
    title: (name) => `The account of ${name} is empty`,
    hint: 'Top it up, or choose another tier; its work waits or goes round meanwhile.',
  },
};

/** Everything that is wrong now, the urgent first. */
export function troublesOf(f: FleetFacts, t: Timing): Trouble[] {
  const isTold = (key: string) => f.told.some((x) => x.key === key);
  const silent = (h: Host) => h.silentMs !== null && h.silentMs > t.workerSeen;
  const wanted = f.hosts.filter((h) => h.state === 'LIVE' && h.silentMs !== null);
  const none = wanted.length > 0 && wanted.every(silent);
  const nobody = `${f.hosts.length > 1 ? 'No host is heard of' : 'There is no other host'}: nothing is worked on.`;
  const wrongWith = (h: Host): Trouble[] => {
    const others = [...modelServer(h), ...disk(h, f.told)];
    if (silent(h)) {
      const standBy = f.hosts.find((x) => x.name === h.standBy)?.label ?? h.standBy;
      const taker = standBy ? ` What waits for it goes to ${standBy}.` : '';
      return [
        {
          key: `host:${h.name}`,
          severity: none ? 'urgent' : 'normal',
          title: `${h.label} is not heard of`,
          why: `The worker of ${h.label} does not report.${none ? ` ${nobody}` : taker}`,
          hint: h.local
            ? 'Where npm start runs, it is started again by itself; else run npm start on that machine.'
            : `Look whether the machine is on and its network is up, then start it: npx alai worker --host ${h.name}`,
          holdMs: t.queueWait,
        },
        // Nobody looks at these now, so they are not over.
        ...others.filter((o) => isTold(o.key)),
      ];
    }
    return others;
  };
  const ofHosts = f.hosts.flatMap((h): Trouble[] => {
    // What a person paused, drained or stopped is as he wants it; but what he was told of it is not over by that.
    if (!wanted.includes(h)) return wrongWith(h).filter((x) => isTold(x.key));
    return wrongWith(h);
  });
  const listening = new Set(wanted.filter((h) => !silent(h)).map((h) => h.name));
  const ofModels = f.breakers.flatMap((b): Trouble[] => {
    const key = `model:${b.host}:${b.model}`;
    if (b.host !== SERVICE && !listening.has(b.host) && !isTold(key)) return [];
    const lasting = LASTING[b.code];
    const name = b.host === SERVICE ? b.model : `${b.model} on ${b.host}`;
    return [
      {
        key,
        severity: 'normal',
        title: lasting?.title(name) ?? `${name} does not answer`,
        why: sentence(b.error),
        hint:
          lasting?.hint ??
          'It is asked again by itself; its work goes to other hosts and tiers where there are any.',
        // An outage of some minutes is what the breaker is for.
        holdMs: lasting ? 0 : 5 * t.queueWait,
      },
    ];
  });
  const ofProcesses = f.restarts.flatMap((p): Trouble[] => {
    const key = `process:${p.name}`;
    if (p.times < MANY_RESTARTS && !isTold(key)) return [];
    return [
      {
        key,
        severity: 'normal',
        title: `${p.name} has to be started again and again`,
        why: sentence(`Last: ${p.reason}`),
        hint: `Look at its log on its machine: logs/${p.name}.out and logs/${p.name}.log, where ALAI_HOME is.`,
        holdMs: 0,
      },
    ];
  });
  const rank = { urgent: 0, normal: 1 };
  return [...ofHosts, ...ofProcesses, ...ofModels].sort((a, b) => rank[a.severity] - rank[b.severity]);

  function modelServer(h: Host): Trouble[] {
    if (h.reachable !== false) return [];
    return [
      {
        key: `models:${h.name}`,
        severity: 'normal',
        title: `The model server of ${h.label} does not answer`,
        why: sentence(h.problem || 'It was asked again and again'),
        hint: 'Start it on that machine, or look at its log.',
        holdMs: t.queueWait,
      },
    ];
  }
}

function disk(h: Host, told: FleetFacts['told']): Trouble[] {
  const key = `disk:${h.name}`;
  const before = told.find((x) => x.key === key);
  const below = (limit: number, known: boolean) =>
    h.diskFree !== null && h.diskFree < limit * (known ? DISK_CLEARLY : 1);
  if (h.diskFree === null || !below(DISK_LOW, before !== undefined)) return [];
  const urgent = below(DISK_NEEDED, before?.severity === 'urgent');
  const needed = sizeText(DISK_NEEDED);
  return [
    {
      key,
      severity: urgent ? 'urgent' : 'normal',
      title: `${h.label} has ${sizeText(h.diskFree)} of disk left`,
      why: `${urgent ? 'Below' : 'At'} ${needed} nothing new starts there.`,
      hint: 'Make room on that machine: models nobody uses (npx alai models status), old downloads, other files.',
      holdMs: 0,
    },
  ];
}
