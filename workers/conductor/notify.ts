import { isAlaiError } from '#server/domain/errors.ts';
import type { Timing } from '#server/domain/timing.ts';
import { readEscalation } from '#server/human-queue/data.ts';
import { deliverDue } from '#server/notifications/deliver.ts';
import { noteEvents } from '#server/notifications/notices.ts';
import { consequencesHere } from '#server/notifications/policy.ts';
import type { QuestionToTell } from '#server/notifications/schema.ts';
import type { Db } from '#server/platform/db.ts';
import { type Env, publicUrl } from '#server/platform/env.ts';
import type { Logger } from '#server/platform/logger.ts';
import { allowedHosts } from '#server/platform/outgoing.ts';
import { secrets } from '#server/platform/secrets.ts';

const MOST_REASONS = 5;
const ROUNDS = 20;

/** What a button under a notice would be bound to. A question that is gone or answered has no buttons. */
async function questionToTell(db: Db, t: Timing, id: number): Promise<QuestionToTell | null> {
  const e = await readEscalation(db, t, id).catch((err) => {
    if (isAlaiError(err) && err.code === 'NOT_FOUND') return null;
    throw err;
  });
  if (e?.state !== 'OPEN') return null;
  return {
    id,
    digest: e.digest,
    consequences: consequencesHere(e),
    kind: e.kind,
    reasons: e.suggestedReasons.slice(0, MOST_REASONS),
  };
}

/** Turns what happened into notices, and sends what is due. */
export async function tellPeople(db: Db, e: Env, t: Timing, log: Logger): Promise<void> {
  let noted = 0;
  // A busy factory writes more events in a second than one round reads.
  for (let round = 0, read = 1; read > 0 && round < ROUNDS; round++) {
    read = await noteEvents(db, new Date());
    noted += read;
  }
  const tried = await deliverDue({
    db,
    secret: secrets(e).authSecret,
    publicUrl: publicUrl(e),
    outgoing: { allow: allowedHosts(e.ALAI_WEBHOOK_ALLOW) },
    question: (id) => questionToTell(db, t, id),
    baseMs: t.noticeRetry,
  });
  if (tried > 0) log.info({ noted, tried }, 'notices were sent');
}
