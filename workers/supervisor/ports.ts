import { AlaiError } from '#server/domain/errors.ts';
import type { Env } from '#server/platform/env.ts';
import { freePort, portIsFree } from '#server/platform/ports.ts';

/** Refuses early, with what to do, instead of letting the web server die over it later. */
export async function requireFreePort(port: number, host: string): Promise<void> {
  if (await portIsFree(port, host)) return;
  throw new AlaiError(
    'PORT_IN_USE',
    `Port ${port} on ${host} is taken by another program.`,
    `Stop that program, or choose another port: PORT=${port + 10} npm start`,
    { port },
  );
}

/**
 * A port nobody types: the usual one, or a free one when a second copy on this machine has that. One that was asked
 * for by name must be free.
 */
async function innerPort(name: string, usual: number, given: string | undefined): Promise<number> {
  if (await portIsFree(usual)) return usual;
  if (given === undefined || given === '') return freePort();
  throw new AlaiError(
    'PORT_IN_USE',
    `Port ${usual} (${name}) is taken by another program.`,
    `Set ${name} to a free port, or remove it.`,
    { port: usual },
  );
}

export interface InnerPorts {
  rehearsal: number;
  git: number;
}

export async function innerPorts(env: Env): Promise<InnerPorts> {
  return {
    rehearsal: await innerPort(
      'ALAI_REHEARSAL_PORT',
      env.ALAI_REHEARSAL_PORT,
      process.env.ALAI_REHEARSAL_PORT,
    ),
    git: await innerPort('ALAI_GIT_PORT', env.ALAI_GIT_PORT, process.env.ALAI_GIT_PORT),
  };
}
