import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { block, type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isCode, isTest } from './files.ts';

/** A test as most runners write one; pytest and Go by their function names. */
const TEST_CASE =
  /(?:^|[^\w.])(?:test|it)(?:\.each\b[^(]*\([^)]*\))?\s*\(|^\s*(?:async )?def test_|^func Test\w+\(|@Test\b/gm;
const SWITCHED_OFF =
  /(?:^|[^\w.])(?:test|it|describe|suite)\.(?:skip|only|todo)\b|\b(?:xit|xdescribe|fdescribe|fit)\s*\(|@(?:Ignore|Disabled)\b|@pytest\.mark\.skip|\{\s*skip:\s*true/;
/** A line that only says what is imported or closes a bracket is no behaviour. */
const BEHAVIOUR = /[A-Za-z0-9]/;
const NOT_BEHAVIOUR = /^\s*(?:import\b|export \* from|\/\/|\/\*|\*|#|--)/;
/** Fewer added lines than this are a constant or a rename. */
const FEW = 3;

const count = (text: string) => [...text.matchAll(TEST_CASE)].length;

/** What the tests of a file are called. */
const titles = (text: string): string[] =>
  [
    ...text.matchAll(
      /(?:\b(?:test|it)(?:\.\w+)*\(\s*(['"`])(.+?)\1)|(?:def (test_\w+)|func (Test\w+)|fun `?([^`(]+)`?\(\))/g,
    ),
  ].map((m) => m[2] ?? m[3] ?? m[4] ?? m[5] ?? '');

/** 6: code that does something new comes with a test, and no test was taken away or switched off. */
export const testsAdded: Check = async ({ writes, root, changes, addedLines, before }) => {
  if (!writes) return notApplicable(READ_ONLY);
  const removed: string[] = [];
  const files = changes.filter((c) => isTest(c.path));
  const texts = await Promise.all(
    files.map(async ({ path, status }) => ({
      path,
      old: status === 'A' ? '' : ((await before(path)) ?? ''),
      now: status === 'D' ? '' : await readFile(join(root, path), 'utf8').catch(() => ''),
    })),
  );
  const was = texts.reduce((n, t) => n + count(t.old), 0);
  const is = texts.reduce((n, t) => n + count(t.now), 0);
  for (const { path, old } of texts.filter((t) => count(t.now) < count(t.old))) {
    // Moved to another file is not removed; renamed in place keeps the count.
    const gone = titles(old).filter((title) => !texts.some((t) => titles(t.now).includes(title)));
    if (gone.length > 0) removed.push(`${path}: ${gone.join(', ')}`);
  }
  if (removed.length > 0)
    return block('Tests were removed. Put them back, or mend what they found.', lines(removed));
  const off = addedLines.filter((l) => isTest(l.file) && SWITCHED_OFF.test(l.text));
  if (off.length > 0)
    return block(
      `${off.length} test(s) were switched off`,
      lines(off.map((l) => `${l.file}:${l.line}: ${l.text.trim()}`)),
    );
  const behaviour = addedLines.filter(
    (l) => isCode(l.file) && BEHAVIOUR.test(l.text) && !NOT_BEHAVIOUR.test(l.text),
  );
  if (behaviour.length <= FEW && is === was)
    return notApplicable(`No new behaviour: ${behaviour.length} added line(s) of code.`);
  if (is > was || addedLines.some((l) => isTest(l.file) && BEHAVIOUR.test(l.text)))
    return pass(`${behaviour.length} added lines of code, ${is - was} more test(s)`);
  const untested = [...new Set(behaviour.map((l) => l.file))];
  return fail(`${behaviour.length} added lines of code and no test for them`, lines(untested));
};
