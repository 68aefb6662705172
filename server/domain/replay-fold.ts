import type { ReplayAttempt, ReplayState, ReplayTask } from './replay-state.ts';
import type { TaskStatus } from './status.ts';
import { type Facts, factsSchema, type LogEntry, states } from './views/replay.ts';

const over: readonly TaskStatus[] = ['DONE', 'FAILED', 'CANCELLED', 'SKIPPED'];
const known = new WeakMap<object, Facts>();
/** Each event is read once, however often it is folded. */
function factsOf(v: unknown): Facts {
  if (typeof v !== 'object' || v === null) return {};
  const before = known.get(v);
  if (before) return before;
  const read = factsSchema.safeParse(v);
  const facts = read.success ? read.data : {};
  known.set(v, facts);
  return facts;
}

function makeTask(s: ReplayState, e: LogEntry, f: Facts): void {
  const id = Number(e.entityId);
  s.tasks.set(id, {
    id,
    title: f.title ?? `Task #${id}`,
    status: 'OPEN',
    stage: f.stage ?? null,
    cycle: f.cycle ?? 0,
    chainId: f.chainId ?? null,
    parentId: f.parentId ?? null,
    origin: f.origin ?? 'human',
    projectId: f.projectId ?? null,
    generation: 1,
    company: f.company ?? null,
    tier: f.tier ?? null,
    host: null,
    verdict: null,
    createdAt: e.at,
    waitingSince: null,
    startedAt: null,
    finishedAt: null,
  });
  if (f.chainId != null && !s.chains.has(f.chainId)) s.untold.add(f.chainId);
}

function claim(s: ReplayState, t: ReplayTask, e: LogEntry, f: Facts): void {
  t.startedAt ??= e.at;
  if (f.attempt === undefined) return;
  const made: ReplayAttempt = {
    id: f.attempt,
    taskId: t.id,
    n: f.n ?? 1,
    state: 'LEASED',
    host: f.host ?? '',
    slot: f.slot ?? 0,
    model: f.model ?? '',
    tier: f.tier ?? 1,
    startedAt: e.at,
    endedAt: null,
  };
  s.attempts.set(made.id, made);
  s.byTask.set(t.id, [...(s.byTask.get(t.id) ?? []), made]);
}

function foldTask(s: ReplayState, e: LogEntry, f: Facts): void {
  if (e.type === 'task.created') {
    makeTask(s, e, f);
    return;
  }
  const t = s.tasks.get(Number(e.entityId));
  if (!t) return;
  const set = factsOf(e.data.set);
  const patch = factsOf(e.data.patch);
  if (patch.title !== undefined) t.title = patch.title;
  if (patch.projectId !== undefined) t.projectId = patch.projectId;
  const company = set.company ?? (e.type === 'task.routed' ? f.company : undefined);
  if (company !== undefined) t.company = company;
  if (f.tier !== undefined) t.tier = f.tier;
  if (set.tier !== undefined) t.tier = set.tier;
  if (set.chainId !== undefined) t.chainId = set.chainId;
  if (set.generation !== undefined) t.generation = set.generation;
  const to = states.task.safeParse(e.to);
  if (to.success) {
    // Queued again for another host, it waits on.
    if (to.data === 'QUEUED' && t.status !== 'QUEUED') t.waitingSince = e.at;
    t.status = to.data;
    t.finishedAt = over.includes(to.data) ? e.at : null;
    if (to.data === 'RUNNING') claim(s, t, e, f);
    if (f.host !== undefined) t.host = f.host;
    if (f.verdict !== undefined) t.verdict = f.verdict;
  }
  if (set.verdict !== undefined) t.verdict = set.verdict;
  if (set.startedAt === null) t.startedAt = null;
}

