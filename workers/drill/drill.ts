import type { CheckName } from '#server/domain/checks.ts';
import { detectSandbox } from '#server/execution/sandbox/registry.ts';
import type { Sandbox } from '#server/execution/sandbox/sandbox.ts';
import { readDrill } from './defects.ts';
import { type HarnessResult, runHarness } from './harness.ts';
import { type Reviewer, type ReviewResult, runReviewer } from './reviewers.ts';

export interface DrillRow {
  /** `none` is the honest change: nothing may stop it. */
  key: string;
  title: string;
  /** Checks of which one has to fail; empty where only a reviewer can see it. */
  expected: CheckName[];
  harness: HarnessResult;
  review: ReviewResult | null;
  security: ReviewResult | null;
  /** What the harness was expected to do, it did. */
  ok: boolean;
}

/** Plants each defect in turn and reports who caught it. `onRow` hears of each as it is known. */
export async function runDrill(o: {
  only?: string;
  reviewers: Reviewer[];
  /** Hears which sandbox the commands run in. */
  onStart?: (sandbox: string) => void;
  onRow?: (row: DrillRow) => void;
}): Promise<{ sandbox: Sandbox['kind']; rows: DrillRow[] }> {
  const sandbox = await detectSandbox();
  o.onStart?.(sandbox.note);
  const drill = readDrill();
  const rows: DrillRow[] = [];
  for (const defect of [null, ...drill.defects]) {
    const key = defect?.key ?? 'none';
    if (o.only && o.only !== key) continue;
    const harness = await runHarness(drill, defect, sandbox);
    const by = async (stage: Reviewer['stage']) => {
      const reviewer = o.reviewers.find((r) => r.stage === stage);
      return reviewer ? await runReviewer(drill, defect, reviewer, sandbox) : null;
    };
    const expected = defect?.checks ?? [];
    const caught = expected.length === 0 || expected.some((c) => harness.failed.includes(c));
    const stops = defect ? expected.length === 0 || !defect.stops || harness.stopped : !harness.stopped;
    const row = {
      key,
      title: defect?.title ?? 'The honest change',
      expected,
      harness,
      review: await by('REVIEW'),
      security: await by('SECURITY'),
      ok: caught && stops,
    };
    rows.push(row);
    o.onRow?.(row);
  }
  return { sandbox: sandbox.kind, rows };
}
