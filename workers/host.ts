/** One host's worker: takes messages of its lane and runs attempts in its slots. `workers/host.ts --host forge`. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { admit } from '#server/budget/tickets.ts';
import { keepLastGood, readCatalogue } from '#server/catalogue/data.ts';
import { AlaiError } from '#server/domain/errors.ts';
import { tuningAt } from '#server/domain/schedule.ts';
import { timing } from '#server/domain/timing.ts';
import { advancer } from '#server/engine/advance.ts';
import { checkpointer } from '#server/engine/checkpoint.ts';
import { claimer, starter } from '#server/engine/claim.ts';
import { registerWorker, workerGone } from '#server/engine/hosts.ts';
import { type Picked, pickFor } from '#server/engine/pick.ts';
import { waitsForModel } from '#server/engine/unavailable.ts';
import { maskFor, secretValues } from '#server/execution/prompt/mask.ts';
import { reapLeftovers } from '#server/execution/sandbox/leftovers.ts';
import { detectSandbox } from '#server/execution/sandbox/registry.ts';
import { sayAlive } from '#server/platform/alive.ts';
import { createDb } from '#server/platform/db.ts';
import { env, localGitUrl } from '#server/platform/env.ts';
import { createLogger } from '#server/platform/logger.ts';
import { claimQueueBackend, openQueue } from '#server/platform/queue.ts';
import { secrets } from '#server/platform/secrets.ts';
import { version } from '#server/platform/version.ts';
import { every } from './conductor/every.ts';
import { forgetKeys } from './host/agent-breaker.ts';
import { agentsOfHost, watchAgents } from './host/agents.ts';
import { watchBreakers } from './host/breakers.ts';
import { watchDisk } from './host/disk.ts';
import { HeldAttempts } from './host/held.ts';
import { bootId, RESTART } from './host/identity.ts';
import { tendModels } from './host/model-jobs.ts';
import { modelsOfHost, roomForModels, serversOfHost, watchLlama } from './host/models.ts';
import { probeServer, watchServer } from './host/probing.ts';
import { processAttempt, takeNext } from './host/process.ts';
import { npmRegistry } from './host/registry.ts';
import { Slots } from './host/slots.ts';
import { tendTrials } from './host/trials.ts';
import { createRunner } from './runner.ts';

/** In real time: a slow machine's looks do not get faster with the timing scale. */
const LONGEST_LOOK = 60_000;

const { values } = parseArgs({ options: { host: { type: 'string' } } });
const e = env();
keepLastGood(e.ALAI_HOME);
const config = readCatalogue().fleet.hosts.find((h) => h.name === values.host?.toLowerCase());
if (!config)
  throw new AlaiError(
    'HOST_UNKNOWN',
    `Host "${values.host ?? ''}" is not in fleet.yaml.`,
    'Start with --host and a name of companies/_shared/fleet.yaml.',
  );
if (!e.DATABASE_URL)
  throw new AlaiError(
    'DATABASE_UNREACHABLE',
    'A worker needs DATABASE_URL.',
    'Start everything with npm start, or set DATABASE_URL.',
  );

const log = createLogger(`host-${config.name}`);
const db = createDb(e.DATABASE_URL, { max: 8, name: `alai-host-${config.name}` });
const t = timing(e.ALAI_TIMING_SCALE);
const hostDir = path.join(e.ALAI_HOME, 'hosts', config.name);
mkdirSync(hostDir, { recursive: true });

// First of all: what a killed predecessor left running must not go on writing.
const killed = await reapLeftovers(hostDir);
if (killed > 0) log.warn({ killed }, 'killed processes of a predecessor');

const backend = e.REDIS_URL ? 'redis' : 'postgres';
await claimQueueBackend(db, backend);
const queue = openQueue({ databaseUrl: e.DATABASE_URL, redisUrl: e.REDIS_URL });
const sandbox = await detectSandbox();
const servers = serversOfHost(config, e);
const own = () => servers('ollama');
const first = await probeServer(own(), t.probe);
const worker = { id: randomUUID(), host: config.name };

await registerWorker(db, queue, {
  id: worker.id,
  pid: process.pid,
  version,
  bootId: bootId(),
  host: {
    name: config.name,
    slots: config.slots,
    memoryGb: config.memory_gb,
    models: first.models?.map((m) => m.name) ?? [],
    scripted: first.scripted ?? false,
    sandbox: sandbox.kind === 'bwrap' ? 'bubblewrap' : sandbox.kind,
  },
});

