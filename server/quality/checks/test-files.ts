import { dirname, join } from 'node:path/posix';
import type { CheckInput } from '#server/domain/seams.ts';
import { isJavaScript, isTest } from './files.ts';
import { readRegular } from './read.ts';
import { exportsOf, ownImports, type TestCase, testCases, uses } from './test-cases.ts';

/** How often a title runs, and how much it asserts there. */
interface Ran {
  runs: number;
  asserts: number;
}

/** A changed file of tests: its tests by title, before and now. */
export interface TestFile {
  path: string;
  oldText: string;
  cases: TestCase[];
  old: Map<string, Ran>;
  now: Map<string, Ran>;
}

/** A test of other languages: pytest and Go by their function names, JUnit by its annotation. */
const TITLES =
  /(?:^\s*(?:async )?def (test_\w+)|^func (Test\w+)\(|@Test\b[\s\S]{0,200}?\b(?:fun|void) `?([^`({]+)`?\(|(?:^|[^\w.])(?:test|it)\s*\(?\s*(['"`])(.+?)\4)/gm;
const ASSERTS =
  /\b(?:assert\w*|expect\w*|should\w*|require)\b|\bt\.(?:Error|Fatal|Fail)\w*\(|\.(?:should|must)\b/;
/** Where it is not told which test they belong to, a file has assertions or none. */
const WHOLE_FILE = 'the assertions of ';

export async function readTests({ root, changes, before }: CheckInput): Promise<TestFile[]> {
  return await Promise.all(
    changes
      .filter((c) => isTest(c.path))
      .map(async ({ path, status }) => {
        const oldText = status === 'A' ? '' : ((await before(path)) ?? '');
        const nowText = status === 'D' ? '' : ((await readRegular(root, path)) ?? '');
        const cases = isJavaScript(path) ? (testCases(oldText, path) ?? []) : [];
        return { path, oldText, cases, old: byTitle(oldText, path), now: byTitle(nowText, path) };
      }),
  );
}

function byTitle(text: string, path: string): Map<string, Ran> {
  const all = new Map<string, Ran>();
  const count = (title: string, asserts: number) => {
    const known = all.get(title) ?? { runs: 0, asserts: 0 };
    all.set(title, { runs: known.runs + 1, asserts: known.asserts + asserts });
  };
  if (isJavaScript(path)) {
    for (const t of testCases(text, path) ?? []) if (!t.off) count(t.title, t.asserts);
    return all;
  }
  const bare = withoutComments(text, path);
  for (const m of bare.matchAll(TITLES)) count((m[1] ?? m[2] ?? m[3] ?? m[5] ?? '').trim(), 0);
  // Fewer of them may be better ones; none is none.
  if (all.size > 0) all.set(`${WHOLE_FILE}${path}`, { runs: 0, asserts: ASSERTS.test(bare) ? 1 : 0 });
  return all;
}

const STRINGS = String.raw`("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')`;

function withoutComments(text: string, path: string): string {
  const keep = (_: string, string?: string) => string ?? '';
  if (path.endsWith('.py'))
    return text
      .replace(/^[ \t]*(?:"""[\s\S]*?"""|'''[\s\S]*?''')/gm, '')
      .replace(new RegExp(`${STRINGS}|#.*`, 'g'), keep);
  if (path.endsWith('.rb'))
    return text.replace(/^=begin[\s\S]*?^=end/gm, '').replace(new RegExp(`${STRINGS}|#.*`, 'g'), keep);
  return text.replace(new RegExp(`${STRINGS}|//.*|/\\*[\\s\\S]*?\\*/`, 'g'), keep);
}

/** Tests that are nowhere any more, except those of code that went with them; as `file: titles`. */
export async function goneTests(input: CheckInput, files: TestFile[]): Promise<string[]> {
  const out: string[] = [];
  const runs = (of: Map<string, Ran>) => [...of.values()].reduce((n, t) => n + t.runs, 0);
  for (const f of files) {
    // Renamed in place keeps the number; moved to another file is not removed.
    if (runs(f.now) >= runs(f.old)) continue;
    const gone = [...f.old.keys()].filter(
      (title) => !title.startsWith(WHOLE_FILE) && !files.some((x) => x.now.has(title)),
    );
    if (gone.length === 0) continue;
    const excused = await testsOfGoneCode(input, f);
    const wrong = gone.filter((title) => !excused(title));
    if (wrong.length > 0) out.push(`${f.path}: ${wrong.join(', ')}`);
  }
  return out;
}

/** Which titles of a file tested something that this change takes away: a file, or a name that is exported no more. */
async function testsOfGoneCode(input: CheckInput, f: TestFile): Promise<(title: string) => boolean> {
  const deleted = new Set(input.changes.filter((c) => c.status === 'D').map((c) => c.path));
  if (!isJavaScript(f.path)) {
    const about = f.path.replace(/.*\//, '').replace(/^test_|(?:_test|_spec|Tests?)(?=\.\w+$)/, '');
    const gone = [...deleted].some((d) => !isTest(d) && d.replace(/.*\//, '') === about);
    return () => gone;
  }
  const imports = ownImports(f.oldText, f.path);
  const gone = new Set<string>();
  for (const i of imports) {
    const at = resolveIn(
      join(dirname(f.path), i.from),
      input.changes.map((c) => c.path),
    );
    if (!at) continue;
    if (deleted.has(at)) gone.add(i.local);
    else if (i.imported !== '*') {
      const text = await readRegular(input.root, at);
      const left = text === null ? null : exportsOf(text, at);
      if (left && !left.has(i.imported)) gone.add(i.local);
    }
  }
  if (gone.size === 0) return () => false;
  if (imports.every((i) => gone.has(i.local))) return () => true;
  return (title) =>
    f.cases.filter((t) => t.title === title).every((t) => t.body !== null && uses(t.body, gone));
}

/** The changed file that an import names, with the endings a bundler would try. */
function resolveIn(path: string, known: string[]): string | null {
  const bare = path.replace(/\.[cm]?[jt]sx?$/, '');
  return (
    known.find((k) => k === path) ??
    known.find(
      (k) =>
        isJavaScript(k) &&
        (k.replace(/\.[cm]?[jt]sx?$/, '') === bare || k.replace(/\/index\.[cm]?[jt]sx?$/, '') === path),
    ) ??
    null
  );
}
