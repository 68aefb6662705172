import { createHash } from 'node:crypto';
import { checkNumber, scoreOf } from '#server/domain/checks.ts';
import type { ProofRecord } from '#server/domain/records.ts';
import type { ProofInput } from '#server/domain/seams.ts';
import { SCRIPTED, writeGotcha } from './gotcha.ts';

/** Proof of work: what was done, by what, with which results, in words (GOTCHA.md) and as data (the manifest). */

const sha256 = (s: string) => createHash('sha256').update(s).digest('hex');

/** Builds the proof of one attempt from what the harness saw; the agent's own words are marked as such. */
export function buildProof(p: ProofInput): ProofRecord {
  const { work } = p;
  const scripted = p.calls.some((c) => c.scripted);
  const tokensIn = p.calls.reduce((n, c) => n + c.tokensIn, 0);
  const tokensOut = p.calls.reduce((n, c) => n + c.tokensOut, 0);
  const manifest = {
    version: 1,
    task: {
      id: work.task.id,
      title: work.task.title,
      stage: work.task.stage,
      cycle: work.task.cycle,
      generation: work.task.generation,
    },
    attempt: { id: work.attemptId, n: work.n, host: work.host, slot: work.slot },
    company: work.task.company,
    model: {
      provider: work.model.provider,
      name: work.model.name,
      tier: work.model.tier,
      scripted,
      note: scripted ? SCRIPTED : null,
      calls: p.calls.length,
      failedCalls: p.calls.filter((c) => !c.ok).map((c) => ({ step: c.stepKey, code: c.errorCode })),
      tokensIn,
      tokensOut,
      ms: p.calls.reduce((n, c) => n + c.ms, 0),
    },
    outcome: p.outcome,
    sandbox: p.sandbox === 'none' ? 'not sandboxed' : p.sandbox,
    times: {
      startedAt: p.startedAt.toISOString(),
      endedAt: p.endedAt.toISOString(),
      ms: p.endedAt.getTime() - p.startedAt.getTime(),
    },
    git: {
      base: p.base,
      commit: p.commit,
      tree: p.tree,
      patchSha256: sha256(p.patch.text),
      patchCut: p.patch.cut,
    },
    files: p.files,
    commands: p.commands.map((c) => ({
      step: c.stepKey,
      command: c.argv,
      exitCode: c.exitCode,
      ms: c.ms,
      sandboxed: c.sandboxed,
      outputSha256: sha256(c.output),
    })),
    gates: p.gates.map((g) => ({
      step: g.stepKey,
      gate: g.gate,
      try: g.tryNumber,
      ok: g.ok,
      detail: g.detail,
      command: g.command,
      exitCode: g.exitCode,
      tree: g.tree,
      outputSha256: sha256(g.output),
    })),
    findings: p.findings,
    report: p.report,
    integration: p.integration,
    checks: checksOf(p),
    inspected: p.inspected,
  };
  return { gotcha: writeGotcha(p), manifest, patch: p.patch.text };
}

/** The score and every check, with the hash of its evidence. */
function checksOf(p: ProofInput) {
  const results = p.checks.map((c) => ({
    number: checkNumber(c.name),
    name: c.name,
    state: c.state,
    blocking: c.blocking,
    detail: c.detail,
    command: c.command,
    evidenceSha256: sha256(c.evidence),
  }));
  return { ...scoreOf(p.checks), results };
}
