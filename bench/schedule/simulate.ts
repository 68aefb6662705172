import {
  type Candidate,
  cannotRun,
  chooseNext,
  type HostNow,
  loadMs,
  type ModelSpec,
  type Tuning,
  tuning,
} from '#server/domain/schedule.ts';

/** A factory in which time is a number: the same choice of work as the engine's, without a model. Minutes are milliseconds here. */

export interface SimHost {
  name: string;
  slots: number;
  memoryGb: number;
  models: ModelSpec[];
}

export interface SimTask {
  id: number;
  title: string;
  /** For figures by kind. */
  kind: string;
  priority: 'H' | 'M' | 'L';
  arrivesMs: number;
  runsMs: number;
  /** Where it may run, best first. */
  choices: { host: string; model: string }[];
  after: number[];
}

export interface SimResult {
  makespanMs: number;
  reloads: number;
  loadingMs: number;
  /** Share of all slot time until the end in which a slot worked. */
  slotUse: number;
  /** From ready to start, by task. */
  waits: Map<number, number>;
  order: { id: number; host: string; slot: number; startMs: number; endMs: number; loadedMs: number }[];
}

export type Choose = (host: HostNow, candidates: readonly Candidate[]) => Candidate | null;

/** Who came first goes first, whatever has to be loaded for it and whatever could run meanwhile. */
export const firstInFirstOut: Choose = (host, candidates) => {
  const [head] = [...candidates].sort((a, b) => b.waitedMs - a.waitedMs || a.id - b.id);
  return head && cannotRun(host, head.model) === null ? head : null;
};
export const theSchedulers =
  (t: Tuning = tuning): Choose =>
  (host, candidates) =>
    chooseNext(host, candidates, t);

interface Run {
  task: SimTask;
  host: string;
  model: string;
  endMs: number;
}

export function simulate(
  hosts: readonly SimHost[],
  tasks: readonly SimTask[],
  choose: Choose,
  t: Tuning = tuning,
): SimResult {
  const loaded = new Map(hosts.map((h) => [h.name, [] as string[]]));
  const running: Run[] = [];
  const done = new Set<number>();
  const started = new Set<number>();
  const readyAt = new Map<number, number>();
  const result: SimResult = {
    makespanMs: 0,
    reloads: 0,
    loadingMs: 0,
    slotUse: 0,
    waits: new Map(),
    order: [],
  };
  let now = 0;
  let busyMs = 0;
  const isReady = (task: SimTask) => task.arrivesMs <= now && task.after.every((a) => done.has(a));
  const stateOf = (h: SimHost): HostNow => ({
    ...h,
    lanes: {},
    loaded: loaded.get(h.name) ?? [],
    running: running.filter((r) => r.host === h.name).map((r) => r.model),
  });
  const hotAndFree = (h: SimHost, model: string) => {
    const s = stateOf(h);
    return (s.loaded.includes(model) || s.running.includes(model)) && cannotRun(s, model) === null;
  };

  while (done.size < tasks.length) {
    for (const task of tasks)
      if (!started.has(task.id) && !readyAt.has(task.id) && isReady(task)) readyAt.set(task.id, now);
    for (let again = true; again; ) {
      again = false;
      for (const host of hosts) {
        const waiting = tasks.filter((task) => readyAt.has(task.id) && !started.has(task.id));
        const candidates = waiting.flatMap((task): Candidate[] => {
          const at = task.choices.findIndex((c) => c.host === host.name);
          const choice = task.choices[at];
          if (!choice) return [];
          const others = task.choices.filter((c) => c.host !== host.name);
          const here = stateOf(host);
          const hot = here.loaded.includes(choice.model) || here.running.includes(choice.model);
          const betterElsewhere =
            !hot && others.some((c) => hotAndFree(hosts.find((x) => x.name === c.host) as SimHost, c.model));
          const waitedMs = now - (readyAt.get(task.id) ?? now);
          return [
            {
              id: task.id,
              priority: task.priority,
              waitedMs,
              model: choice.model,
              own: at === 0,
              betterElsewhere,
            },
          ];
        });
        const state = stateOf(host);
        const next = choose(state, candidates);
        if (!next) continue;
        const task = tasks.find((x) => x.id === next.id) as SimTask;
        const load = loadMs(state, next.model, t);
        const held = loaded.get(host.name) as string[];
        if (load > 0) {
          result.reloads++;
          result.loadingMs += load;
          // The model server puts out what nobody uses, longest unused first, until the new one fits.
          const gb = (ms: string[]) =>
            [...new Set(ms)].reduce((n, m) => n + (host.models.find((x) => x.name === m)?.gb ?? 0), 0);
          while (gb([...held, ...state.running, next.model]) > host.memoryGb) {
            const idle = held.findIndex((m) => !state.running.includes(m));
            if (idle < 0) break;
            held.splice(idle, 1);
          }
        }
        const was = held.indexOf(next.model);
        if (was >= 0) held.splice(was, 1);
        held.push(next.model);
        started.add(task.id);
        const endMs = now + load + task.runsMs;
        running.push({ task, host: host.name, model: next.model, endMs });
        busyMs += load + task.runsMs;
        result.waits.set(task.id, now - (readyAt.get(task.id) ?? now));
        const taken = result.order.filter((o) => o.host === host.name && o.endMs > now).map((o) => o.slot);
        const slot = Array.from({ length: host.slots }, (_, i) => i + 1).find((s) => !taken.includes(s)) ?? 0;
        result.order.push({ id: task.id, host: host.name, slot, startMs: now, endMs, loadedMs: load });
        again = true;
      }
    }
    const nextEnd = Math.min(...running.map((r) => r.endMs));
    const nextArrival = Math.min(
      ...tasks.filter((x) => !started.has(x.id) && x.arrivesMs > now).map((x) => x.arrivesMs),
    );
    const next = Math.min(nextEnd, nextArrival);
    if (!Number.isFinite(next))
      throw new Error(`nothing can run at ${now}: ${tasks.length - done.size} tasks are left`);
    now = next;
    for (let i = running.length - 1; i >= 0; i--) {
      const run = running[i] as Run;
      if (run.endMs > now) continue;
      done.add(run.task.id);
      running.splice(i, 1);
    }
  }
  result.makespanMs = now;
  result.slotUse = busyMs / (now * hosts.reduce((n, h) => n + h.slots, 0));
  return result;
}

