import type { Timing } from '#server/domain/timing.ts';
import type { Asking } from '#server/domain/work.ts';
import { hostAgents } from '#server/engine/hosts.ts';
import type { CliAgent } from '#server/execution/agents/agent.ts';
import { detectAgents, givenTo, installedAgent, rehearsedFor } from '#server/execution/agents/detect.ts';
import type { RunnerConfig } from '#server/execution/ports.ts';
import type { Db } from '#server/platform/db.ts';
import type { Env } from '#server/platform/env.ts';
import type { Logger } from '#server/platform/logger.ts';
import { every } from '../conductor/every.ts';
import { guardAgent } from './agent-breaker.ts';

/** A program that is installed while the worker runs is found within this time. */
const LOOK_MS = 60_000;

/** The coding agents of this machine, as its attempts may use them. */
export function agentsOfHost(
  e: Env,
  c: { db: Db; host: string; timing: Timing },
): NonNullable<RunnerConfig['agents']> {
  const rehearsal = `http://127.0.0.1:${e.ALAI_REHEARSAL_PORT}`;
  // The shipped sample is always rehearsed, and everything is where no model may be called.
  const scripted = (asking: Asking) =>
    e.ALAI_REHEARSAL === 'always' || (asking.project.isSample && e.ALAI_REHEARSAL !== 'never');
  return {
    find: (name) => installedAgent(name),
    given: (agent: CliAgent, work) => (scripted(work) ? rehearsedFor(agent, rehearsal) : givenTo(agent)),
    // The sample's rehearsal says nothing of the agent that everybody else asks.
    guard: (name, work, signal, run) =>
      scripted(work) && e.ALAI_REHEARSAL !== 'always'
        ? run()
        : guardAgent(c, { name, task: work.task?.id ?? null, signal }, run),
  };
}

/** Looks which agents are there, and writes it into the host's row when it changed: routes and pages go by that. */
export function watchAgents(c: { db: Db; host: string; log: Logger }): { stop(): void } {
  let known = '';
  return every(
    LOOK_MS,
    async () => {
      const found = await detectAgents();
      const digest = JSON.stringify(found);
      if (digest === known) return;
      await hostAgents(c.db, c.host, found);
      c.log.info({ agents: found.filter((a) => a.usable).map((a) => a.name) }, 'coding agents');
      known = digest;
    },
    (err) => c.log.warn({ err }, 'looking for agents failed'),
  );
}
