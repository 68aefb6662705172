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

  test.each(drill.defects.map((d) => [d.key, d] as const))('%s', async (_, defect) => {
    const r = await runHarness(drill, defect, sandbox);
    if (defect.checks.length === 0) {
      // Only a reader can see these; a check that cried wolf here would be noise.
      expect(r).toMatchObject({ stopped: false, failed: [] });
      return;
    }
    expect(r.failed.filter((c) => defect.checks.includes(c)).length, r.details.join('\n')).toBeGreaterThan(0);
    expect(r.stopped).toBe(defect.stops);
  });
});
