import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { generatePrisma } from '#scripts/prisma.mjs';
import { readCatalogue } from '#server/catalogue/data.ts';
import { type Env, publicUrl } from '#server/platform/env.ts';
import type { Logger } from '#server/platform/logger.ts';
import { secrets as readSecrets } from '#server/platform/secrets.ts';
import { buildPages } from './build.ts';
import { migrateDatabase, prepareSignIn, startDatabase } from './database.ts';
import { endLeftovers } from './lock.ts';
import type { Machine } from './machine.ts';
import { chooseModels } from './models.ts';
import { innerPorts, requireFreePort } from './ports.ts';
import { childEnvironment, machinePlan, rememberEnvironment } from './processes.ts';
import type { Progress } from './progress.ts';
import { waitReady } from './ready.ts';
import { limitsAt } from './silence.ts';
import { databaseAnswers, recordDeath } from './watch.ts';

const READY_WITHIN = 60_000;

export interface Started {
  url: string;
  signIn: string;
}

interface Parts {
  root: string;
  env: Env;
  log: Logger;
  progress: Progress;
  machine: Machine;
  signal: AbortSignal;
}

/** Brings one machine up, part by part. Every part may be repeated: a start that was killed is repaired by the next. */
export async function startMachine({ root, env, log, progress, machine, signal }: Parts): Promise<Started> {
  const home = env.ALAI_HOME;
  const left = await endLeftovers(home);
  if (left.length) progress.say(`✓ Ended what an earlier start left running: ${left.join(', ')}`);
  await requireFreePort(env.PORT, env.HOST);
  const secrets = readSecrets(env);
  const ports = await innerPorts(env);

  const database = await progress.step('Database', async () => {
    const started = await startDatabase(env, secrets);
    if (started.embedded) machine.keepPostgres(started.embedded, secrets.postgresPassword);
    return { value: started, said: started.said };
  });
  signal.throwIfAborted();
  await progress.step('Migrations', async () => ({
    value: null,
    said: await migrateDatabase(root, database.url, env.REDIS_URL),
  }));
  await progress.step('Prisma client', async () => ({
    value: null,
    said: generatePrisma({ root, node: process.execPath }) ? 'generated' : '',
  }));
  signal.throwIfAborted();
  mkdirSync(path.join(home, 'logs'), { recursive: true });
  await progress.step('Pages', async (at) => ({
    value: null,
    said: (await buildPages(root, path.join(home, 'logs/build.log'), at, signal)) ? 'built' : '',
  }));
  signal.throwIfAborted();
  for (const p of catalogueProblems())
    progress.say(
      `! ${p.file}:${p.line} ${p.message} ${p.remedy}\n  What it belongs to is left out until it is mended; the rest works.`,
    );
  const models = await progress.step('Models', async () => {
    const chosen = await chooseModels(env, ports.rehearsal);
    return { value: chosen, said: chosen.said };
  });

  const shared = { env, databaseUrl: database.url, secrets, ports, models };
  rememberEnvironment(home, childEnvironment(shared));
  const plan = machinePlan(root, shared);
  const url = publicUrl(env);
  log.info({ url, processes: plan.map((p) => p.name), models: models.kind }, 'starting processes');
  await progress.step('Processes', async (at) => {
    machine.start(plan);
    machine.follow(() => machinePlan(root, shared));
    machine.watchOver({
      databaseAnswers: () => databaseAnswers(database.url),
      limits: limitsAt(env.ALAI_TIMING_SCALE),
      record: (death) => void (death.asked || recordDeath(database.url, death, log)),
    });
    at('waiting for web, queue and a worker');
    const answer = await waitReady(`http://${hostFor(env.HOST)}:${env.PORT}`, READY_WITHIN, signal);
    const names = plan.map((p) => p.name).join(', ');
    if (answer.ready) return { value: null, said: names };
    const logs = path.join(home, 'logs');
    return { value: null, said: `${names}; not ready yet (${answer.detail}), logs are in ${logs}` };
  });
  const code = await prepareSignIn(database.url, secrets.apiToken);
  return { url, signIn: `${url}/sign-in#code=${code}` };
}

/** What nobody could choose anyway is said now; broken shared files fail later, where they are needed, with their own words. */
function catalogueProblems() {
  try {
    return readCatalogue().problems;
  } catch {
    return [];
  }
}

/** 0.0.0.0 is a place to listen on, not one to talk to. */
function hostFor(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}
