import type { AttemptWork } from '#server/domain/work.ts';
import { createRunAttempt, type RunAttempt } from '#server/execution/attempt.ts';
import type { RunnerConfig } from '#server/execution/ports.ts';
import type { Sandbox } from '#server/execution/sandbox/sandbox.ts';
import { integrate } from '#server/integration/integrate.ts';
import type { Provider } from '#server/models/provider.ts';
import { runChecks } from '#server/quality/checks/registry.ts';
import { runGate } from '#server/quality/gates/registry.ts';
import { buildProof } from '#server/quality/proof.ts';

/** Puts the rooms of an attempt together: execution does not import quality or integration. */
export function createRunner(o: {
  /** $ALAI_HOME/hosts/<host> */
  hostDir: string;
  /** Where this work's model is; the shipped sample names the rehearsal, everything else the host's own server. */
  provider: (work: AttemptWork) => Provider;
  sandbox: Sandbox;
  /** Agents with a program of their own; those on the PATH of this process when absent. */
  agents?: RunnerConfig['agents'];
  /** What no model may be told. */
  secretValues?: readonly string[];
  /** The npm registry of this machine. */
  registry?: string;
  /** Token of the conductor's git server. */
  repositoryToken?: string;
}): RunAttempt {
  return createRunAttempt({ ...o, runGate, runChecks, integrate, buildProof });
}
