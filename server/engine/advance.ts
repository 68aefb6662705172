import type { IntegrationResult } from '#server/domain/attempt.ts';
import type { Finding, Report } from '#server/domain/report.ts';
import type { Verdict } from '#server/domain/status.ts';
import { type Db, toJson, transaction } from '#server/platform/db.ts';
import { coalesce } from './coalesce.ts';
import { ENGINE } from './event.ts';
import { type Delivery, type Publisher, publishDeliveries, queueTasks } from './outbox.ts';
import { progressChain } from './progress.ts';
import { refusedRevert } from './revert.ts';

export interface Advance {
  attemptId: number;
  fence: number;
  verdict: Verdict;
  commit: string | null;
  report: Report | null;
  findings: Finding[];
  integration: IntegrationResult | null;
}

interface Row {
  attempt_id: number;
  result: 'ok' | 'stale';
  task_id: number | null;
  chain_id: number | null;
  pipeline_id: number | null;
  released: number[] | null;
}

/**
 * Batched "this task is done": attempt SUCCEEDED, task DONE, dependants released, the chain's next stage written and
 * queued, all in one transaction; published after commit. A stale fence answers `stale` and disturbs nobody else.
 */
export function advancer(
  db: Pick<Db, 'pool'>,
  publisher: Publisher,
): (a: Advance) => Promise<'ok' | 'stale'> {
  return coalesce(async (items: Advance[]) => {
    const { results, deliveries } = await transaction(db, async (q) => {
      const { rows } = await q.query<Row>({
        name: 'alai_advance',
        text: 'SELECT * FROM alai_advance($1, $2, $3, $4, $5::jsonb[])',
        values: [
          items.map((i) => i.attemptId),
          items.map((i) => i.fence),
          items.map((i) => i.verdict),
          items.map((i) => i.commit),
          items.map((i) => (i.report ? toJson(i.report) : null)),
        ],
      });
      const out: Delivery[] = [];
      const released = rows[0]?.released ?? [];
      if (released.length > 0)
        out.push(...(await queueTasks(q, released, ENGINE, 'All it waited for is done')));
      for (const [i, row] of rows.entries()) {
        if (row.result === 'ok' && row.chain_id !== null && row.task_id !== null)
          out.push(...(await progressChain(q, row.chain_id, row.task_id, items[i] as Advance)));
        else if (row.result === 'ok' && row.task_id !== null && items[i]?.integration?.result === 'conflict')
          out.push(...(await refusedRevert(q, row.task_id, items[i].integration)));
      }
      const pipelines = [...new Set(rows.map((r) => r.pipeline_id).filter((p): p is number => p !== null))];
      if (pipelines.length > 0)
        await q.query({
          name: 'alai_derive',
          text: 'SELECT alai_derive($1)',
          values: [pipelines.sort((a, b) => a - b)],
        });
      return { results: rows.map((r) => r.result), deliveries: out };
    });
    // Not awaited: the work is safe, and what a crash leaves unsent the conductor sends.
    publishDeliveries(db.pool, publisher, deliveries).catch(() => {});
    return results;
  });
}
