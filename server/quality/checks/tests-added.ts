import { block, type Check, fail, lines, notApplicable, pass, READ_ONLY } from './check.ts';
import { isCode, isTest } from './files.ts';
import { goneTests, readTests, type TestFile } from './test-files.ts';

const SWITCHED_OFF =
  /(?:^|[^\w.])(?:test|it|describe|suite)\.(?:skip|only|todo)\b|\b(?:xit|xdescribe|fdescribe|fit)\s*\(|\b(?:t|ctx|context|this)\.skip\(|@(?:Ignore|Disabled)\b|@pytest\.mark\.skip|\{\s*skip:\s*true/;
/** A line that only says what is imported or closes a bracket is no behaviour. */
const BEHAVIOUR = /[A-Za-z0-9]/;
const NOT_BEHAVIOUR = /^\s*(?:import\b|export \* from|\/\/|\/\*|\*|#|--)/;
/** Fewer added lines than this are a constant or a rename. */
const FEW = 3;

const total = (files: TestFile[], when: 'old' | 'now'): number =>
  files.reduce((n, f) => n + [...f[when].values()].reduce((m, t) => m + t.runs, 0), 0);

/** 6: code that does something new comes with a test, and no test was taken away, emptied or switched off. */
export const testsAdded: Check = async (input) => {
  const { writes, changes, addedLines } = input;
  if (!writes) return notApplicable(READ_ONLY);
  const files = await readTests(input);
  const removed = await goneTests(input, files);
  if (removed.length > 0)
    return block('Tests were removed. Put them back, or mend what they found.', lines(removed));
  const weaker = weakened(files);
  if (weaker.length > 0)
    return block(
      `${weaker.length} test(s) assert less than before. Put it back, or give what is tested now a title of its own.`,
      lines(weaker),
    );
  const off = addedLines.filter((l) => isTest(l.file) && SWITCHED_OFF.test(l.text));
  if (off.length > 0)
    return block(
      `${off.length} test(s) were switched off`,
      lines(off.map((l) => `${l.file}:${l.line}: ${l.text.trim()}`)),
    );
  const was = total(files, 'old');
  const is = total(files, 'now');
  const behaviour = addedLines.filter(
    (l) => isCode(l.file) && BEHAVIOUR.test(l.text) && !NOT_BEHAVIOUR.test(l.text),
  );
  if (behaviour.length <= FEW && is <= was)
    return notApplicable(`No new behaviour: ${behaviour.length} added line(s) of code.`);
  if (is > was || addedLines.some((l) => isTest(l.file) && BEHAVIOUR.test(l.text)))
    return pass(`${behaviour.length} added lines of code, ${is - was} more test(s)`);
  const untested = changes.filter((c) => behaviour.some((l) => l.file === c.path)).map((c) => c.path);
  return fail(`${behaviour.length} added lines of code and no test for them`, lines(untested));
};

/** Tests that keep their title and assert less, wherever they stand now. */
function weakened(files: TestFile[]): string[] {
  const out: string[] = [];
  for (const file of files)
    for (const [title, was] of file.old) {
      const now = files.filter((f) => f.now.has(title)).map((f) => f.now.get(title));
      const before = files.reduce((n, f) => n + (f.old.get(title)?.asserts ?? 0), 0);
      const asserts = now.reduce((n, t) => n + (t?.asserts ?? 0), 0);
      if (now.length > 0 && was.asserts > 0 && asserts < before)
        out.push(`${file.path}: ${title}: ${before} assertion(s) before, ${asserts} now`);
    }
  return out;
}
