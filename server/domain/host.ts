/** Hosts in words shared with the browser: their states, and what a person may do to one. */
import { z } from 'zod';

/** As model servers name them: `qwen3:8b`, `hf.co/org/model:Q4_K_M`. */
export const modelName = z
  .string()
  .max(120)
  .regex(
    /^[A-Za-z0-9][\w.:/-]*$/,
    'a model is named as its server names it: letters, digits and any of . : / _ -',
  );

export const hostStates = ['LIVE', 'PAUSED', 'DRAINING', 'STOPPED'] as const;
export type HostState = (typeof hostStates)[number];

export const hostActs = ['pause', 'drain', 'stop', 'resume', 'restart'] as const;
export type HostAct = (typeof hostActs)[number];

/** Where an act leads; restart leaves the host in the state it is in. */
export const actLeadsTo: Readonly<Record<Exclude<HostAct, 'restart'>, HostState>> = {
  pause: 'PAUSED',
  drain: 'DRAINING',
  stop: 'STOPPED',
  resume: 'LIVE',
};

/** How long a draining host may finish what it runs, when nobody says otherwise. */
export const DRAIN_MINUTES = 10;

/** What can be done to a host in this state, the mildest first. */
export function actsOf(state: HostState): HostAct[] {
  if (state === 'LIVE') return ['pause', 'drain', 'stop', 'restart'];
  if (state === 'PAUSED') return ['resume', 'drain', 'stop', 'restart'];
  if (state === 'DRAINING') return ['resume', 'stop', 'restart'];
  return ['resume', 'restart'];
}

const times = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** What an act will do, said before it is done. */
export function consequenceOf(
  act: HostAct,
  host: { label: string; running: number; queued: number; standBy: string | null },
  minutes = DRAIN_MINUTES,
): string {
  const { running, queued } = host;
  const runs = times(running, 'attempt', 'attempts');
  const first = host.standBy ? `, ${host.standBy} first` : '';
  const waiting =
    queued === 0
      ? ''
      : ` What is queued here (${times(queued, 'task', 'tasks')}) goes to a host that has its model${first}, or waits.`;
  switch (act) {
    case 'pause':
      return `Nothing new starts on ${host.label}. ${running ? `What runs (${runs}) goes on.` : 'Nothing runs here.'}${waiting}`;
    case 'drain':
      return `Nothing new starts on ${host.label}. ${
        running
          ? `${runs} may finish within ${times(minutes, 'minute', 'minutes')}; what is left is handed back with its work kept.`
          : 'Nothing runs here.'
      }${waiting}`;
    case 'stop':
      return `Nothing new starts on ${host.label}. ${
        running
          ? `${runs} ${running === 1 ? 'is' : 'are'} handed back within seconds with the work kept; no retry is burnt.`
          : 'Nothing runs here.'
      }${waiting}`;
    case 'resume':
      return `${host.label} takes work again${queued ? `, beginning with the ${queued} queued here` : ''}.`;
    case 'restart':
      return `The worker of ${host.label} ends and is started again. ${
        running
          ? `${runs} ${running === 1 ? 'is' : 'are'} handed back with the work kept; no retry is burnt.`
          : 'Nothing runs here.'
      }`;
  }
}

export const modelActs = ['pull', 'remove'] as const;
export type ModelAct = (typeof modelActs)[number];
export const modelJobStates = ['QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'] as const;

/** The one name of a model: Ollama lists `qwen3` as `qwen3:latest`. */
export const modelKey = (name: string): string =>
  (name.includes(':') ? name : `${name}:latest`).toLowerCase();

export const sameModel = (a: string, b: string): boolean => modelKey(a) === modelKey(b);

const GB = 1_000_000_000;
/** Sizes as people and model pages say them: "9.1 GB", "240 GB", "850 MB". */
export function sizeText(bytes: number): string {
  if (bytes >= 99.5 * GB) return `${Math.round(bytes / GB)} GB`;
  if (bytes >= GB) return `${(bytes / GB).toFixed(1)} GB`;
  if (bytes >= 1_000_000) return `${Math.round(bytes / 1_000_000)} MB`;
  return `${Math.ceil(bytes / 1_000)} kB`;
}

/** A model that lies in the memory of a host now. */
export interface LoadedModel {
  model: string;
  bytes: number;
  /** When its server lets go of it, unless it is used again. */
  until: Date | null;
}

/** What a look at a host's model server found. */
export interface ProbeFacts {
  reachable: boolean;
  version: string | null;
  ms: number;
  problem: { code: string; message: string; hint: string } | null;
  /** Null when it did not answer: what was there is not taken for gone. */
  models:
    | { name: string; bytes: number; capabilities?: string[] | undefined; context?: number | null }[]
    | null;
  loaded: LoadedModel[];
  scripted: boolean | null;
}
