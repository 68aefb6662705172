import { fixedText, lineOf, literalText, type Node, nameOf, parseJavaScript, walk } from './javascript.ts';
import { codeMakers, findModules } from './modules.ts';

/** One dangerous place in a file. */
export interface Hit {
  line: number;
  what: string;
}

const SQL =
  /\b(?:select\b[\s\S]*\bfrom|insert\s+into|update\b[\s\S]*\bset|delete\s+from|drop\s+table|alter\s+table|where)\b/i;
const QUERY =
  /(?:^|\.)(?:query|execute|exec|raw|run|all|get|prepare|unsafe|\$queryRawUnsafe|\$executeRawUnsafe)$/;
const MARKUP = /(?:^|\.)(?:innerHTML|outerHTML)$/;
const SECRET_NAME = /token|secret|password|session|nonce|otp|csrf/i;

/** Whether a text is put together from something that is not in the source. */
function isComputedText(node: Node | undefined): boolean {
  if (!node) return false;
  if (node.type === 'TemplateLiteral') return (node.expressions as Node[]).length > 0;
  return node.type === 'BinaryExpression' && node.operator === '+' && literalText(node) === null;
}

/** Scans JavaScript or TypeScript; null for a file that does not parse. */
export function scanJavaScript(text: string, path: string): Hit[] | null {
  let program: Node;
  try {
    program = parseJavaScript(text, path);
  } catch {
    return null;
  }
  const hits: Hit[] = [];
  // Texts that were put together a line before they are used.
  const computed = new Map<string, Node>();
  const source = text.split('\n');
  const modules = findModules(program);
  const add = (node: Node, what: string) => hits.push({ line: lineOf(node), what });
  for (const node of codeMakers(program)) add(node, 'eval or Function runs text as code');
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator') {
      const init = node.init as Node | null;
      const name = nameOf(node.id);
      if (name && init && isComputedText(init)) computed.set(name, init);
      if (name && SECRET_NAME.test(name) && init && /Math\.random/.test(source[lineOf(node) - 1] ?? ''))
        add(node, 'a secret made of Math.random, which can be guessed');
    }
    if (node.type === 'AssignmentExpression') {
      const to = nameOf(node.left);
      if (to && MARKUP.test(to) && literalText(node.right) === null)
        add(node, `puts computed text into ${to.split('.').at(-1)}`);
      if (to?.endsWith('NODE_TLS_REJECT_UNAUTHORIZED')) add(node, 'switches off the check of certificates');
    }
    if (
      node.type === 'ObjectProperty' &&
      nameOf(node.key) === 'rejectUnauthorized' &&
      (node.value as Node).value === false
    )
      add(node, 'switches off the check of certificates');
    if (node.type === 'JSXAttribute' && (node.name as Node).name === 'dangerouslySetInnerHTML')
      add(node, 'puts markup into the page unchecked');
    if (node.type === 'NewExpression' && modules.resolve(node.callee) === 'vm.Script')
      add(node, 'vm.Script runs text as code');
    if (node.type === 'CallExpression' || node.type === 'OptionalCallExpression') call(node);
  });
  return hits;

  function call(node: Node): void {
    const name = nameOf(node.callee) ?? '';
    const args = node.arguments as Node[];
    const first =
      args[0]?.type === 'Identifier' ? (computed.get(args[0].name as string) ?? args[0]) : args[0];
    const known = modules.resolve(node.callee) ?? '';
    if (name.endsWith('.eval') && !/^(?:globalThis|global|window|self)\./.test(name))
      add(node, 'eval runs text as code');
    else if (
      name.endsWith('.constructor') &&
      !/^(?:this|super)\./.test(name) &&
      first &&
      literalText(first) !== null
    )
      add(node, 'a constructor of functions runs text as code');
    else if (/^vm\.(?:run\w*Context|compileFunction)$/.test(known || name))
      add(node, `${name} runs text as code`);
    else if (
      /^(?:window\.|globalThis\.)?set(?:Timeout|Interval)$/.test(name) &&
      first &&
      (literalText(first) !== null || isComputedText(first))
    )
      add(node, `${name} with a text runs it as code`);
    else if (/^child_process\.exec(?:Sync)?$/.test(known) && first && literalText(first) === null)
      add(node, `${name} hands computed text to a shell`);
    else if (/^child_process\.(?:spawn|execFile)(?:Sync)?$/.test(known) && hasShell(args))
      add(node, `${name} with shell: true`);
    else if (QUERY.test(name) && isComputedText(first) && SQL.test(fixedText(first)))
      add(node, 'puts values into SQL text; use parameters');
    else if (/^document\.write(?:ln)?$/.test(name) && literalText(first) === null)
      add(node, `${name} puts computed text into the page`);
    else if (name.endsWith('.insertAdjacentHTML') && literalText(args[1]) === null)
      add(node, 'insertAdjacentHTML puts computed text into the page');
  }
}

function hasShell(args: Node[]): boolean {
  const options = args.find((a) => a.type === 'ObjectExpression');
  return ((options?.properties as Node[] | undefined) ?? []).some(
    (p) => p.type === 'ObjectProperty' && nameOf(p.key) === 'shell' && (p.value as Node).value !== false,
  );
}
