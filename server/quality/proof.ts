import { createHash } from 'node:crypto';
import type { ProofRecord } from '#server/domain/attempt.ts';
import type { ProofInput } from '#server/domain/seams.ts';

/** Proof of work: what was done, by what, with which results, in words (GOTCHA.md) and as data (the manifest). */
export const SCRIPTED = 'scripted, no model was called';

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
    checks: 'not run',
  };
  return { gotcha: gotcha(p, scripted, tokensIn, tokensOut), manifest, patch: p.patch.text };
}

/** Goal, Outcome, Tests, Changes, How, Attention: one page a person reads before believing anything. */
function gotcha(p: ProofInput, scripted: boolean, tokensIn: number, tokensOut: number): string {
  const { work, report } = p;
  const t = work.task;
  const seconds = ((p.endedAt.getTime() - p.startedAt.getTime()) / 1_000).toFixed(1);
  const list = (xs: string[], none: string) => (xs.length > 0 ? xs.map((x) => `- ${x}`).join('\n') : none);
  const failed = p.calls.filter((c) => !c.ok);
  const retried = p.gates.filter((g) => !g.ok);
  const merged =
    p.integration?.result === 'merged'
      ? `Merged as \`${p.integration.newSha.slice(0, 10)}\`${p.integration.rebased ? ' after a rebase, gates run again' : ''}.`
      : p.integration
        ? `Integration: ${p.integration.result}.`
        : '';
  return `# #${t.id} ${t.title}

${[t.stage, `cycle ${t.cycle}`, t.company, `attempt ${work.n} on ${work.host}`].filter(Boolean).join(' · ')}
Model: ${work.model.name}, tier ${work.model.tier}${scripted ? ` — **${SCRIPTED}**` : ''}
${p.calls.length} calls, ${tokensIn} tokens in, ${tokensOut} out, ${seconds} s. ${p.sandbox === 'none' ? '**Not sandboxed.**' : `Sandbox: ${p.sandbox}.`}

## Goal

${t.description.trim() || t.title}

## Outcome

${p.outcome}. ${merged}

The agent's own words: ${report.taskSummary}

${list(report.keyDecisions, '')}

## Tests and gates

Seen by the harness, on the tree named.

${list(
  p.gates.map(
    (g) =>
      `${g.ok ? 'pass' : 'FAIL'} · ${g.stepKey} · ${g.gate} (try ${g.tryNumber}) · ${g.detail.split('\n')[0]} · tree \`${g.tree?.slice(0, 10) ?? '-'}\``,
  ),
  'No gates ran.',
)}

## Changes

${list(
  p.files.map((f) => `\`${f.path}\` +${f.added} −${f.removed}`),
  'No files changed.',
)}

## How

${list(
  p.commands.map(
    (c) =>
      `\`${c.argv.join(' ').slice(0, 200)}\` exit ${c.exitCode ?? 'none'}, ${c.ms} ms${c.sandboxed ? '' : ', not sandboxed'}`,
  ),
  'No commands ran.',
)}

## Attention

${list(
  [
    ...p.findings.map((f) => `${f.severity}: ${f.title}${f.file ? ` (\`${f.file}\`)` : ''}`),
    ...retried.map((g) => `gate ${g.gate} failed in try ${g.tryNumber} of ${g.stepKey} and was fed back`),
    ...failed.map((c) => `a model call failed in ${c.stepKey}: ${c.errorCode}`),
    ...report.blockers.map((b) => `blocker: ${b}`),
  ],
  'Nothing.',
)}
`.replace(/\n{3,}/g, '\n\n');
}
