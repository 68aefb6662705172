import { type ParserPlugin, parse } from '@babel/parser';

/** A node of the syntax tree, as far as the checks look at it. */
export interface Node {
  type: string;
  loc?: { start: { line: number } } | null;
  [key: string]: unknown;
}

/** Parses JavaScript, TypeScript and JSX. Throws a SyntaxError that names line and column. */
export function parseJavaScript(text: string, path: string): Node {
  const plugins: ParserPlugin[] = /\.[cm]?ts$/.test(path)
    ? ['typescript', 'decorators-legacy']
    : path.endsWith('.tsx')
      ? ['typescript', 'jsx', 'decorators-legacy']
      : ['jsx', 'decorators-legacy'];
  const sourceType = /\.c[jt]s$/.test(path) ? 'script' : 'unambiguous';
  return parse(text, {
    sourceType,
    plugins,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    attachComment: false,
  }).program as unknown as Node;
}

const isNode = (v: unknown): v is Node =>
  typeof v === 'object' && v !== null && typeof (v as { type?: unknown }).type === 'string';

/** Visits every node, outer ones first. */
export function walk(root: Node, visit: (node: Node) => void): void {
  const stack: Node[] = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    visit(node);
    const inner: Node[] = [];
    for (const value of Object.values(node)) {
      if (isNode(value)) inner.push(value);
      else if (Array.isArray(value)) for (const v of value) if (isNode(v)) inner.push(v);
    }
    stack.push(...inner.reverse());
  }
}

export const lineOf = (node: Node): number => node.loc?.start.line ?? 1;

/** `a.b.c` of an identifier or member chain; null for anything else. */
export function nameOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Identifier') return node.name as string;
  if (node.type === 'ThisExpression') return 'this';
  if (node.type === 'MemberExpression' || node.type === 'OptionalMemberExpression') {
    const property = node.property as Node;
    const own = node.computed
      ? property.type === 'StringLiteral'
        ? (property.value as string)
        : null
      : nameOf(property);
    const of = nameOf(node.object);
    return own === null ? null : `${of ?? '?'}.${own}`;
  }
  return null;
}

/** Text known without running it: string and template literals; null when any part is computed. */
export function literalText(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'StringLiteral') return node.value as string;
  if (node.type === 'TemplateLiteral' && (node.expressions as Node[]).length === 0) return fixedText(node);
  if (node.type === 'BinaryExpression' && node.operator === '+') {
    const left = literalText(node.left);
    const right = literalText(node.right);
    return left === null || right === null ? null : left + right;
  }
  return null;
}

/** The parts of a text that stand in the source, also when others are computed. */
export function fixedText(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'StringLiteral') return node.value as string;
  if (node.type === 'TemplateLiteral')
    return (node.quasis as { value: { cooked?: string | null } }[])
      .map((q) => q.value.cooked ?? '')
      .join(' ');
  if (node.type === 'BinaryExpression' && node.operator === '+')
    return `${fixedText(node.left)} ${fixedText(node.right)}`;
  return '';
}

/** Whether a value is known without running anything. */
export function isConstant(node: Node): boolean {
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
