import { type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isCode, isDocs } from './files.ts';

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

/** 14: a new route, option or setting is written down where its users look. */
export const docs: Check = async ({ writes, changes, addedLines, docsFollow }) => {
  if (!writes) return notApplicable(READ_ONLY);
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
