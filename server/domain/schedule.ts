import { hasRoom } from './disk.ts';

/** Which waiting work a host takes next. Pure: the engine and the simulation ask the same function. */

export interface ModelSpec {
  name: string;
  /** Memory it takes while it is loaded. */
  gb: number;
  /** Attempts at once. */
  parallel: number;
}

/** A host as it stands when one of its slots is free. All models are named by their keys (`modelKey`). */
export interface HostNow {
  name: string;
  slots: number;
  /** Null where nobody said: then memory holds nothing back. */
  memoryGb: number | null;
  models: readonly ModelSpec[];
  /** Model -> attempts at once, where fleet.yaml says less than the model could. */
  lanes: Readonly<Record<string, number>>;
  /** In memory now, whether somebody uses it or not. */
  loaded: readonly string[];
  /** The model of each attempt that runs. */
  running: readonly string[];
  /** Bytes left where its worktrees lie; absent or null where nobody said. */
  diskFree?: number | null;
}

/** A queued task as this host could take it. */
export interface Candidate {
  id: number;
  priority: string;
  /** Milliseconds since it was queued. */
  waitedMs: number;
  /** The model it would use here. */
  model: string;
  /** It stands in this host's own lane; otherwise it is taken over from another one's. */
  own: boolean;
  /** Another live host has its model in memory and a slot for it. */
  betterElsewhere?: boolean;
}

export interface Tuning {
  /** After this wait a task counts as one class more urgent: low priority is never starved. */
  ageMs: number;
  /** How long it takes to bring one gigabyte of a model into memory. */
  loadMsPerGb: number;
  /** How many times its own length a reload has to be worth in waiting. */
  patience: number;
}

/** Measured on nothing: NVMe reads of a Mac Studio are about 3 GB/s. The rest was chosen with `npm run bench -- schedule`. */
export const tuning: Tuning = { ageMs: 20 * 60_000, loadMsPerGb: 350, patience: 120 };

/** The same rules for a factory whose durations run at another scale. */
export const tuningAt = (ageMs: number): Tuning => ({
  ...tuning,
  ageMs,
  loadMsPerGb: (tuning.loadMsPerGb * ageMs) / tuning.ageMs,
});

/** Names of models that no host loads: cloud models and agents with a process of their own. */
const weightless = (h: HostNow, model: string): boolean => !h.models.some((m) => m.name === model);

const classOf: Record<string, number> = { H: 2, M: 1, L: 0 };

export type CannotRun = 'no slot' | 'model busy' | 'memory' | 'disk';

const gbOf = (h: Pick<HostNow, 'models'>, model: string): number =>
  h.models.find((m) => m.name === model)?.gb ?? 0;
const sum = (models: Iterable<string>, h: Pick<HostNow, 'models'>) =>
  [...new Set(models)].reduce((n, m) => n + gbOf(h, m), 0);

/** Whether the memory holds a model beside those that run: what is loaded and idle can be put out, what runs cannot. */
export const fitsBeside = (h: Pick<HostNow, 'memoryGb' | 'running' | 'models'>, model: string): boolean =>
  h.memoryGb === null || sum([...h.running, model], h) <= h.memoryGb;

/** Why this host cannot run one more attempt with this model; null when it can. Never asks for more memory than there is. */
export function cannotRun(h: HostNow, model: string): CannotRun | null {
  if (h.running.length >= h.slots) return 'no slot';
  const spec = h.models.find((m) => m.name === model);
  const cap = Math.min(
    spec?.parallel ?? Number.POSITIVE_INFINITY,
    h.lanes[model] ?? Number.POSITIVE_INFINITY,
  );
  if (h.running.filter((m) => m === model).length >= cap) return 'model busy';
  if (!fitsBeside(h, model)) return 'memory';
  if (!hasRoom(h.diskFree ?? null)) return 'disk';
  return null;
}

/** How long its model has to be loaded first. */
export function loadMs(h: HostNow, model: string, t: Tuning = tuning): number {
  if (weightless(h, model) || h.loaded.includes(model) || h.running.includes(model)) return 0;
  return gbOf(h, model) * t.loadMsPerGb;
}

/** How much a task wants to be next, in classes of priority. */
function wish(h: HostNow, c: Candidate, t: Tuning): number {
  const urgent = (classOf[c.priority] ?? 1) + c.waitedMs / t.ageMs;
  const load = loadMs(h, c.model, t);
  if (load === 0) return urgent;
  // Beside what is in memory it only costs its own loading; where it puts something out, that will have to be loaded again.
  const putsOut = h.memoryGb !== null && sum([...h.loaded, ...h.running, c.model], h) > h.memoryGb;
  return urgent - ((putsOut ? t.patience : 1) * load) / t.ageMs;
}

/** Of two, who goes first: who wants it more, then who stands in the own lane, then who waits longer. */
function before(a: Wanted, b: Wanted): number {
  return (
    (Math.abs(a.wish - b.wish) > 1e-9 ? b.wish - a.wish : 0) ||
    Number(b.c.own) - Number(a.c.own) ||
    b.c.waitedMs - a.c.waitedMs ||
    a.c.id - b.c.id
  );
}
interface Wanted {
  c: Candidate;
  wish: number;
}

/**
 * The task to start in a free slot, or null when none should. Loaded models first, so that alike work runs in a batch; a task that
 * has waited long enough for its own model outweighs the reload. When what runs keeps it out of memory, nothing more is started that
 * would stand in its way, so that it comes in when the slots are through: nothing waits for ever. The same input gives the same answer.
 */
export function chooseNext(
  h: HostNow,
  candidates: readonly Candidate[],
  t: Tuning = tuning,
): Candidate | null {
  const wanted = candidates
    .filter((c) => !c.betterElsewhere)
    .map((c): Wanted => ({ c, wish: wish(h, c, t) }))
    .sort(before);
  /** Models that wait for memory, most wanted first: what is started now must leave room for them. */
  const waiting: string[] = [];
  for (const { c } of wanted) {
    const why = cannotRun(h, c.model);
    const inTheWay =
      h.memoryGb !== null && waiting.some((m) => m !== c.model && sum([m, c.model], h) > (h.memoryGb ?? 0));
    if (why === null && !inTheWay) return c;
    // What could never be loaded waits for no slot, and must not hold up what can.
    if (why === 'memory' && waiting.length === 0 && sum([c.model], h) <= (h.memoryGb ?? 0))
      waiting.push(c.model);
  }
  return null;
}
