import { askWord, statusOf } from './looks.ts';
import { draw, type PictureTask } from './picture.ts';
import type { ReplayEscalation, ReplayState, ReplayTask } from './replay-state.ts';
import { stages, taskStatuses } from './status.ts';
import type { PipelineView } from './views/pipeline.ts';
import { type EscalationKind, escalationKinds } from './views/queue.ts';
import type { StatusView } from './views/status.ts';

const kindOf = (kind: string): EscalationKind => escalationKinds.find((k) => k === kind) ?? 'question';
const openNow = (e: ReplayEscalation) => e.state === 'OPEN' || e.state === 'PENDING';

/** "After #4001, #4002": a wait as it fits a node. */
function waitWord(s: ReplayState, t: ReplayTask): string | null {
  if (t.status !== 'OPEN') return null;
  const missing = [...s.deps.values()].filter((d) => d.taskId === t.id && !d.satisfied);
  if (missing.length === 0) return null;
  const named = missing.slice(0, 2).map((d) => `#${d.onTaskId}`);
  return `After ${named.join(' and ')}${missing.length > 2 ? ` and ${missing.length - 2} more` : ''}`;
}

/** What became of a build afterwards, as it was known by then. */
function fateOf(s: ReplayState, t: ReplayTask): 'reverted' | 'discarded' | null {
  const chain = t.stage === 'BUILD' && t.chainId !== null ? s.chains.get(t.chainId) : undefined;
  if (chain?.state === 'CANCELLED') return 'discarded';
  return chain?.reverted ? 'reverted' : null;
}

function statusAt(s: ReplayState, t: ReplayTask, at: Date, asks: ReplayEscalation | undefined): StatusView {
  const live = [...(s.byTask.get(t.id) ?? [])].find((a) => a.endedAt === null);
  const status = statusOf(
    {
      status: t.status,
      stage: t.stage,
      verdict: t.verdict,
      project_id: t.projectId,
      unmet: 0,
      host: t.host,
      created_at: t.createdAt,
      waiting_since: t.waitingSince,
      finished_at: t.finishedAt,
      fate: fateOf(s, t),
      // Heartbeats are no events: a past moment knows that an agent ran, not whether it was silent.
      attempt: live ? { started_at: live.startedAt, heard_at: at, last_progress_at: at } : null,
      asks: asks
        ? { kind: kindOf(asks.kind), state: asks.state, asked_at: asks.askedAt, answer: asks.answer }
        : null,
    },
    { now: at, suspicious: Number.POSITIVE_INFINITY, overdue: Number.POSITIVE_INFINITY },
  );
  const waits = waitWord(s, t);
  return { ...status, heardAt: null, word: waits ?? status.word };
}

/** A short name for a shape, so that the picture of the same DAG is worked out once. */
function nameOf(shape: string): string {
  let h = 0xcbf29ce484222325n;
  for (let i = 0; i < shape.length; i++)
    h = BigInt.asUintN(64, (h ^ BigInt(shape.charCodeAt(i))) * 0x100000001b3n);
  return h.toString(16);
}

/**
 * A pipeline as its page showed it at a moment of its past: the replayed state in the shape of the live view. What events do
 * not tell (spent money) is taken from `live` for the attempts that had ended by then.
 */
export function viewAt(live: PipelineView, s: ReplayState, at: Date): PipelineView {
  const cost = new Map(live.nodes.flatMap((n) => n.attempts.map((a) => [a.id, a.costEur] as const)));
  const asked = new Map<number, ReplayEscalation>();
  const ofChain = new Map<number, ReplayEscalation>();
  for (const e of s.escalations.values())
    if (openNow(e) && e.taskId !== null) asked.set(e.taskId, e);
    else if (openNow(e) && e.chainId !== null) ofChain.set(e.chainId, e);
  const found = new Map<number, number>();
  const follow = new Map<string, { taskId: number; mendTaskId: number; n: number }>();
  for (const f of s.findings.values()) {
    found.set(f.taskId, (found.get(f.taskId) ?? 0) + 1);
    const mend = f.mendTaskId === null ? undefined : s.tasks.get(f.mendTaskId);
    if (mend?.origin !== 'finding') continue;
    const key = `${f.taskId}>${mend.id}`;
    const known = follow.get(key);
    follow.set(key, { taskId: f.taskId, mendTaskId: mend.id, n: (known?.n ?? 0) + 1 });
  }
  const tasks = [...s.tasks.values()].sort((a, b) => a.id - b.id);
  const pictured = tasks.map((t): PictureTask => {
    const attempts = (s.byTask.get(t.id) ?? []).map((a) => ({
      ...a,
      costEur: a.endedAt === null ? 0 : (cost.get(a.id) ?? 0),
    }));
    const running = attempts.find((a) => a.endedAt === null);
    return {
      id: t.id,
      title: t.title,
      state: t.status,
      stage: t.stage,
      cycle: t.cycle,
      chainId: t.chainId,
      status: statusAt(s, t, at, asked.get(t.id)),
      company: t.company,
      tier: t.tier,
      host: t.status === 'OPEN' ? null : t.host,
      slot: running?.slot ?? null,
      findings: found.get(t.id) ?? 0,
      costEur: attempts.reduce((n, a) => n + a.costEur, 0),
      startedAt: t.startedAt,
      finishedAt: t.finishedAt,
      attempts,
    };
  });
  const chains = [...s.chains.values()].sort((a, b) => a.id - b.id);
  const { nodes, edges } = draw({
    tasks: pictured,
    chains: chains.map((c) => {
      const ask = ofChain.get(c.id);
      return {
        id: c.id,
        rootTaskId: c.rootTaskId,
        title: s.tasks.get(c.rootTaskId)?.title ?? '',
        state: c.state,
        stages: c.stages,
        ask: ask
          ? {
              kind: kindOf(ask.kind),
              status: {
                look: 'yours',
                word: askWord(kindOf(ask.kind), ask.state),
                since: ask.askedAt,
                heardAt: null,
              },
            }
          : null,
      };
    }),
    deps: [...s.deps.values()],
    follow: [...follow.values()],
  });
  const shape = [
    nodes.map((n) => [n.id, n.chainId, n.cycle, n.stage]),
    edges.map((e) => [e.from, e.to, e.kind, e.label]),
  ];
  return {
    ...live,
    title: s.pipeline.title || live.title,
    state: s.pipeline.state,
    nodes,
    edges,
    chains: chains.map((c) => ({
      id: c.id,
      rootTaskId: c.rootTaskId,
      title: s.tasks.get(c.rootTaskId)?.title ?? '',
      state: c.state,
      rejects: c.rejects,
      acceptedAt: c.acceptedAt,
    })),
    counts: Object.fromEntries(
      taskStatuses.map((x) => [x, tasks.filter((t) => t.status === x).length]),
    ) as PipelineView['counts'],
    byStage: Object.fromEntries(
      stages.map((x) => [x, tasks.filter((t) => t.stage === x).length]),
    ) as PipelineView['byStage'],
    costEur: pictured.reduce((n, t) => n + t.costEur, 0),
    finishedAt: s.pipeline.finishedAt,
    dagHash: `past-${nameOf(JSON.stringify(shape))}`,
  };
}
