/** What kind of file a path is, by its name alone. */

const TEST_NAME =
  /(?:\.(?:test|spec)\.[cm]?[jt]sx?|_test\.(?:go|py|rb)|(?:^|\/)test_[^/]+\.py|Tests?\.(?:kt|java|cs)|_spec\.rb)$/;
const TEST_FOLDER = /(?:^|\/)(?:tests?|__tests__|spec|e2e)\//;
const CODE = /\.(?:[cm]?[jt]sx?|py|rb|go|rs|kt|kts|java|cs|php|swift|scala|c|cc|cpp|h|vue|svelte|sql)$/;
const SCRIPT = /\.(?:sh|bash|zsh|ps1|bat)$/;
const DOCS =
  /(?:^|\/)(?:docs?\/.*|(?:README|CHANGELOG|CONTRIBUTING|LICENSE|GOTCHA)[^/]*|[^/]+\.(?:md|mdx|rst|adoc|txt))$/i;
const GENERATED =
  /(?:^|\/)(?:package-lock\.json|pnpm-lock\.yaml|yarn\.lock|poetry\.lock|Cargo\.lock|go\.sum|gradle\.lockfile|dist\/.*|build\/.*|[^/]+\.(?:snap|min\.js|min\.css|svg|map))$/;

/** A file a test runner runs. */
export const isTest = (path: string): boolean => TEST_NAME.test(path);
/** A test, or something that only tests use. */
export const isTestSupport = (path: string): boolean => isTest(path) || TEST_FOLDER.test(path);
export const isCode = (path: string): boolean =>
  CODE.test(path) && !isTestSupport(path) && !isGenerated(path);
/** Words for readers; a program is none, wherever it lies and whatever its name begins with. */
export const isDocs = (path: string): boolean => DOCS.test(path) && !CODE.test(path) && !SCRIPT.test(path);
export const isGenerated = (path: string): boolean => GENERATED.test(path);
export const isJavaScript = (path: string): boolean => /\.[cm]?[jt]sx?$/.test(path);
