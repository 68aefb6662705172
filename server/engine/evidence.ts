import { createHash } from 'node:crypto';
import type { PromptRecord } from '#server/domain/prompt.ts';
import type {
  CallRecord,
  ChecksRecord,
  GateRecord,
  ProofRecord,
  TranscriptEntry,
} from '#server/domain/records.ts';
import { type Db, type Queryable, toJson, toText, transaction } from '#server/platform/db.ts';

/** Larger outputs are cut here; the gate's detail says so. */
const MAX_BLOB = 2_000_000;

/** Stores bytes by their SHA-256 and answers the hash; the same bytes twice are one row. */
async function putBlob(q: Queryable, text: string, mime = 'text/plain; charset=utf-8'): Promise<string> {
  const bytes = Buffer.from(text.slice(0, MAX_BLOB), 'utf8');
  const hash = createHash('sha256').update(bytes).digest('hex');
  await q.query('INSERT INTO blob(hash, bytes, size, mime) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
    hash,
    bytes,
    bytes.length,
    mime,
  ]);
  return hash;
}

interface Held {
  attemptId: number;
  fence: number;
}
const live = `SELECT a.id, a.task_id FROM attempt a WHERE a.id = $1 AND a.fence = $2 AND a.state IN ('LEASED', 'RUNNING')`;

/** One model call: what it used and cost, also when it failed. In the caller's transaction. */
export async function recordCall(
  q: Queryable,
  a: Held,
  c: CallRecord,
  cost: { eur: number; gpuMs: number },
): Promise<void> {
  await q.query(
    `WITH l AS (${live}), ins AS (
       INSERT INTO call(attempt_id, task_id, step_key, provider, model, tokens_in, tokens_out, ms, ok, error_code, scripted, cost_eur,
         tokens_cache_read, tokens_cache_write, tokens_thinking, gpu_ms)
       SELECT l.id, l.task_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 FROM l)
     UPDATE attempt SET tokens_in = tokens_in + $6, tokens_out = tokens_out + $7, cost_eur = cost_eur + $12, scripted = scripted OR $11,
       tokens_cache_read = tokens_cache_read + $13, tokens_cache_write = tokens_cache_write + $14,
       tokens_thinking = tokens_thinking + $15, gpu_ms = gpu_ms + $16,
       last_progress_at = clock_timestamp() WHERE id = (SELECT id FROM l)`,
    [
      a.attemptId,
      a.fence,
      c.stepKey,
      c.provider,
      c.model,
      c.tokensIn,
      c.tokensOut,
      Math.round(c.ms),
      c.ok,
      c.errorCode,
      c.scripted,
      cost.eur,
      c.tokensCacheRead,
      c.tokensCacheWrite,
      c.tokensThinking,
      Math.round(cost.gpuMs),
    ],
  );
}

/** One run of a gate, with its output as a blob. */
export async function recordGate(db: Db, a: Held, g: GateRecord): Promise<void> {
  await transaction(db, async (q) => {
    const hash = g.output ? await putBlob(q, g.output) : null;
    await q.query(
      `WITH l AS (${live})
       INSERT INTO gate_result(attempt_id, task_id, step_key, gate, try_number, ok, verdict, detail, command, exit_code, ms, tree, output_hash)
       SELECT l.id, l.task_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM l`,
      [
        a.attemptId,
        a.fence,
        g.stepKey,
        g.gate,
        g.tryNumber,
        g.ok,
        g.verdict,
        toText(g.detail),
        g.command?.map(toText) ?? null,
        g.exitCode,
        Math.round(g.ms),
        g.tree,
        hash,
      ],
    );
  });
}

/** The nineteen checks after one try of a step, with their evidence as blobs. */
export async function recordChecks(db: Db, a: Held, c: ChecksRecord): Promise<void> {
  await transaction(db, async (q) => {
    const rows = [];
    for (const r of c.results)
      rows.push({
        name: r.name,
        state: r.state,
        blocking: r.blocking,
        detail: toText(r.detail),
        command: r.command?.map(toText) ?? null,
        ms: r.ms,
        evidence: r.evidence ? await putBlob(q, toText(r.evidence)) : null,
      });
    await q.query(
      `WITH l AS (${live})
       INSERT INTO check_result(attempt_id, task_id, step_key, try_number, tree, name, state, blocking, detail, command, ms, evidence_hash)
       SELECT l.id, l.task_id, $3, $4, $5, c.name, c.state, c.blocking, c.detail, c.command, c.ms, c.evidence
       FROM l, jsonb_to_recordset($6::jsonb) c(name text, state text, blocking boolean, detail text, command text[], ms int, evidence text)
       ON CONFLICT DO NOTHING`,
      [a.attemptId, a.fence, c.stepKey, c.tryNumber, c.tree, toJson(rows)],
    );
  });
}

/** Proof of work of one attempt: GOTCHA.md, manifest, patch. */
export async function recordProof(db: Db, a: Held, p: ProofRecord): Promise<void> {
  await transaction(db, async (q) => {
    const gotcha = await putBlob(q, p.gotcha, 'text/markdown; charset=utf-8');
    const patch = p.patch ? await putBlob(q, p.patch, 'text/x-diff; charset=utf-8') : null;
    await q.query(
      `WITH l AS (${live})
       INSERT INTO proof(task_id, attempt_id, gotcha_hash, patch_hash, manifest) SELECT l.task_id, l.id, $3, $4, $5 FROM l
       ON CONFLICT (task_id, attempt_id) DO UPDATE SET gotcha_hash = excluded.gotcha_hash, patch_hash = excluded.patch_hash, manifest = excluded.manifest`,
      [a.attemptId, a.fence, gotcha, patch, toJson(p.manifest)],
    );
  });
}

/** The prompt of one step as it is about to be sent; a step that runs again in the same attempt replaces it. */
export async function recordPrompt(db: Db, a: Held, p: PromptRecord): Promise<void> {
  await db.pool.query(
    `WITH l AS (${live})
     INSERT INTO step_prompt(attempt_id, step_key, model, context, parts) SELECT l.id, $3, $4, $5, $6 FROM l
     ON CONFLICT (attempt_id, step_key) DO UPDATE SET at = clock_timestamp(), model = excluded.model, context = excluded.context, parts = excluded.parts`,
    [a.attemptId, a.fence, p.stepKey, p.model, p.context, toJson(p.parts)],
  );
}

/** Transcript lines, in one statement. An entry under a number that exists replaces it (text that streams). */
export async function writeTranscript(db: Db, attemptId: number, entries: TranscriptEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const last = new Map(entries.map((e) => [e.seq, e]));
  await db.pool.query(
    `INSERT INTO transcript_entry(attempt_id, seq, at, step_key, kind, data)
     SELECT $1, e.seq, e.at, e.step, e.kind, e.data
     FROM jsonb_to_recordset($2::jsonb) e(seq int, at timestamptz, step text, kind text, data jsonb) ORDER BY e.seq
     ON CONFLICT (attempt_id, seq) DO UPDATE SET rev = nextval('transcript_rev_seq'), kind = excluded.kind, data = excluded.data`,
    [
      attemptId,
      toJson(
        [...last.values()].map((e) => ({
          seq: e.seq,
          at: e.at,
          step: e.stepKey,
          kind: e.kind,
          data: e.data,
        })),
      ),
    ],
  );
}
