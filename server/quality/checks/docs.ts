import { dirname, join, normalize } from 'node:path/posix';
import { type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isCode, isDocs } from './files.ts';
import { exists } from './project.ts';

/** What somebody outside of the code can see: addresses, commands, options, settings, scripts. */
const PUBLIC: { pattern: RegExp; what: string }[] = [
  {
    pattern: /\b(?:app|router|server|route|fastify|api)\.(?:get|post|put|patch|delete)\(\s*['"`](\/[^'"`]*)/,
    what: 'route',
  },
  { pattern: /\bmethod:\s*['"](?:GET|POST|PUT|PATCH|DELETE)['"].*\bpath:\s*['"`](\/[^'"`]*)/, what: 'route' },
  { pattern: /\.option\(\s*['"`]([^'"`]+)/, what: 'option' },
  { pattern: /\.command\(\s*['"`]([^'"`]+)/, what: 'command' },
  { pattern: /\bprocess\.env\.([A-Z][A-Z0-9_]+)/, what: 'setting' },
  { pattern: /\bos\.(?:environ\[|getenv\()['"]([A-Z][A-Z0-9_]+)/, what: 'setting' },
];
/** Settings every program has. */
const USUAL = new Set(['NODE_ENV', 'PORT', 'HOST', 'HOME', 'PATH', 'CI', 'TMPDIR']);

const LINK = /\]\(\s*<?([^)\s>#?]+)[^)]*\)|\b(?:href|src)="([^"#?]+)/g;

/** Links of added lines to files of the repository that are not there. */
async function deadLinks(
  root: string,
  added: { file: string; line: number; text: string }[],
): Promise<string[]> {
  const dead: string[] = [];
  for (const l of added.filter((a) => /\.(?:md|mdx)$/i.test(a.file)))
    for (const m of l.text.matchAll(LINK)) {
      const target = m[1] ?? m[2] ?? '';
      if (target === '' || /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(target)) continue;
      const path = normalize(target.startsWith('/') ? target.slice(1) : join(dirname(l.file), target));
      if (path.startsWith('..') || !(await exists(root, path))) dead.push(`${l.file}:${l.line}: ${target}`);
    }
  return dead;
}

/** 14: a new route, option or setting is written down where its users look. */
export const docs: Check = async ({ writes, root, changes, addedLines, docsFollow }) => {
  if (!writes) return notApplicable(READ_ONLY);
  const dead = await deadLinks(root, addedLines);
  if (dead.length > 0)
    return fail(`${dead.length} link(s) in the docs lead nowhere: ${dead[0]}`, lines(dead));
  const seen = new Map<string, string>();
  for (const l of addedLines.filter((a) => isCode(a.file)))
    for (const { pattern, what } of PUBLIC) {
      const name = pattern.exec(l.text)?.[1];
      if (name && !USUAL.has(name)) seen.set(`${what} ${name}`, `${l.file}:${l.line}: ${what} ${name}`);
    }
  if (seen.size === 0)
    return notApplicable('No public surface changed: no new route, option, command or setting.');
  const written = changes.filter((c) => c.status !== 'D' && isDocs(c.path)).map((c) => c.path);
  if (written.length > 0)
    return pass(
      `${seen.size} public change(s), described in ${written.join(', ')}`,
      lines([...seen.values()]),
    );
  if (docsFollow) return notApplicable('A DOCS stage follows in this chain and describes what is accepted.');
  return fail(
    `${seen.size} public change(s) and no line about them: ${[...seen.keys()][0]}`,
    lines([...seen.values()]),
  );
};
