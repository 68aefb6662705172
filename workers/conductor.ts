/** The conductor: sweeps, settles decisions, publishes leftovers, serves the repositories, delivers merges. One is enough; two do no harm. */

import { sealTrail } from '#server/audit/commands.ts';
import { returnForgotten } from '#server/budget/tickets.ts';
import { keepLastGood, readCatalogue } from '#server/catalogue/data.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { overdueAfter, timing } from '#server/domain/timing.ts';
import { settleDecisions } from '#server/engine/decide.ts';
import { sweep } from '#server/engine/sweep.ts';
import { goRound } from '#server/engine/unavailable.ts';
import { hearsOf } from '#server/fleet/runs.ts';
import { watchTroubles } from '#server/fleet/troubles.ts';
import { sayAlive } from '#server/platform/alive.ts';
import { createDb } from '#server/platform/db.ts';
import { env, gitHost } from '#server/platform/env.ts';
import { createLogger } from '#server/platform/logger.ts';
import { claimQueueBackend, openQueue } from '#server/platform/queue.ts';
import { secrets } from '#server/platform/secrets.ts';
import { tendBin } from './conductor/bin.ts';
import { every, type Rounds } from './conductor/every.ts';
import { declareFleet } from './conductor/fleet.ts';
import { deliverMerges, reconcileEffects } from './conductor/merges.ts';
import { tellPeople } from './conductor/notify.ts';
import { placeWaiting } from './conductor/place.ts';
import { serveRepositories } from './conductor/repositories.ts';
import { probeServices } from './conductor/services.ts';

const e = env();
if (!e.DATABASE_URL)
  throw new AlaiError(
    'DATABASE_UNREACHABLE',
    'The conductor needs DATABASE_URL.',
    'Start everything with npm start, or set DATABASE_URL.',
  );
const databaseUrl = e.DATABASE_URL;
keepLastGood(e.ALAI_HOME);
const log = createLogger('conductor');
const db = createDb(databaseUrl, { max: 6, name: 'alai-conductor' });
const t = timing(e.ALAI_TIMING_SCALE);
await claimQueueBackend(db, e.REDIS_URL ? 'redis' : 'postgres');
const queue = openQueue({ databaseUrl, redisUrl: e.REDIS_URL });

const server = await serveRepositories({
  db,
  home: e.ALAI_HOME,
  port: e.ALAI_GIT_PORT,
  host: gitHost(e.HOST),
  token: secrets(e).gitToken,
  log,
});
await declareFleet(db, t.drain);

/** In real time at least: a slow machine's rounds do not get faster with the timing scale. */
const LONGEST_ROUND = 60_000 * Math.max(1, e.ALAI_TIMING_SCALE);
/** With one of them so late, what waits for it is told that nobody is heard. */
const LATE_ROUND = Math.max(10_000, overdueAfter(t));
const heard = hearsOf(db, 'conductor');

/** What asks nobody but database and queue takes moments. One that never ends does its part no more, however well the rest goes on. */
const quick: Rounds[] = [
  every(
    t.sweep,
    async () => {
      await sweep(db, queue, t).catch((err) => log.warn({ err }, 'sweep failed'));
      if (quick.every((r) => r.takingMs < LATE_ROUND)) await heard();
      if (quick.every((r) => r.takingMs < LONGEST_ROUND)) sayAlive();
    },
    (err) => log.warn({ err }, 'the database does not answer'),
  ),
  every(
    t.sweep,
    async () => {
      const changed = await declareFleet(db, t.drain);
      if (changed.length > 0) log.info({ changed }, 'fleet.yaml says something new');
    },
    (err) => log.warn({ err }, 'the fleet could not be declared'),
  ),
  every(
    t.sweep,
    async () => void (await returnForgotten(db, t.lease)),
    (err) => log.warn({ err }, 'tickets failed'),
  ),
  every(
    t.sweep,
    () => placeWaiting(db),
    (err) => log.warn({ err }, 'placing failed'),
  ),
  every(
    t.sweep,
    async () => void (await goRound(db, queue, t)),
    (err) => log.warn({ err }, 'going round failed'),
  ),
  every(
    t.sweep,
    () => watchTroubles(db, t, Object.keys(readCatalogue().providers.providers)),
    (err) => log.warn({ err }, 'troubles failed'),
  ),
  // Often, because a person waits for the end of the ten seconds.
  every(
    Math.min(500, t.undo / 4),
    async () => void (await settleDecisions(db, queue)),
    (err) => log.warn({ err }, 'decisions failed'),
  ),
];
const loops: Rounds[] = [
  ...quick,
  every(
    t.sweep,
    () => probeServices(db, t, log),
    (err) => log.warn({ err }, 'probing services failed'),
  ),
  every(
    t.sweep,
    () => reconcileEffects(db, e.ALAI_HOME, log),
    (err) => log.warn({ err }, 'reconcile failed'),
  ),
  every(
    Math.min(1_000, t.sweep),
    () => deliverMerges(db, e.ALAI_HOME, log),
    (err) => log.warn({ err }, 'delivery failed'),
  ),
  every(
    Math.min(1_000, t.sweep),
    async () => void (await sealTrail(db)),
    (err) => log.warn({ err }, 'the audit trail could not be sealed'),
  ),
  every(
    Math.min(1_000, t.sweep),
    () => tellPeople(db, e, t, log),
    (err) => log.warn({ err }, 'notices failed'),
  ),
  every(
    t.binSweep,
    () => tendBin(db, e.ALAI_HOME, t, log),
    (err) => log.warn({ err }, 'the recovery bin failed'),
  ),
];
log.info({ gitPort: e.ALAI_GIT_PORT, backend: queue.backend }, 'conductor is up');

let leaving = false;
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  for (const l of loops) l.stop();
  server.close();
  server.closeAllConnections();
  await Promise.race([
    Promise.allSettled([queue.close(), db.close()]),
    new Promise((r) => setTimeout(r, 2_000)),
  ]);
  process.exit(0);
}
// SIGHUP: its terminal was closed.
for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(s, () => void leave());
