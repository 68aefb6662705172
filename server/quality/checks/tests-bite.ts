import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { block, type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isCode, isJavaScript, isTest, isTestSupport } from './files.ts';
import { lineOf, type Node, nameOf, parseJavaScript, walk } from './javascript.ts';
import { testRunner } from './project.ts';

const SECONDS = 300;
/** Each file is run alone to name the one that proves nothing; beyond this many, all together. */
const MAX_ALONE = 8;

/** 7: the new tests are run on the tree without the change, and have to fail there. */
export const testsBite: Check = async ({ writes, root, changes, addedLines, beforeWith }) => {
  if (!writes) return notApplicable(READ_ONLY);
  const changed = changes.filter((c) => c.status !== 'D');
  const added = changed.filter((c) => isTest(c.path) && addedLines.some((l) => l.file === c.path));
  if (added.length === 0) return notApplicable('No tests were added.');
  const hollow = await hollowTests(
    root,
    added.map((c) => c.path),
    addedLines,
  );
  if (hollow.length > 0)
    return block(`${hollow.length} test(s) assert nothing that could be false`, lines(hollow));
  if (!changes.some((c) => !isTestSupport(c.path))) return notApplicable('Only tests changed.');
  const runner = await testRunner(root);
  if ('none' in runner) return notApplicable(runner.none);
  if (!runner.only) return notApplicable('The test runner cannot be told to run single files.');
  const without = await beforeWith(changed.filter((c) => isTestSupport(c.path)).map((c) => c.path));
  const files = added.map((c) => c.path);
  const groups = files.length > MAX_ALONE ? [files] : files.map((f) => [f]);
  const seen: { files: string[]; fails: boolean; output: string }[] = [];
  for (const group of groups) {
    const r = await without.run(runner.only(group), SECONDS);
    seen.push({ files: group, fails: r.exitCode !== 0, output: r.output });
  }
  const command = runner.only(files);
  const bite = seen.filter((s) => s.fails);
  const idle = seen.filter((s) => !s.fails).flatMap((s) => s.files);
  const evidence = bite[0]?.output ?? seen[0]?.output ?? '';
  if (bite.length === 0) {
    const text = `The new tests pass without the change: they do not show that it works (${files.join(', ')})`;
    // Where only words or settings changed, an existing behaviour may be all there is to test.
    return {
      ...(changes.some((c) => isCode(c.path)) ? block(text, evidence) : fail(text, evidence)),
      command,
    };
  }
  const also = idle.length > 0 ? `; ${idle.join(', ')} pass without it too` : '';
  return {
    ...pass(`${bite.flatMap((s) => s.files).join(', ')} fail without the change${also}`, evidence),
    command,
  };
};

const ASSERTS =
  /^(?:expect|assert|should|t|ctx|chai)\b|(?:^|\.)(?:assert\w*|expect\w*|equal|deepEqual|strictEqual|throws|rejects|match|ok|fail)$/;

/** Tests of JavaScript whose every assertion is about constants, or that have none. */
async function hollowTests(
  root: string,
  paths: string[],
  added: { file: string; line: number }[],
): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths.filter(isJavaScript)) {
    const fresh = new Set(added.filter((l) => l.file === path).map((l) => l.line));
    let program: Node;
    try {
      program = parseJavaScript(await readFile(join(root, path), 'utf8'), path);
    } catch {
      continue; // the build check names it
    }
    walk(program, (node) => {
      if (node.type !== 'CallExpression' || !/^(?:test|it)$/.test(nameOf(node.callee) ?? '')) return;
      if (!fresh.has(lineOf(node))) return;
      const body = (node.arguments as Node[]).find((a) => /Function/.test(a.type));
      if (body && !provesSomething(body)) found.push(`${path}:${lineOf(node)}`);
    });
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

function isConstant(node: Node): boolean {
  if (node.type.endsWith('Literal') && node.type !== 'TemplateLiteral') return true;
  if (node.type === 'TemplateLiteral') return (node.expressions as Node[]).every(isConstant);
  if (node.type === 'UnaryExpression') return isConstant(node.argument as Node);
  if (node.type === 'BinaryExpression' || node.type === 'LogicalExpression')
    return isConstant(node.left as Node) && isConstant(node.right as Node);
  if (node.type === 'ArrayExpression')
    return (node.elements as Node[]).every((e) => e === null || isConstant(e));
  if (node.type === 'ObjectExpression')
    return (node.properties as Node[]).every(
      (p) => p.type === 'ObjectProperty' && isConstant(p.value as Node),
    );
  return node.type === 'Identifier' && node.name === 'undefined';
}
