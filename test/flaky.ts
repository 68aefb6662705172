import type { Reporter, TestCase } from 'vitest/node';

/** Names at the end what failed once and then passed, so that nobody overlooks it; Playwright does the same for its own. */
export default class Flaky implements Reporter {
  private readonly names: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.names.push(`${test.module.relativeModuleId} > ${test.fullName}`);
  }

  onTestRunEnd(): void {
    for (const name of this.names) process.stdout.write(`Flaky, passed when tried again: ${name}\n`);
  }
}
