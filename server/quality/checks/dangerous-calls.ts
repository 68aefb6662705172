import { block, type Check, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isDocs, isJavaScript, isTest } from './files.ts';
import { readRegular } from './read.ts';
import { scanJavaScript } from './scan-javascript.ts';

/** What other languages write for the same mistakes; looked for in added lines. */
const PATTERNS: { files: RegExp; pattern: RegExp; what: string }[] = [
  { files: /\.py$/, pattern: /(?:^|[^\w.])(?:eval|exec)\(/, what: 'runs text as code' },
  {
    files: /\.py$/,
    pattern: /\bos\.(?:system|popen)\(|\bsubprocess\.\w+\(.*shell\s*=\s*True/,
    what: 'hands text to a shell',
  },
  {
    files: /\.py$/,
    pattern: /\b(?:pickle|marshal|shelve)\.loads?\(|\byaml\.load\((?!.*(?:Safe|CSafe)Loader)/,
    what: 'makes objects out of untrusted bytes',
  },
  {
    files: /\.py$/,
    pattern: /\bverify\s*=\s*False\b|_create_unverified_context/,
    what: 'does not check certificates',
  },
  {
    files: /\.(?:py|kt|java|php|rb|go|cs)$/,
    pattern:
      /(?:execute|query|raw|createStatement|prepare|rawQuery)\w*\(\s*(?:f["']|["'][^"']*\b(?:select|insert|update|delete)\b[^"']*["']\s*(?:\+|%|\.\s*\$|\.format))/i,
    what: 'puts values into SQL text',
  },
  {
    files: /\.(?:kt|java)$/,
    pattern: /Runtime\.getRuntime\(\)\.exec\(|ObjectInputStream\(/,
    what: 'runs a command or makes objects out of bytes',
  },
  {
    files: /\.php$/,
    pattern: /\b(?:shell_exec|passthru|system|popen|eval|unserialize)\s*\(/,
    what: 'hands text to a shell or runs it',
  },
  {
    files: /\.rb$/,
    pattern: /\b(?:eval|instance_eval|Marshal\.load)\b|`[^`]*#\{/,
    what: 'runs text as code',
  },
  {
    files: /(?:\.sh|\.bash|Dockerfile[^/]*|\.ya?ml|Makefile)$/,
    pattern: /\b(?:curl|wget)\b[^|\n]{0,300}\|\s*(?:sudo\s+)?(?:ba|z)?sh\b/,
    what: 'runs whatever an address answers',
  },
  {
    files: /(?:\.sh|\.bash|Dockerfile[^/]*|\.ya?ml|Makefile)$/,
    pattern: /\brm\s+-[a-z]*[rf][a-z]*\s+(?:\/|~|\$HOME)(?:\s|$|\*)|\bchmod\s+(?:-R\s+)?0?777\b/,
    what: 'opens or deletes everything',
  },
  {
    files: /\.ya?ml$/,
    pattern: /^\s*privileged:\s*true\b|\/var\/run\/docker\.sock/,
    what: 'gives a container the whole machine',
  },
];

const UNPARSED =
  /\b(?:eval|Function)\b\s*[(,;)\]]|\bexec(?:Sync)?\s*\(|rejectUnauthorized:\s*false|dangerouslySetInnerHTML/;

function dangerousLine({ file, line, text }: { file: string; line: number; text: string }): string[] {
  return UNPARSED.test(text)
    ? [`${file}:${line}: in a file that cannot be parsed: ${text.trim().slice(0, 120)}`]
    : [];
}

/** 13: a code scanner over what was added: text that becomes code, commands, SQL or markup, and checks switched off. */
export const dangerousCalls: Check = async ({ writes, root, changes, addedLines }) => {
  if (!writes) return notApplicable(READ_ONLY);
  const files = changes
    .filter((c) => c.status !== 'D' && !isTest(c.path) && !isDocs(c.path))
    .map((c) => c.path);
  if (files.length === 0) return notApplicable('No code that would run was changed.');
  const hits: string[] = [];
  for (const path of files.filter(isJavaScript)) {
    const fresh = new Set(addedLines.filter((l) => l.file === path).map((l) => l.line));
    const text = await readRegular(root, path);
    const found = text === null ? null : scanJavaScript(text, path);
    // What is too large or does not parse is looked at by the line.
    if (found === null) hits.push(...addedLines.filter((l) => l.file === path).flatMap(dangerousLine));
    else for (const h of found) if (fresh.has(h.line)) hits.push(`${path}:${h.line}: ${h.what}`);
  }
  for (const l of addedLines.filter((a) => files.includes(a.file)))
    for (const p of PATTERNS)
      if (p.files.test(l.file) && p.pattern.test(l.text))
        hits.push(`${l.file}:${l.line}: ${p.what}: ${l.text.trim().slice(0, 120)}`);
  if (hits.length > 0) return block(`${hits.length} dangerous call(s): ${hits[0]}`, lines(hits));
  return pass(`${files.length} changed file(s) scanned`);
};
