import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';

/** An unset variable and an empty one mean the same: `.env` files are full of `KEY=`. */
const optionalText = z
  .string()
  .trim()
  .transform((v) => (v === '' ? undefined : v))
  .optional();
const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);
const url = (name: string, protocols: string[]) =>
  optionalText.refine((v) => v === undefined || protocols.includes(protocolOf(v)), {
    message: `${name} must be a URL starting with ${protocols.join(' or ')}//`,
  });

function protocolOf(value: string): string {
  try {
    return new URL(value).protocol;
  } catch {
    return '';
  }
}

/** `OLLAMA_HOST` is written as `host`, `host:port` or a URL; Ollama itself accepts all three. */
export function ollamaUrl(value: string | undefined): string {
  if (!value) return 'http://127.0.0.1:11434';
  const withScheme = /^https?:\/\//.test(value) ? value : `http://${value}`;
  const parsed = new URL(withScheme);
  if (!parsed.port && parsed.protocol === 'http:') parsed.port = '11434';
  if (parsed.hostname === '0.0.0.0') parsed.hostname = '127.0.0.1';
  return parsed.origin;
}

const envSchema = z.object({
  NODE_ENV: z.string().default('production'),
  PORT: port(3052),
  HOST: z.string().trim().min(1).default('127.0.0.1'),
  ALAI_HOME: z
    .string()
    .trim()
    .default('.alai')
    .transform((v) => path.resolve(v === '' ? '.alai' : v)),
  /** The folder of companies, and the company whose skills help out the others. */
  ALAI_COMPANIES: z
    .string()
    .trim()
    .default('companies')
    .transform((v) => path.resolve(v === '' ? 'companies' : v)),
  ALAI_COMPANY: optionalText,
  DATABASE_URL: url('DATABASE_URL', ['postgres:', 'postgresql:']),
  REDIS_URL: url('REDIS_URL', ['redis:', 'rediss:']),
  ALAI_TIMING_SCALE: z.coerce.number().positive().max(100).default(1),
  /** Where the conductor serves the projects' repositories; workers on other machines are given its address. */
  ALAI_GIT_PORT: port(3053),
  ALAI_GIT_URL: optionalText,
  OLLAMA_HOST: optionalText,
  ALAI_REHEARSAL_PORT: port(11_500),
  /** `auto` rehearses when no model server is found; `always` and `never` do what they say. */
  ALAI_REHEARSAL: z.enum(['auto', 'always', 'never']).default('auto'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ANTHROPIC_API_KEY: optionalText,
  OPENAI_API_KEY: optionalText,
  ALAI_AUTH_SECRET: optionalText,
  ALAI_GIT_TOKEN: optionalText,
  ALAI_API_TOKEN: optionalText,
  /** Hosts of an inner net (host or host:port, comma between) that notices may be sent to. */
  ALAI_WEBHOOK_ALLOW: optionalText,
  /** Further names this server is reached by (comma between); an unknown name is refused, because it may be pointed here by others. */
  ALAI_HOSTS: optionalText,
  /** The address people type, when it is not http://localhost:PORT (a proxy, a tunnel). */
  ALAI_PUBLIC_URL: url('ALAI_PUBLIC_URL', ['http:', 'https:']),
});

export type Env = z.infer<typeof envSchema>;

/** Parses and checks the environment; a bad value is refused by name instead of surfacing as a strange failure later. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const filled = Object.fromEntries(Object.entries(source).filter(([, v]) => v !== ''));
  const parsed = envSchema.safeParse(filled);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ');
  throw new AlaiError(
    'BAD_INPUT',
    `The environment is wrong: ${problems}`,
    'Correct it in .env or in the shell.',
  );
}

let cached: Env | undefined;

/** This process's environment, read once. A `.env` in the working directory fills what the shell has not set. */
export function env(): Env {
  if (cached) return cached;
  if (existsSync('.env')) process.loadEnvFile('.env');
  cached = parseEnv(process.env);
  return cached;
}

/** Secrets are made up only where nobody else can reach the server. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Where the repositories are served: on loopback whatever its name, else where the pages are. */
export function gitHost(host: string): string {
  return isLoopback(host) ? '127.0.0.1' : host;
}

/** The repositories' address for workers of this machine. */
export function localGitUrl(host: string, port: number): string {
  const at = gitHost(host);
  // Listening everywhere is no place to talk to.
  const to = at === '0.0.0.0' || at === '::' ? '127.0.0.1' : at;
  return `http://${to.includes(':') ? `[${to}]` : to}:${port}`;
}

/** The address printed to people and put into links. */
export function publicUrl(e: Env): string {
  return (e.ALAI_PUBLIC_URL ?? `http://${isLoopback(e.HOST) ? 'localhost' : e.HOST}:${e.PORT}`).replace(
    /\/$/,
    '',
  );
}
