import type { CheckInput, CommandResult } from '#server/domain/seams.ts';
import { block, type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isCode, isJavaScript, isTest, isTestSupport } from './files.ts';
import { isConstant, type Node, nameOf, walk } from './javascript.ts';
import { testRunner } from './project.ts';
import { readRegular } from './read.ts';
import { testCases } from './test-cases.ts';

const SECONDS = 300;
/** Each file is run alone to name the one that proves nothing; beyond this many, all together. */
const MAX_ALONE = 8;

/** 7: the new tests pass with the change, and are run on the tree without it, where they have to fail. */
export const testsBite: Check = async (input) => {
  const { writes, root, changes, addedLines, beforeWith } = input;
  if (!writes) return notApplicable(READ_ONLY);
  const changed = changes.filter((c) => c.status !== 'D');
  const added = changed.filter((c) => isTest(c.path) && addedLines.some((l) => l.file === c.path));
  const hollow = await hollowTests(
    input,
    changed.filter((c) => isTest(c.path)).map((c) => c.path),
  );
  if (hollow.length > 0)
    return block(`${hollow.length} test(s) assert nothing that could be false`, lines(hollow));
  if (added.length === 0) return notApplicable('No tests were added.');
  if (!changes.some((c) => !isTestSupport(c.path))) return notApplicable('Only tests changed.');
  const runner = await testRunner(root);
  if ('none' in runner) return notApplicable(runner.none);
  if (!runner.only) return notApplicable('The test runner cannot be told to run single files.');
  const files = added.map((c) => c.path);
  const command = runner.only(files);
  const said = command.join(' ');
  // A command that fails with the change as well says nothing about the change.
  const withIt = await (await input.clean()).run(command, SECONDS);
  if (cannotStart(withIt)) return notApplicable(`${said} cannot start here.`);
  if (withIt.exitCode !== 0)
    return {
      ...fail(`${said} fails with the change too, so it does not show what the new tests say`, withIt.output),
      command,
    };
  const without = await beforeWith(changed.filter((c) => isTestSupport(c.path)).map((c) => c.path));
  const groups = files.length > MAX_ALONE ? [files] : files.map((f) => [f]);
  const seen: { files: string[]; fails: boolean; output: string }[] = [];
  for (const group of groups) {
    const r = await without.run(runner.only(group), SECONDS);
    if (cannotStart(r)) return notApplicable(`${said} cannot start on the tree without the change.`);
    seen.push({ files: group, fails: r.exitCode !== 0, output: r.output });
  }
  const bite = seen.filter((s) => s.fails);
  const idle = seen.filter((s) => !s.fails).flatMap((s) => s.files);
  const evidence = bite[0]?.output ?? seen[0]?.output ?? '';
  if (bite.length === 0) {
    const text = `The new tests pass without the change: they do not show that it works (${files.join(', ')})`;
    // Where behaviour stays, or only words or settings changed, an existing behaviour may be all there is to test.
    const may = input.keepsBehaviour || !changes.some((c) => isCode(c.path));
    return { ...(may ? fail(text, evidence) : block(text, evidence)), command };
  }
  const also = idle.length > 0 ? `; ${idle.join(', ')} pass without it too` : '';
  return {
    ...pass(`${bite.flatMap((s) => s.files).join(', ')} fail without the change${also}`, evidence),
    command,
  };
};

/** The runner is not there or does not know its options: what comes out is no answer of the tests. */
function cannotStart(r: CommandResult): boolean {
  if (r.exitCode === 0 || r.timedOut) return false;
  if (r.exitCode === null || r.exitCode === 126 || r.exitCode === 127 || r.exitCode === 9) return true;
  return /npx canceled due to missing packages|could not determine executable|: not found$|No module named pytest/m.test(
    r.output,
  );
}

const ASSERTS =
  /^(?:expect|assert|should|t|ctx|chai)\b|(?:^|\.)(?:assert\w*|expect\w*|equal|deepEqual|strictEqual|throws|rejects|match|ok|fail)$/;

/** Tests of JavaScript whose every assertion is about constants, or that have none, and that were not so before. */
async function hollowTests({ root, before }: CheckInput, paths: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths.filter(isJavaScript)) {
    const hollow = (text: string | null) =>
      (testCases(text ?? '', path) ?? []).filter((t) => t.body !== null && !provesSomething(t.body));
    const known = new Set(hollow(await before(path)).map((t) => t.title));
    for (const t of hollow(await readRegular(root, path)))
      if (!known.has(t.title)) found.push(`${path}:${t.line}`);
  }
  return found;
}

/** Whether a test calls anything that is not an assertion about constants. */
function provesSomething(body: Node): boolean {
  let proves = false;
  walk(body, (node) => {
    if (node.type === 'AwaitExpression' || node.type === 'NewExpression' || node.type === 'ImportExpression')
      proves = true;
    if (node.type !== 'CallExpression') return;
    const name = nameOf(node.callee);
    const asserts = ASSERTS.test(name ?? '?') || chainsOn(node.callee);
    if (!asserts) proves = true;
    else if ((node.arguments as Node[]).some((a) => !isConstant(a))) proves = true;
  });
  return proves;
}

/** `expect(1).toBe(1)`: the callee hangs on another call. */
function chainsOn(callee: unknown): boolean {
  let at = callee as Node | undefined;
  while (at?.type === 'MemberExpression') at = at.object as Node;
  return at?.type === 'CallExpression' && ASSERTS.test(nameOf(at.callee) ?? '');
}
