import { existsSync } from 'node:fs';
import path from 'node:path';
import { readCatalogue } from '#server/catalogue/data.ts';
import { type Env, localGitUrl, publicUrl } from '#server/platform/env.ts';
import { readText, writeAtomic } from '#server/platform/files.ts';
import type { Secrets } from '#server/platform/secrets.ts';
import type { ChildSpec } from './child.ts';
import type { ModelServer } from './models.ts';
import type { InnerPorts } from './ports.ts';

/** What the processes of one installation share; handed to each as environment variables. */
export interface Shared {
  env: Env;
  databaseUrl: string;
  secrets: Secrets;
  ports: InnerPorts;
  models: ModelServer;
}

/** The variables every process is started with. Explicit settings of the operator stay as they are. */
export function childEnvironment(shared: Shared): Record<string, string> {
  const { env, secrets, ports, models } = shared;
  const url = publicUrl(env);
  return {
    ALAI_HOME: env.ALAI_HOME,
    PORT: String(env.PORT),
    HOST: env.HOST,
    ALAI_PUBLIC_URL: url,
    DATABASE_URL: shared.databaseUrl,
    ...(env.REDIS_URL ? { REDIS_URL: env.REDIS_URL } : {}),
    ALAI_TIMING_SCALE: String(env.ALAI_TIMING_SCALE),
    LOG_LEVEL: env.LOG_LEVEL,
    ALAI_GIT_PORT: String(ports.git),
    ALAI_GIT_URL: env.ALAI_GIT_URL ?? localGitUrl(env.HOST, ports.git),
    ALAI_REHEARSAL_PORT: String(ports.rehearsal),
    // Agents cannot tell the rehearsal from a real server: it is simply where their model server is.
    OLLAMA_HOST: models.url,
    ALAI_MODELS: models.kind,
    ALAI_AUTH_SECRET: secrets.authSecret,
    ALAI_GIT_TOKEN: secrets.gitToken,
    ALAI_API_TOKEN: secrets.apiToken,
    NEXTAUTH_SECRET: secrets.authSecret,
    NEXTAUTH_URL: url,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
  };
}

const environmentFile = (home: string) => path.join(home, 'run', 'environment.json');

/** Written down for processes that are started alone on this machine (`npx alai worker --host forge`). */
export function rememberEnvironment(home: string, variables: Record<string, string>): void {
  writeAtomic(environmentFile(home), JSON.stringify(variables, null, 2));
}

export function rememberedEnvironment(home: string): Record<string, string> {
  const text = readText(environmentFile(home));
  return text ? (JSON.parse(text) as Record<string, string>) : {};
}

/** The hosts whose worker runs on this machine, by companies/_shared/fleet.yaml. */
export function localHosts(): string[] {
  const { fleet } = readCatalogue();
  return fleet.hosts.filter((h) => h.local).map((h) => h.name);
}

export type ProcessName = 'web' | 'conductor' | 'rehearsal' | `host-${string}`;

/** How each process is started, by the supervisor and alone. */
export function argumentsOf(name: ProcessName, env: Pick<Env, 'PORT' | 'HOST'>): string[] {
  const ours = ['--disable-warning=ExperimentalWarning'];
  if (name === 'web') {
    const next = 'node_modules/next/dist/bin/next';
    return [...ours, next, 'start', '-p', String(env.PORT), '-H', env.HOST];
  }
  if (name === 'conductor') return [...ours, 'workers/conductor.ts'];
  if (name === 'rehearsal') return [...ours, 'workers/rehearsal.ts'];
  return [...ours, 'workers/host.ts', '--host', name.slice('host-'.length)];
}

/** Everything one machine runs, in the order it is started. */
export function machinePlan(root: string, shared: Shared): ChildSpec[] {
  const names: ProcessName[] = [
    // Also beside a real Ollama: the shipped sample is rehearsed everywhere.
    ...(shared.env.ALAI_REHEARSAL === 'never' ? [] : (['rehearsal'] as const)),
    'conductor',
    ...localHosts().map((h): ProcessName => `host-${h}`),
    'web',
  ];
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: 'production', ...childEnvironment(shared) };
  return names
    .map((name) => ({ name, args: argumentsOf(name, shared.env), env }))
    .filter((spec) => spec.name === 'web' || existsSync(path.join(root, spec.args[1] ?? '')));
}
