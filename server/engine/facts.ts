import type { DecisionFacts } from '#server/domain/views/question.ts';
import type { Queryable } from '#server/platform/db.ts';
import { MAX_PATCH } from './data/evidence.ts';
import { filesOf } from './data/patch.ts';
import { areaOf } from './escalation-policy.ts';

/** What a question is about, as patterns and rules compare it. Null when there is no such question. */
export async function factsOf(q: Queryable, escalationId: number): Promise<DecisionFacts | null> {
  const { rows } = await q.query<{
    company: string | null;
    stage: string | null;
    tags: string[] | null;
    patch: string | null;
  }>(
    `SELECT coalesce(t.company, r.company) company, coalesce(t.stage, r.stage) stage, coalesce(t.tags, r.tags) tags,
       (SELECT left(convert_from(b.bytes, 'UTF8'), ${MAX_PATCH}) FROM proof p JOIN task w ON w.id = p.task_id JOIN blob b ON b.hash = p.patch_hash
        WHERE w.id = t.id OR w.chain_id = coalesce(e.chain_id, t.chain_id) ORDER BY p.attempt_id DESC LIMIT 1) patch
     FROM escalation e LEFT JOIN chain c ON c.id = e.chain_id LEFT JOIN task r ON r.id = c.root_task_id
       LEFT JOIN task t ON t.id = coalesce(e.task_id, (e.context->>'lastTask')::bigint, c.root_task_id)
     WHERE e.id = $1`,
    [escalationId],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    company: row.company ?? '',
    stage: row.stage ?? '',
    area: areaOf(filesOf(row.patch ?? '').map((f) => f.path)),
    labels: [...(row.tags ?? [])].sort(),
  };
}
