import type { IntegrationResult } from '#server/domain/attempt.ts';
import type { CliProvider } from '#server/domain/providers.ts';
import type { ProofRecord } from '#server/domain/records.ts';
import type { IntegrateInput, ProofInput, RunChecks, RunGate } from '#server/domain/seams.ts';
import type { Asking, AttemptWork } from '#server/domain/work.ts';
import type { Provider } from '#server/models/provider.ts';
import type { CliAgent } from './agents/agent.ts';
import type { InstalledAgent } from './agents/detect.ts';
import type { Sandbox } from './sandbox/sandbox.ts';

/** What the execution of attempts on one host is given from outside. */
export interface RunnerConfig {
  /** $ALAI_HOME/hosts/<host>: clones, worktrees, pid files of this host only. */
  hostDir: string;
  provider: (work: AttemptWork) => Provider;
  /** For the conductor's git server. */
  repositoryToken?: string;
  sandbox: Sandbox;
  /** Values of this installation that no model, transcript or stored prompt may hold. */
  secretValues?: readonly string[];
  /** Where npm installs packages from; the public registry when absent. */
  registry?: string;
  runGate: RunGate;
  runChecks: RunChecks;
  integrate: (input: IntegrateInput) => Promise<IntegrationResult>;
  buildProof: (input: ProofInput) => ProofRecord;
  /** Agents with a program of their own, as this machine has them; its PATH and environment when absent. */
  agents?: {
    find: (name: CliProvider) => InstalledAgent | null;
    given: (agent: CliAgent, asking: Asking) => Record<string, string>;
    /** Leaves an agent alone that fails on and on, and learns from how this run ends; just runs it when absent. */
    guard?: <T>(
      name: CliProvider,
      work: AttemptWork,
      signal: AbortSignal,
      run: () => Promise<T>,
    ) => Promise<T>;
  };
  /** How often streaming text is written to the transcript, in milliseconds. */
  streamEveryMs?: number;
}