function foldChain(s: ReplayState, e: LogEntry, f: Facts): void {
  const id = Number(e.entityId);
  if (e.type === 'chain.created') {
    s.untold.delete(id);
    s.chains.set(id, {
      id,
      rootTaskId: f.root ?? e.taskId ?? 0,
      generation: f.generation ?? 1,
      state: 'ACTIVE',
      cycle: 0,
      rejects: 0,
      mergeReturns: 0,
      accepted: false,
      acceptedAt: null,
      reverted: false,
      stages: f.stages ?? [],
    });
    return;
  }
  const c = s.chains.get(id);
  if (!c) return;
  c.cycle = f.cycle ?? c.cycle;
  c.rejects = f.rejects ?? c.rejects;
  c.mergeReturns = f.mergeReturns ?? c.mergeReturns;
  c.stages = f.stages ?? c.stages;
  const to = states.chain.safeParse(e.to);
  if (!to.success) return;
  c.state = to.data;
  if (to.data === 'ACCEPTED') {
    c.accepted = true;
    c.acceptedAt = e.at;
  }
}

function foldReverted(s: ReplayState, e: LogEntry, f: Facts): void {
  // Before the event named its chain, the last one of the task was meant.
  const of = [...s.chains.values()].findLast((c) =>
    f.chainId == null ? c.rootTaskId === e.taskId : c.id === f.chainId,
  );
  if (of) of.reverted = true;
}

function foldAttempt(s: ReplayState, e: LogEntry): void {
  const a = s.attempts.get(Number(e.entityId));
  const to = states.attempt.safeParse(e.to);
  if (!a || !to.success) return;
  a.state = to.data;
  a.endedAt = to.data === 'LEASED' || to.data === 'RUNNING' ? null : e.at;
}

function foldDependency(s: ReplayState, e: LogEntry, f: Facts): void {
  const taskId = e.taskId ?? 0;
  const onTaskId = f.on ?? 0;
  if (e.type === 'dependency.removed') s.deps.delete(e.entityId);
  else if (e.type === 'dependency.added')
    s.deps.set(e.entityId, { taskId, onTaskId, kind: f.kind ?? 'done', satisfied: f.met === true });
  else {
    const d = s.deps.get(e.entityId);
    if (d) d.satisfied = e.type === 'dependency.met';
  }
}

function foldEscalation(s: ReplayState, e: LogEntry, f: Facts): void {
  const id = Number(e.entityId);
  const to = states.escalation.safeParse(e.to);
  if (!to.success) return;
  const known = s.escalations.get(id);
  if (known) {
    known.state = to.data;
    known.answer = to.data === 'PENDING' || to.data === 'ANSWERED' ? (f.answer ?? known.answer) : null;
  } else
    s.escalations.set(id, {
      id,
      kind: f.kind ?? 'question',
      question: f.question ?? '',
      taskId: e.taskId,
      chainId: f.chainId ?? null,
      state: to.data,
      answer: null,
      askedAt: e.at,
    });
}

/** Brings the state up to after this event. */
export function fold(s: ReplayState, e: LogEntry): void {
  const f = factsOf(e.data);
  switch (e.entity) {
    case 'pipeline': {
      if (f.title !== undefined) s.pipeline.title = f.title;
      const to = states.pipeline.safeParse(e.to);
      if (!to.success) return;
      s.pipeline.state = to.data;
      s.pipeline.finishedAt = ['DONE', 'FAILED', 'CANCELLED'].includes(to.data) ? e.at : null;
      return;
    }
    case 'task':
      foldTask(s, e, f);
      return;
    case 'chain':
      foldChain(s, e, f);
      return;
    case 'attempt':
      foldAttempt(s, e);
      return;
    case 'dependency':
      foldDependency(s, e, f);
      return;
    case 'escalation':
      foldEscalation(s, e, f);
      return;
    case 'effect':
      if (e.type === 'change.reverted') foldReverted(s, e, f);
      return;
    case 'finding': {
      const id = Number(e.entityId);
      const was = s.findings.get(id);
      if (was || e.taskId !== null)
        s.findings.set(id, { taskId: was?.taskId ?? e.taskId ?? 0, mendTaskId: f.to ?? null });
    }
  }
}
