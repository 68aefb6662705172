import { AlaiError } from '#server/domain/errors.ts';
import type { Changes } from '#server/domain/views/changes.ts';
import type { GateView } from '#server/domain/views/evidence.ts';
import type { TranscriptView } from '#server/domain/views/transcript.ts';
import type { Db } from '#server/platform/db.ts';
import { filesOf } from './patch.ts';

/** A page shows this much of an output; the proof of work holds all of it. */
const MAX_OUTPUT = 20_000;
export const MAX_PATCH = 1_000_000;
const MAX_ENTRIES = 500;

/** What every gate found, oldest first, with the output of those that have one. */
export async function readGates(db: Db, taskId: number): Promise<GateView[]> {
  const { rows } = await db.pool.query<Omit<GateView, 'observed'>>(
    `SELECT g.id, g.step_key "stepKey", g.gate, g.try_number "tryNumber", g.ok, g.verdict, g.detail,
       CASE WHEN cardinality(g.command) > 0 THEN g.command END command, g.exit_code "exitCode", g.ms, g.at,
       left(coalesce(convert_from(b.bytes, 'UTF8'), ''), ${MAX_OUTPUT}) output
     FROM gate_result g LEFT JOIN blob b ON b.hash = g.output_hash WHERE g.task_id = $1 ORDER BY g.id`,
    [taskId],
  );
  return rows.map((g) => ({ ...g, observed: 'harness' }));
}

interface ProofRow {
  taskId: number;
  gotcha: string;
  manifest: Record<string, unknown>;
  patchHash: string | null;
  createdAt: Date;
}

/** The newest proof of work of a task, if it has one. */
export async function readProof(db: Db, taskId: number): Promise<ProofRow | null> {
  const { rows } = await db.pool.query<ProofRow>(
    `SELECT p.task_id "taskId", convert_from(g.bytes, 'UTF8') gotcha, p.manifest, p.patch_hash "patchHash", p.created_at "createdAt"
     FROM proof p JOIN blob g ON g.hash = p.gotcha_hash WHERE p.task_id = $1 ORDER BY p.attempt_id DESC LIMIT 1`,
    [taskId],
  );
  return rows[0] ?? null;
}

/** The stored patch of a proof, whole; empty when there is none. */
export async function readPatch(db: Db, hash: string | null): Promise<string> {
  if (hash === null) return '';
  const { rows } = await db.pool.query<{ text: string }>(
    `SELECT convert_from(bytes, 'UTF8') text FROM blob WHERE hash = $1`,
    [hash],
  );
  return rows[0]?.text ?? '';
}

/** What a task changed, by its newest proof that holds a patch. */
export async function readChanges(db: Db, taskId: number): Promise<Changes> {
  const { rows } = await db.pool.query<{
    patch: string | null;
    size: number | null;
    branch: string | null;
    head: string | null;
  }>(
    `SELECT left(convert_from(b.bytes, 'UTF8'), ${MAX_PATCH}) patch, b.size, t.head,
       (SELECT a.worktree FROM attempt a WHERE a.task_id = t.id ORDER BY a.n DESC LIMIT 1) branch
     FROM task t
     LEFT JOIN LATERAL (SELECT patch_hash FROM proof WHERE task_id = t.id AND patch_hash IS NOT NULL ORDER BY attempt_id DESC LIMIT 1) p ON true
     LEFT JOIN blob b ON b.hash = p.patch_hash WHERE t.id = $1`,
    [taskId],
  );
  const row = rows[0];
  const patch = row?.patch ?? '';
  const all = filesOf(patch);
  return {
    files: all,
    patch,
    truncated: (row?.size ?? 0) > MAX_PATCH,
    commit: row?.head ?? null,
    branch: row?.branch ?? null,
  };
}

/** Every model call of a task, oldest first. */
export async function readCalls(db: Db, taskId: number) {
  const { rows } = await db.pool.query<{
    id: number;
    attemptId: number;
    stepKey: string;
    model: string;
    tokensIn: number;
    tokensOut: number;
    ms: number;
    ok: boolean;
    errorCode: string | null;
    costEur: number;
    at: Date;
  }>(
    `SELECT id, attempt_id "attemptId", step_key "stepKey", model, tokens_in "tokensIn", tokens_out "tokensOut", ms, ok, error_code "errorCode",
       cost_eur::float8 "costEur", at FROM call WHERE task_id = $1 ORDER BY id LIMIT 1000`,
    [taskId],
  );
  return rows;
}

/** What was written or rewritten since `afterRev` in one attempt of a task (its newest, when none is named). */
export async function readTranscript(
  db: Db,
  ask: { taskId: number; attemptId: number | null; afterRev: number },
): Promise<TranscriptView> {
  const attempt = await db.pool.query<{ id: number; live: boolean }>(
    `SELECT id, state IN ('LEASED', 'RUNNING') live FROM attempt WHERE task_id = $1 AND ($2::bigint IS NULL OR id = $2) ORDER BY n DESC LIMIT 1`,
    [ask.taskId, ask.attemptId],
  );
  const of = attempt.rows[0];
  if (!of)
    throw new AlaiError(
      'NOT_FOUND',
      `Task #${ask.taskId} has no such attempt.`,
      'It has not been started yet.',
    );
  const { rows } = await db.pool.query<TranscriptView['entries'][number]>(
    `SELECT seq id, seq, at, step_key "stepKey", kind, data, rev FROM transcript_entry WHERE attempt_id = $1 AND rev > $2 ORDER BY rev LIMIT ${MAX_ENTRIES}`,
    [of.id, ask.afterRev],
  );
  const cursor = rows.at(-1)?.rev ?? ask.afterRev;
  // More is waiting when the answer is full: the reader comes back at once, as it does for a live attempt.
  return { attemptId: of.id, entries: rows, cursor, live: of.live || rows.length === MAX_ENTRIES };
}
