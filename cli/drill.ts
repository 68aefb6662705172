import type { Command } from 'commander';
import type { DrillRow } from '#workers/drill/drill.ts';
import type { ReviewResult } from '#workers/drill/reviewers.ts';
import { exits, isJson, print } from './output.ts';

/** `alai drill`: plants known defects in a copy of the sample and says who caught them. Needs no running factory. */
export function registerDrillCommand(program: Command): void {
  program
    .command('drill')
    .description(
      'plant known defects in a copy of the sample and report what QA-19, REVIEW and SECURITY catch',
    )
    .option('--only <defect>', 'one defect alone')
    .option('--model <name>', 'the model that reviews; default: the first one here that can use tools')
    .option('--no-reviewers', 'measure the harness only')
    .action(async (o: { only?: string; model?: string; reviewers: boolean }) => {
      const { runDrill } = await import('#workers/drill/drill.ts');
      const { findReviewers } = await import('#workers/drill/reviewers.ts');
      const { reviewers, note } = o.reviewers ? await findReviewers(o.model) : { reviewers: [], note: '' };
      const { sandbox, rows } = await runDrill({
        reviewers,
        ...(o.only ? { only: o.only } : {}),
        onStart: (said) => {
          if (!isJson()) process.stderr.write(`Sandbox: ${said}\n${note ? `${note}\n` : ''}`);
        },
        onRow: (r) => {
          if (!isJson()) process.stdout.write(`${sentence(r)}\n`);
        },
      });
      const planted = rows.filter((r) => r.expected.length > 0);
      const ok = rows.length > 0 && rows.every((r) => r.ok);
      const caught = planted.filter((r) => r.ok).length;
      const end = { ok, caught, planted: planted.length, sandbox, reviewers: note, rows };
      print(end, () =>
        rows.length === 0
          ? `There is no defect "${o.only}". See samples/drill/drill.yaml.`
          : `The harness caught ${caught} of the ${planted.length} defects it is there for${rows.some((r) => r.key === 'none' && r.ok) ? ', and let the honest change through' : ''}.`,
      );
      if (!ok) process.exitCode = exits.failed;
    });
}

function sentence(r: DrillRow): string {
  const mark = r.ok ? (r.expected.length === 0 && r.key !== 'none' ? '·' : '✓') : '✕';
  const seen =
    r.harness.failed.length > 0
      ? `${r.harness.stopped ? 'stopped' : 'seen'} by ${r.harness.failed.join(', ')}`
      : `let through, ${r.harness.passed} of ${r.harness.applicable} checks`;
  const said = (name: string, x: ReviewResult | null) => (x ? `   ${name}: ${verdicts[x.verdict]}` : '');
  return `${mark} ${r.title}\n    QA-19: ${seen}${said('REVIEW', r.review)}${said('SECURITY', r.security)}`;
}

const verdicts: Record<ReviewResult['verdict'], string> = {
  pass: 'passed it',
  reject: 'rejected it',
  scripted: 'not measured (scripted)',
  failed: 'gave no verdict',
};
