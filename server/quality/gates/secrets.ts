import { setImmediate } from 'node:timers/promises';
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

/** What a line that assigns a secret looks like, whatever service it is for. Group 1 is the value. */
const ASSIGNED =
  /(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?["'\]]?\s*(?::|=>?|:=)\s*["'`]([^"'`\s]{8,200})["'`]/i;
/** Values that stand for a secret without being one. */
const STAND_IN =
  /^(?:\$\{?|%|<|\{\{)|process\.env|example|changeme|change-me|dummy|placeholder|redacted|your[-_ ]|xxx+|\*{3,}|^(.)\1+$/i;
const KEY_BLOCK = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----/;
/** The public half of a key of AWS: it never lies about without the other. Their own documents say EXAMPLE. */
const AWS_KEY = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/;
/** Test passwords are words; a real one in a test would be one of the known formats. */
const TEST_FILE = /(^|\/)(tests?|__tests__|spec|fixtures?)\/|\.(test|spec)\.[a-z]+$/i;

interface Line {
  file: string;
  line: number;
  text: string;
}

/** A secret found in added lines; the value itself is never repeated. */
export interface SecretHit {
  file: string;
  line: number;
  what: string;
}

/** Characters that secretlint is given at once; between two parts the event loop gets its turn. */
const PART = 500_000;

/** Known key formats by secretlint, and assignments of literal secrets. Looks at added lines only. */
export async function findSecrets(added: Line[]): Promise<SecretHit[]> {
  const byFile = new Map<string, Line[]>();
  for (const l of added) {
    const known = byFile.get(l.file);
    if (known) known.push(l);
    else byFile.set(l.file, [l]);
  }
  const hits: SecretHit[] = [];
  for (const [file, lines] of byFile) {
    for (const part of parts(lines)) {
      hits.push(...(await knownFormats(file, part)));
      await setImmediate();
    }
    for (const l of lines)
      if (KEY_BLOCK.test(l.text)) hits.push({ file, line: l.line, what: 'a private key' });
    for (const l of lines)
      if (AWS_KEY.test(l.text) && !l.text.includes('EXAMPLE'))
        hits.push({ file, line: l.line, what: 'an access key of AWS' });
    if (TEST_FILE.test(file)) continue;
    for (const l of lines) {
      const value = ASSIGNED.exec(l.text)?.[1];
      if (value && !STAND_IN.test(value) && looksRandom(value))
        hits.push({ file, line: l.line, what: 'a literal password, key or token' });
    }
  }
  return [...new Map(hits.map((h) => [`${h.file}:${h.line}`, h])).values()];
}

function parts(lines: Line[]): Line[][] {
  const all: Line[][] = [];
  let size = PART;
  for (const l of lines) {
    if (size >= PART) {
      all.push([]);
      size = 0;
    }
    all.at(-1)?.push(l);
    size += l.text.length + 1;
  }
  return all;
}

async function knownFormats(file: string, lines: Line[]): Promise<SecretHit[]> {
  const { messages } = await lintSource({
    source: {
      // Rules look at the ending of a name; its odd characters are nobody's business.
      filePath: `added/${file.replace(/[^\w./-]/g, '_')}`,
      content: lines.map((l) => l.text).join('\n'),
      contentType: 'text',
    },
    options: {
      maskSecrets: true,
      config: { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator }] },
    },
  });
  return messages.map((m) => ({
    file,
    line: lines[m.loc.start.line - 1]?.line ?? 1,
    what: m.ruleId.replace(/^.*rule-/, ''),
  }));
}

/** Words such as "session-cookie" name a secret; a mix of kinds of characters is one. */
function looksRandom(value: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((k) => k.test(value)).length;
  return kinds >= 3 || (kinds >= 2 && /\d/.test(value) && value.length >= 12);
}