const watch = watchServer({ db, host: config.name, server: own, timing: t, log });
const modelJobs = await tendModels({
  db,
  worker,
  server: own,
  log,
  changed: async () => void (await watch.look()),
  room: () => roomForModels(config, e),
});

const llama = watchLlama({ db, host: config, timing: t, log });
const breakers = watchBreakers({ db, host: config.name, server: servers, timing: t, log });
await forgetKeys({ db, host: config.name, timing: t });
const ownAgents = agentsOfHost(e, { db, host: config.name, timing: t });
const disk = await watchDisk({ db, host: config.name, folder: hostDir, timing: t, log });
const agents = watchAgents({ db, host: config.name, log });
const provider = modelsOfHost(config, e, db, t);
const hidden = [...Object.values(secrets(e)), ...secretValues(process.env)];
const trials = await tendTrials({
  ...{ db, worker, sandbox, hostDir, provider, timing: t, log },
  agents: ownAgents,
  mask: maskFor(hidden),
});

let leaving = false;
/** How long the look for work that is under way takes already. */
let lookingMs = () => 0;
const held = new HeldAttempts({
  db,
  timing: t,
  worker,
  log,
  onTakenOver: () => void leave('another worker took this host over', 1),
  onRestart: () => void leave('a restart was asked for', RESTART),
  // A look takes moments. One that never ends takes no work any more, however well the rest goes on.
  onBeat: () => void (lookingMs() < LONGEST_LOOK && sayAlive()),
});
held.start();

const engine = {
  claim: claimer(db, { leaseMs: t.lease, deadlineMs: t.attemptDeadline }),
  start: starter(db),
  checkpoint: checkpointer(db, t.lease),
  advance: advancer(db, queue),
};
const run = createRunner({
  hostDir,
  provider,
  sandbox,
  agents: ownAgents,
  repositoryToken: secrets(e).gitToken,
  registry: await npmRegistry(),
  secretValues: hidden,
});
const context = {
  db,
  admit: async (job: Picked & { host: string }) => {
    const why = await waitsForModel(db.pool, job, 2 * t.heartbeat);
    return why ? { result: 'waits' as const, why } : await admit(db, readCatalogue().prices, job);
  },
  pick: () => pickFor(db, worker.host, { seenMs: t.workerSeen, tuning: tuningAt(t.ageing) }),
  publisher: queue,
  engine,
  held,
  timing: t,
  log,
  worker,
  sandboxed: sandbox.isolates,
  repositoryUrl: (projectId: string) =>
    `${e.ALAI_GIT_URL ?? localGitUrl(e.HOST, e.ALAI_GIT_PORT)}/git/${projectId}.git`,
  run,
};

const slots = new Slots({
  take: () => takeNext(context),
  run: (taken) => processAttempt(context, taken),
  log,
});
lookingMs = () => slots.lookingMs;
// One at a time: a message is a wake-up, and what it named may be done or somebody else's by then.
const consumer = await queue.consume(
  worker.host,
  1,
  () => slots.look(),
  (err) => log.warn({ err: err.message }, 'queue'),
);
const looking = every(
  t.look,
  () => slots.look(),
  (err) => log.warn({ err }, 'looking for work failed'),
);
log.info(
  {
    host: config.name,
    slots: config.slots,
    sandbox: sandbox.kind,
    backend,
    models: first.models?.length ?? 0,
  },
  'worker is up',
);

async function leave(reason: string, code: number): Promise<void> {
  if (leaving) return;
  leaving = true;
  slots.close();
  looking.stop();
  watch.stop();
  llama.stop();
  breakers.stop();
  disk.stop();
  agents.stop();
  trials.stop();
  const givenBack = modelJobs.stop();
  log.info({ reason, running: held.size }, 'leaving');
  held.stopAll(code === 1 ? 'stale' : 'drained');
  // Within the grace that a supervisor gives.
  const deadline = Date.now() + 4_000;
  while (held.size > 0 && Date.now() < deadline) await new Promise((r) => setTimeout(r, 50));
  held.close();
  await Promise.race([
    Promise.allSettled([givenBack, consumer.close(), workerGone(db, worker.id)]).then(() =>
      Promise.allSettled([queue.close(), db.close()]),
    ),
    new Promise((r) => setTimeout(r, 3_000)),
  ]);
  process.exit(code);
}
// SIGHUP: its terminal was closed.
for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(s, () => void leave(s, 0));
