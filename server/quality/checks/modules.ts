import { literalText, type Node, nameOf, walk } from './javascript.ts';

/** Which names of a program stand for a dangerous module, or for one of its functions. */
export interface Modules {
  /** `child_process.exec` for whatever the program calls it; null when it is neither. */
  resolve: (callee: unknown) => string | null;
}

const KNOWN = /^(?:node:)?(child_process|vm)$/;
const moduleOf = (name: string | null): string | null => (name && KNOWN.exec(name)?.[1]) || null;

/** Looks through imports, require, destructuring, aliases and promisify. */
export function findModules(program: Node): Modules {
  const names = new Map<string, string>();

  const resolve = (node: unknown): string | null => {
    const at = node as Node | null | undefined;
    if (!at) return null;
    switch (at.type) {
      case 'Identifier':
        return names.get(at.name as string) ?? null;
      case 'AwaitExpression':
      case 'ParenthesizedExpression':
      case 'TSNonNullExpression':
      case 'TSAsExpression':
        return resolve(at.argument ?? at.expression);
      case 'SequenceExpression':
        return resolve((at.expressions as Node[]).at(-1));
      case 'ImportExpression':
        return moduleOf(literalText(at.source));
      case 'CallExpression':
      case 'OptionalCallExpression': {
        const [first] = at.arguments as Node[];
        if (/(?:^|\.)promisify$/.test(nameOf(at.callee) ?? '')) return resolve(first);
        // require, createRequire's, process.getBuiltinModule, import(): whoever is given the name hands out the module.
        return moduleOf(literalText(first));
      }
      case 'MemberExpression':
      case 'OptionalMemberExpression': {
        const of = resolve(at.object);
        const own = at.computed ? literalText(at.property) : nameOf(at.property);
        if (of === null || own === null) return null;
        return own === 'default' ? of : `${of}.${own}`;
      }
      default:
        return null;
    }
  };

  const bind = (target: Node, value: string): void => {
    if (target.type === 'Identifier') names.set(target.name as string, value);
    if (target.type !== 'ObjectPattern') return;
    for (const p of target.properties as Node[]) {
      if (p.type === 'RestElement') bind(p.argument as Node, value);
      else {
        const own = nameOf(p.key) ?? literalText(p.key);
        const to = p.value as Node;
        if (own)
          bind(
            to.type === 'AssignmentPattern' ? (to.left as Node) : to,
            own === 'default' ? value : `${value}.${own}`,
          );
      }
    }
  };

  walk(program, (node) => {
    if (node.type === 'ImportDeclaration') {
      const module = moduleOf(literalText(node.source));
      if (!module) return;
      for (const s of node.specifiers as Node[]) {
        const own = s.type === 'ImportSpecifier' ? (nameOf(s.imported) ?? literalText(s.imported)) : null;
        bind(s.local as Node, own && own !== 'default' ? `${module}.${own}` : module);
      }
    }
    if (node.type === 'TSImportEqualsDeclaration') {
      const module = moduleOf(literalText((node.moduleReference as Node).expression));
      if (module) bind(node.id as Node, module);
    }
    const [to, from] =
      node.type === 'VariableDeclarator'
        ? [node.id, node.init]
        : node.type === 'AssignmentExpression'
          ? [node.left, node.right]
          : [];
    const value = from ? resolve(from) : null;
    if (to && value) bind(to as Node, value);
  });
  return { resolve };
}

const GLOBAL = new Set(['globalThis', 'global', 'window', 'self']);
const MAKES_CODE = new Set(['eval', 'Function']);

/** Every place that names eval or Function as a value: whoever has it can run text, under any name. */
export function codeMakers(program: Node): Node[] {
  const exempt = new Set<unknown>();
  const found: Node[] = [];
  walk(program, (node) => {
    if (exempt.has(node)) return;
    switch (node.type) {
      case 'MemberExpression':
      case 'OptionalMemberExpression': {
        const own = node.computed ? literalText(node.property) : nameOf(node.property);
        const of = node.object as Node;
        if (own && MAKES_CODE.has(own) && GLOBAL.has(nameOf(of) ?? '')) found.push(node);
        if (!node.computed) exempt.add(node.property);
        // `Function.prototype.call` makes no code.
        if (own === 'prototype' || own === 'name') exempt.add(of);
        return;
      }
      case 'ObjectProperty':
        if (!node.computed) exempt.add(node.key);
        // A declared type: `{ type: Function }`.
        if (nameOf(node.key) === 'type' && nameOf(node.value) === 'Function') exempt.add(node.value);
        return;
      case 'BinaryExpression':
        if (node.operator === 'instanceof') exempt.add(node.right);
        return;
      case 'ObjectMethod':
      case 'ClassMethod':
      case 'ClassProperty':
      case 'TSPropertySignature':
      case 'TSMethodSignature':
      case 'TSDeclareMethod':
      case 'TSEnumMember':
        if (!node.computed) exempt.add(node.key ?? node.id);
        return;
      case 'TSTypeReference':
        exempt.add(node.typeName);
        return;
      case 'TSTypeQuery':
        exempt.add(node.exprName);
        return;
      case 'TSInterfaceHeritage':
      case 'TSExpressionWithTypeArguments':
      case 'TSClassImplements':
        exempt.add(node.expression);
        return;
      case 'ImportSpecifier':
        exempt.add(node.imported);
        return;
      case 'ExportSpecifier':
        exempt.add(node.exported);
        return;
      case 'Identifier':
        if (MAKES_CODE.has(node.name as string)) found.push(node);
    }
  });
  return found;
}
