import type { IntegrationResult } from '#server/domain/attempt.ts';
import type { Finding } from '#server/domain/report.ts';
import type { Stage, Verdict } from '#server/domain/status.ts';
import { type Queryable, toJson } from '#server/platform/db.ts';
import { acceptChain, finishChain } from './accept.ts';
import { type ChainRow, lockChain } from './chain.ts';
import { nextMove } from './chain-policy.ts';
import { askHuman } from './escalation.ts';
import { ENGINE } from './event.ts';
import { move } from './move.ts';
import type { Delivery } from './outbox.ts';
import { openStage } from './stage.ts';

interface Outcome {
  verdict: Verdict;
  commit: string | null;
  findings: Finding[];
  integration: IntegrationResult | null;
}
interface DoneTask {
  id: number;
  title: string;
  stage: Stage;
}

async function storeFindings(
  q: Queryable,
  taskId: number,
  chainId: number,
  findings: Finding[],
): Promise<void> {
  if (findings.length === 0) return;
  await q.query(
    `INSERT INTO finding(task_id, chain_id, severity, title, detail, file, line, evidence)
     SELECT $1, $2, f.severity, f.title, f.detail, f.file, f.line, f.evidence
     FROM jsonb_to_recordset($3::jsonb) f(severity text, title text, detail text, file text, line int, evidence text)`,
    [taskId, chainId, toJson(findings)],
  );
}

/** Writes what follows a stage that is done. In the transaction that made it DONE. */
export async function progressChain(
  q: Queryable,
  chainId: number,
  taskId: number,
  out: Outcome,
): Promise<Delivery[]> {
  const chain = await lockChain(q, chainId);
  const task = (await q.query<DoneTask>('SELECT id, title, stage FROM task WHERE id = $1', [taskId]))
    .rows[0] as DoneTask;
  await storeFindings(q, taskId, chainId, out.findings);
  if (out.integration?.result === 'conflict')
    await storeFindings(q, taskId, chainId, [
      {
        severity: 'major',
        title: `Merge conflict in ${out.integration.files.join(', ')}`.slice(0, 300),
        detail: out.integration.detail.slice(0, 4_000),
        file: out.integration.files[0] ?? null,
        line: null,
        evidence: '',
      },
    ]);
  if (task.stage === 'BUILD' && out.commit) {
    await q.query('UPDATE chain SET head = $2 WHERE id = $1', [chainId, out.commit]);
    chain.head = out.commit;
  }
  // A human ended it meanwhile: what was found is kept, and nothing follows.
  if (chain.state === 'CANCELLED' || chain.state === 'FINISHED') return [];
  const next = nextMove(
    {
      plan: chain.plan,
      cycle: chain.cycle,
      rejects: chain.rejects,
      mergeReturns: chain.merge_returns,
      accepted: chain.accepted_at !== null,
      head: chain.head,
    },
    { stage: task.stage, verdict: out.verdict, findings: out.findings, integration: out.integration },
  );
  switch (next.kind) {
    case 'ask':
      return await askAboutChain(q, chain, task, next.question, next.because);
    case 'finish':
      await finishChain(q, chainId);
      return [];
    case 'accept': {
      const deliveries = await acceptChain(q, chain, task, next.sha, next.branch);
      if (next.after)
        deliveries.push(
          ...(await openStage(q, chain, task, next.after, {
            cycle: chain.cycle,
            because: 'Accepted.',
            mendsTask: null,
            head: null,
          })),
        );
      else await finishChain(q, chainId);
      return deliveries;
    }
    case 'stage': {
      if (next.count !== 'none' || next.cycle !== chain.cycle) {
        await q.query(
          `UPDATE chain SET cycle = $2, rejects = rejects + $3, merge_returns = merge_returns + $4, head = coalesce($5, head) WHERE id = $1`,
          [chainId, next.cycle, next.count === 'reject' ? 1 : 0, next.count === 'merge' ? 1 : 0, next.head],
        );
      }
      return await openStage(q, { ...chain, head: next.head ?? chain.head }, task, next.stage, {
        cycle: next.cycle,
        because: next.because,
        mendsTask: next.mends ? taskId : null,
        head: next.head,
      });
    }
  }
}

async function askAboutChain(
  q: Queryable,
  chain: ChainRow,
  task: DoneTask,
  question: 'rejects' | 'merge' | 'minion',
  because: string,
): Promise<Delivery[]> {
  await move(q, {
    machine: 'chain',
    id: chain.id,
    from: 'ACTIVE',
    to: 'NEEDS_HUMAN',
    actor: ENGINE,
    reason: because,
  });
  await askHuman(q, {
    kind: question,
    taskId: null,
    chainId: chain.id,
    actor: ENGINE,
    question: {
      rejects: `"${task.title}" was rejected again. Send it back once more?`,
      merge: `"${task.title}" cannot be merged. Try again?`,
      minion: `The minion of "${task.title}" is done. Merge its branch?`,
    }[question],
    why: because,
    context: { lastTask: task.id },
  });
  return [];
}
