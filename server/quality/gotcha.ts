import { checkNumber, checkTitles, scoreOf, scoreSentence } from '#server/domain/checks.ts';
import type { ProofInput } from '#server/domain/seams.ts';

export const SCRIPTED = 'scripted, no model was called';

const list = (items: string[], none: string) =>
  items.length > 0 ? items.map((i) => `- ${i}`).join('\n') : none;

/** GOTCHA.md: one page a person, or the next agent, reads before believing anything. Who saw what is always said. */
export function writeGotcha(p: ProofInput): string {
  const { work, report } = p;
  const t = work.task;
  const scripted = p.calls.some((c) => c.scripted);
  const tokensIn = p.calls.reduce((n, c) => n + c.tokensIn, 0);
  const tokensOut = p.calls.reduce((n, c) => n + c.tokensOut, 0);
  const seconds = ((p.endedAt.getTime() - p.startedAt.getTime()) / 1_000).toFixed(1);
  return `# #${t.id} ${t.title}

${[t.stage, `cycle ${t.cycle}`, t.company, `attempt ${work.n} on ${work.host}`].filter(Boolean).join(' · ')}
Model: ${work.model.name}, tier ${work.model.tier}${scripted ? ` — **${SCRIPTED}**` : ''}
${p.calls.length} calls, ${tokensIn} tokens in, ${tokensOut} out, ${seconds} s. ${p.sandbox === 'none' ? '**Not sandboxed.**' : `Sandbox: ${p.sandbox}.`}

## Goal

${t.description.trim() || t.title}

## Outcome

${p.outcome}. ${merged(p)}

The agent's own words: ${report.taskSummary}

${list(report.keyDecisions, '')}

## Trouble met

${list(trouble(p), 'None.')}

## Changes

${list(
  p.files.map((f) => `\`${f.path}\` +${f.added} −${f.removed}`),
  'No files changed.',
)}

## Evidence

Seen by the harness, on the tree named. ${p.checks.length > 0 ? `QA-19: ${scoreSentence(scoreOf(p.checks))}.` : 'QA-19 did not run.'}

${list(
  p.checks.map(
    (c) => `${checkNumber(c.name)}. ${c.state}: ${checkTitles[c.name]}. ${c.detail.split('\n')[0]}`,
  ),
  '',
)}

${list(
  p.gates.map(
    (g) =>
      `${g.ok ? 'pass' : 'FAIL'} · ${g.stepKey} · ${g.gate} (try ${g.tryNumber}) · ${g.detail.split('\n')[0]} · tree \`${g.tree?.slice(0, 10) ?? '-'}\``,
  ),
  'No gates ran.',
)}

## How to verify

\`npx alai verify ${t.id}\` runs the checks again. By hand: unpack the archive of this proof and run \`sh verify/verify.sh\`.

${list(commands(p), 'No commands ran.')}

## Advice for the next

${list(advice(p), 'Nothing beyond the above.')}
`.replace(/\n{3,}/g, '\n\n');
}

function merged({ integration }: ProofInput): string {
  if (integration?.result !== 'merged') return integration ? `Integration: ${integration.result}.` : '';
  return `Merged as \`${integration.newSha.slice(0, 10)}\`${integration.rebased ? ' after a rebase, gates run again' : ''}.`;
}

function trouble({ gates, calls, report }: ProofInput): string[] {
  return [
    ...gates
      .filter((g) => !g.ok)
      .map((g) => `gate ${g.gate} failed in try ${g.tryNumber} of ${g.stepKey}: ${g.detail.split('\n')[0]}`),
    ...calls.filter((c) => !c.ok).map((c) => `a model call failed in ${c.stepKey}: ${c.errorCode}`),
    ...report.blockers.map((b) => `the agent says: ${b}`),
  ];
}

const commands = (p: ProofInput): string[] =>
  p.commands.map(
    (c) =>
      `\`${c.argv.join(' ').slice(0, 200)}\` exit ${c.exitCode ?? 'none'}, ${c.ms} ms${c.sandboxed ? '' : ', not sandboxed'}`,
  );

/** What the next one should look at first: open findings, and checks that failed without stopping the work. */
function advice({ findings, checks, report }: ProofInput): string[] {
  return [
    ...findings.map((f) => `${f.severity}: ${f.title}${f.file ? ` (\`${f.file}\`)` : ''}`),
    ...checks
      .filter((c) => c.state === 'fail')
      .map((c) => `check ${checkNumber(c.name)} failed: ${c.detail.split('\n')[0]}`),
    ...report.planItems
      .filter((i) => i.state === 'skipped')
      .map((i) => `plan item ${i.item} was left out: ${i.why}`),
  ];
}
