import { describe, expect, test } from 'vitest';
import { detectSandbox } from '#server/execution/sandbox/registry.ts';
import { readDrill } from './defects.ts';
import { runHarness } from './harness.ts';

const drill = readDrill();
const sandbox = await detectSandbox();

describe.concurrent('QA-19 on a planted change', { timeout: 60_000 }, () => {
  test('the honest change is let through, with every applicable check passed', async () => {
    const r = await runHarness(drill, null, sandbox);
    expect(r).toMatchObject({ stopped: false, failed: [] });
    expect(r.applicable).toBeGreaterThanOrEqual(13);
  });

  const seen = drill.defects.filter((d) => d.checks.length > 0);
  test.each(seen.map((d) => [d.key, d] as const))('%s is caught', async (_, defect) => {
    const r = await runHarness(drill, defect, sandbox);
    expect(r.failed.filter((c) => defect.checks.includes(c))).not.toEqual([]);
    expect(r.stopped).toBe(defect.stops);
  });

  // Only a reader can see these; a check that cried wolf here would be noise.
  const unseen = drill.defects.filter((d) => d.checks.length === 0);
  test.each(unseen.map((d) => [d.key, d] as const))('%s is left to the reviewers', async (_, defect) => {
    expect(await runHarness(drill, defect, sandbox)).toMatchObject({ stopped: false, failed: [] });
  });
});