/**
 * No plan ends sooner: the longest chain of work with its arrival; all work over all slots; and the work of any group of models over the
 * attempts that may run with them at once. Loading counts nothing in it.
 */
export function lowerBound(hosts: readonly SimHost[], tasks: readonly SimTask[]): number {
  const ends = new Map<number, number>();
  const endOf = (task: SimTask): number => {
    const known = ends.get(task.id);
    if (known !== undefined) return known;
    const before = Math.max(0, ...task.after.map((a) => endOf(tasks.find((x) => x.id === a) as SimTask)));
    const end = Math.max(before, task.arrivesMs) + task.runsMs;
    ends.set(task.id, end);
    return end;
  };
  const chain = Math.max(...tasks.map(endOf));
  const first = Math.min(...tasks.map((x) => x.arrivesMs));
  const all = tasks.reduce((n, x) => n + x.runsMs, 0);
  const slots = hosts.reduce((n, h) => n + h.slots, 0);
  const keys = new Map<string, { work: number; places: { host: string; model: string }[] }>();
  for (const task of tasks) {
    const key = task.choices
      .map((c) => `${c.host}/${c.model}`)
      .sort()
      .join(' ');
    const group = keys.get(key) ?? { work: 0, places: task.choices };
    group.work += task.runsMs;
    keys.set(key, group);
  }
  const atOnce = (places: { host: string; model: string }[]) =>
    places.reduce((n, p) => {
      const host = hosts.find((h) => h.name === p.host) as SimHost;
      return n + Math.min(host.slots, host.models.find((m) => m.name === p.model)?.parallel ?? host.slots);
    }, 0);
  const groups = [...keys.values()].map((g) => first + g.work / atOnce(g.places));
  // What may run on one host alone shares its slots.
  const alone = hosts.map((h) => {
    const work = tasks
      .filter((x) => x.choices.every((c) => c.host === h.name))
      .reduce((n, x) => n + x.runsMs, 0);
    return first + work / h.slots;
  });
  return Math.max(chain, first + all / slots, ...groups, ...alone);
}
