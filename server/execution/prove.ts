import type { AttemptOutcome, AttemptPorts, IntegrationResult } from '#server/domain/attempt.ts';
import { INTEGRATE } from '#server/domain/plan.ts';
import type { AttemptWork } from '#server/domain/work.ts';
import type { Gathered } from './context.ts';
import { reportOf } from './outcome.ts';
import type { RunnerConfig } from './ports.ts';
import { maskDeep, maskFor } from './prompt/mask.ts';
import type { Workspace } from './workspace.ts';

const PATCH_BYTES = 400_000;

/** Gathers the proof of work from what the harness saw, and stores it. */
export async function prove(p: {
  config: RunnerConfig;
  work: AttemptWork;
  ports: AttemptPorts;
  gathered: Gathered;
  workspace: Workspace;
  integration: IntegrationResult | null;
  outcome: AttemptOutcome;
  startedAt: Date;
}): Promise<void> {
  const { work, gathered, workspace: ws } = p;
  const firstCommit = work.steps.find((s) => s.done && s.commit !== null && s.key !== INTEGRATE)?.commit;
  const base = firstCommit ? `${firstCommit}^` : ws.base;
  const head = ws.head();
  const files = (await ws.changes(base, head)).map(({ path, added, removed }) => ({ path, added, removed }));
  const report = reportOf(work, gathered);
  if (p.outcome.kind === 'done' && files.length > 0) {
    // What was really written, not what the agent remembers.
    report.filesWritten = files.map((f) => f.path).slice(0, 500);
    p.outcome.report = report;
  }
  const proof = p.config.buildProof({
    work,
    outcome: p.outcome.kind === 'done' ? `done, ${p.outcome.verdict}` : p.outcome.kind,
    report,
    findings: gathered.findings,
    calls: gathered.calls,
    gates: gathered.gates,
    checks: gathered.checks,
    inspected: gathered.inspected,
    commands: gathered.commands,
    integration: p.integration,
    base: ws.base,
    commit: head,
    tree: await ws.treeOf(head),
    files,
    patch: await ws.patch(base, head, PATCH_BYTES),
    sandbox: p.config.sandbox.kind,
    startedAt: p.startedAt,
    endedAt: p.ports.now(),
  });
  // The proof leaves the factory; a description or an answer may name what may not.
  const mask = maskFor(p.config.secretValues ?? []);
  const manifest = maskDeep(proof.manifest, mask) as typeof proof.manifest;
  await p.ports.proof({ ...proof, gotcha: mask(proof.gotcha), manifest });
}
