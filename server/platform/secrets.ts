import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { AlaiError } from '#server/domain/errors.ts';
import { type Env, isLoopback } from './env.ts';
import { readText, writeOnce } from './files.ts';

const storedSchema = z.object({
  authSecret: z.string().min(32),
  gitToken: z.string().min(32),
  postgresPassword: z.string().min(16),
});

export interface Secrets {
  /** Signs sessions. */
  authSecret: string;
  /** Lets workers fetch from and push to the factory's own repositories. */
  gitToken: string;
  /** Lets the CLI of the same user in; also in `$ALAI_HOME/token`. */
  apiToken: string;
  /** Of the embedded PostgreSQL. */
  postgresPassword: string;
}

const random = (bytes: number) => randomBytes(bytes).toString('base64url');

/**
 * The installation's secrets: from the environment where set, else made up once and kept in `$ALAI_HOME/secrets.json`
 * (readable by this user only). A server that others can reach must be given its secrets: made-up ones would differ
 * between replicas and nobody would know where they are.
 */
export function secrets(env: Env): Secrets {
  if (!isLoopback(env.HOST) && !env.ALAI_AUTH_SECRET) {
    throw new AlaiError(
      'BAD_INPUT',
      `HOST is ${env.HOST}, which other machines can reach, and ALAI_AUTH_SECRET is not set.`,
      'Set ALAI_AUTH_SECRET to at least 32 random characters (openssl rand -base64 32), or leave HOST unset.',
    );
  }
  if (env.ALAI_AUTH_SECRET && env.ALAI_AUTH_SECRET.length < 32) {
    throw new AlaiError('BAD_INPUT', 'ALAI_AUTH_SECRET is shorter than 32 characters.', 'Make a longer one.');
  }
  mkdirSync(env.ALAI_HOME, { recursive: true, mode: 0o755 });
  const file = path.join(env.ALAI_HOME, 'secrets.json');
  const fresh = { authSecret: random(32), gitToken: random(32), postgresPassword: random(24) };
  const text = readText(file) ?? writeOnce(file, `${JSON.stringify(fresh, null, 2)}\n`);
  const stored = storedSchema.safeParse(parseJson(text));
  if (!stored.success) {
    throw new AlaiError(
      'BAD_INPUT',
      `${file} is damaged.`,
      'Restore it from a backup; removing it signs everybody out.',
    );
  }
  const tokenFile = path.join(env.ALAI_HOME, 'token');
  const apiToken =
    env.ALAI_API_TOKEN ?? (readText(tokenFile) ?? writeOnce(tokenFile, `alai_${random(32)}\n`)).trim();
  return {
    authSecret: env.ALAI_AUTH_SECRET ?? stored.data.authSecret,
    gitToken: env.ALAI_GIT_TOKEN ?? stored.data.gitToken,
    apiToken,
    postgresPassword: stored.data.postgresPassword,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
