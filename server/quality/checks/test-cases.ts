import {
  fixedText,
  isConstant,
  lineOf,
  literalText,
  type Node,
  nameOf,
  parseJavaScript,
  walk,
} from './javascript.ts';

/** One test of a file: what it is called, and what of it really runs. */
export interface TestCase {
  title: string;
  line: number;
  /** Skipped, to be done, or inside of something that is. */
  off: boolean;
  /** Assertions that are reached. */
  asserts: number;
  body: Node | null;
}

const TEST = /^(?:test|it|xit|xtest|fit|Deno\.test)(?:\.(?:\w+))*$/;
const SUBTEST = /^(?:t|ctx|context|test)\.test$/;
const GROUP = /^(?:describe|suite|context|xdescribe|fdescribe)(?:\.\w+)*$/;
const OFF = /^x|\.(?:skip|todo)$/;
const ASSERTION =
  /^(?:expect|assert|should|chai)\b|(?:^|\.)(?:assert|expect)\w*$|^(?:(?:t|ctx|context)\.)?(?:(?:not|deep|strict|notDeep|notStrict|deepStrict|notDeepStrict)?[eE]qual|throws|rejects|doesNotThrow|doesNotReject|match|doesNotMatch|ok|fail|is|deep|truthy|falsy|snapshot)$/;

/** `test.each(rows)('title', …)`: the name stands below the outer call. */
function calledOf(callee: unknown): string {
  let at = callee as Node;
  while (at.type === 'CallExpression' || at.type === 'TaggedTemplateExpression')
    at = (at.callee ?? at.tag) as Node;
  return nameOf(at) ?? '';
}

const functionOf = (args: Node[]): Node | null => args.find((a) => /Function/.test(a.type)) ?? null;

const switchedOff = (args: Node[]): boolean =>
  args.some(
    (a) =>
      a.type === 'ObjectExpression' &&
      (a.properties as Node[]).some(
        (p) =>
          p.type === 'ObjectProperty' &&
          /^(?:skip|todo)$/.test(nameOf(p.key) ?? '') &&
          (p.value as Node).value !== false,
      ),
  );

/** The tests of a JavaScript or TypeScript file, read from its syntax tree; null when it does not parse. */
export function testCases(text: string, path: string): TestCase[] | null {
  let program: Node;
  try {
    program = parseJavaScript(text, path);
  } catch {
    return null;
  }
  const found: TestCase[] = [];
  const off = new Set<Node>();
  walk(program, (node) => {
    if (node.type === 'IfStatement' && neverTrue(node.test as Node))
      walk(node.consequent as Node, (n) => off.add(n));
    if (node.type !== 'CallExpression') return;
    const args = node.arguments as Node[];
    const name = calledOf(node.callee);
    const inner = functionOf(args);
    const isOff = off.has(node) || OFF.test(name) || switchedOff(args);
    if (GROUP.test(name) && inner && isOff) walk(inner, (n) => off.add(n));
    // `test.each(rows)` alone is no test; the call of what it answers is.
    const each = /\.(?:each|for)$/.test(name) && node.callee !== undefined && nameOf(node.callee) !== null;
    const [first] = args;
    if (each || !first) return;
    if (TEST.test(name) ? !inner && literalText(first) === null : !(SUBTEST.test(name) && inner)) return;
    const title = first === inner ? '' : fixedText(first) || 'a computed title';
    const asserts = inner ? assertsIn(inner.body as Node) : 0;
    found.push({ title, line: lineOf(node), off: isOff, asserts, body: inner });
  });
  return found;
}

const neverTrue = (test: Node): boolean =>
  isConstant(test) &&
  (test.value === false || test.value === 0 || test.value === '' || test.type === 'NullLiteral');

/** Assertions that are reached: none behind a return, none where a condition is never true. */
function assertsIn(root: Node): number {
  let n = 0;
  const unreached = new Set<Node>();
  walk(root, (node) => {
    if (unreached.has(node)) return;
    const statements = node.type === 'BlockStatement' ? (node.body as Node[]) : [];
    const end = statements.findIndex((s) => s.type === 'ReturnStatement' || s.type === 'ThrowStatement');
    for (const s of end < 0 ? [] : statements.slice(end + 1)) walk(s, (x) => unreached.add(x));
    if (node.type === 'IfStatement' && neverTrue(node.test as Node))
      walk(node.consequent as Node, (x) => unreached.add(x));
    if (node.type === 'CallExpression' && ASSERTION.test(nameOf(node.callee) ?? '')) n++;
  });
  return n;
}

/** Names that a file imports from files of its own project, by the name they have in it. */
export function ownImports(text: string, path: string): { local: string; imported: string; from: string }[] {
  const found: { local: string; imported: string; from: string }[] = [];
  try {
    walk(parseJavaScript(text, path), (node) => {
      const from = node.type === 'ImportDeclaration' ? literalText(node.source) : null;
      if (!from?.startsWith('.')) return;
      for (const s of node.specifiers as Node[])
        found.push({
          local: nameOf(s.local) ?? '',
          imported:
            s.type === 'ImportSpecifier'
              ? (nameOf(s.imported) ?? '')
              : s.type === 'ImportDefaultSpecifier'
                ? 'default'
                : '*',
          from,
        });
    });
  } catch {
    // Before the change it did not parse: then it had no tests that ran.
  }
  return found;
}

/** What a file exports by name; null when that cannot be told. */
export function exportsOf(text: string, path: string): Set<string> | null {
  const names = new Set<string>();
  let open = false;
  const declared = (d: Node | null | undefined): void => {
    if (!d) return;
    if (d.id) names.add(nameOf(d.id) ?? '');
    for (const v of (d.declarations as Node[] | undefined) ?? []) {
      const name = nameOf(v.id);
      if (name) names.add(name);
      else open = true;
    }
  };
  try {
    walk(parseJavaScript(text, path), (node) => {
      if (node.type === 'ExportAllDeclaration' || /module\.exports|^exports\./.test(nameOf(node.left) ?? ''))
        open = true;
      if (node.type === 'ExportDefaultDeclaration') names.add('default');
      if (node.type !== 'ExportNamedDeclaration') return;
      declared(node.declaration as Node | null);
      for (const s of node.specifiers as Node[]) names.add(nameOf(s.exported) ?? '');
    });
  } catch {
    return null;
  }
  return open ? null : names;
}

/** Whether any of these names is used below a node. */
export function uses(root: Node, names: Set<string>): boolean {
  let found = false;
  walk(root, (n) => {
    if ((n.type === 'Identifier' || n.type === 'JSXIdentifier') && names.has(n.name as string)) found = true;
  });
  return found;
}
