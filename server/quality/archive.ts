import { createHash } from 'node:crypto';
import { strToU8, type Zippable, zipSync } from 'fflate';
import { type CheckResult, checkNumber } from '#server/domain/checks.ts';
import { isTestSupport } from './checks/files.ts';
import { verifyScript } from './verify-script.ts';

/** What an archive is made of; `bundle` is a git bundle that holds the commit, when the repository is here. */
export interface ArchiveInput {
  taskId: number;
  gotcha: string;
  manifest: Record<string, unknown>;
  patch: string;
  gates: { stepKey: string; gate: string; tryNumber: number; output: string }[];
  checks: Pick<CheckResult, 'name' | 'evidence'>[];
  bundle: Uint8Array | null;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** Zip keeps a time per file; a fixed one makes the same proof the same bytes. */
const MTIME = new Date('2026-01-01T00:00:00Z');

/** The proof of work of a task as one zip: GOTCHA.md, manifest with the hash of every file, evidence, and verify/. */
export function buildArchive(i: ArchiveInput): Uint8Array {
  const git = (i.manifest.git ?? {}) as { base?: string; commit?: string; tree?: string };
  const paths = ((i.manifest.files ?? []) as { path: string }[]).map((f) => f.path);
  const files: Record<string, Uint8Array> = {
    'GOTCHA.md': strToU8(i.gotcha),
    'change.patch': strToU8(i.patch),
    'verify/verify.sh': strToU8(
      verifyScript({
        taskId: i.taskId,
        base: (i.manifest.inspected as { base?: string } | null)?.base ?? git.base ?? '',
        commit: git.commit ?? '',
        tree: git.tree ?? '',
        commands: commandsOf(i.manifest),
        biting: bitingOf(i.manifest, paths.filter(isTestSupport)),
      }),
    ),
  };
  for (const c of i.checks)
    if (c.evidence)
      files[`evidence/checks/${String(checkNumber(c.name)).padStart(2, '0')}-${c.name}.txt`] = strToU8(
        c.evidence,
      );
  for (const [n, g] of i.gates.entries())
    if (g.output)
      files[`evidence/gates/${String(n + 1).padStart(2, '0')}-${safe(g.stepKey)}-${safe(g.gate)}.txt`] =
        strToU8(g.output);
  if (i.bundle) files['source.bundle'] = i.bundle;
  const hashes = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]));
  const sums = Object.entries(hashes)
    .map(([name, hash]) => `${hash}  ${name}\n`)
    .join('');
  const all: Record<string, Uint8Array> = {
    ...files,
    'manifest.json': strToU8(`${JSON.stringify({ ...i.manifest, archive: hashes }, null, 2)}\n`),
    'verify/SHA256SUMS': strToU8(sums),
  };
  const zip: Zippable = Object.fromEntries(
    Object.entries(all).map(([name, bytes]) => [
      `proof-${i.taskId}/${name}`,
      [bytes, { mtime: MTIME, level: 6 }],
    ]),
  );
  return zipSync(zip);
}

const safe = (name: string) => name.replace(/[^\w-]/g, '_').slice(0, 60);

/** Commands that were seen to succeed on the finished tree, each once. */
function commandsOf(manifest: Record<string, unknown>): string[][] {
  const tree = (manifest.git as { tree?: string } | undefined)?.tree;
  const gates = (manifest.gates ?? []) as {
    ok: boolean;
    exitCode: number | null;
    tree: string | null;
    command: string[] | null;
  }[];
  const checks =
    (manifest.checks as { results?: { name: string; state: string; command: string[] | null }[] } | undefined)
      ?.results ?? [];
  const seen = [
    ...gates.filter((g) => g.ok && g.exitCode === 0 && g.tree === tree).map((g) => g.command),
    ...checks.filter((c) => c.state === 'pass' && c.name !== 'tests-bite').map((c) => c.command),
  ].filter((c) => c !== null);
  return [...new Map(seen.map((c) => [c.join('\0'), c])).values()];
}

/** The new tests, which have to fail on the tree before the change. */
function bitingOf(
  manifest: Record<string, unknown>,
  tests: string[],
): { command: string[]; tests: string[] } | null {
  const checks =
    (manifest.checks as { results?: { name: string; state: string; command: string[] | null }[] } | undefined)
      ?.results ?? [];
  const command = checks.find((c) => c.name === 'tests-bite' && c.state === 'pass')?.command;
  return command && tests.length > 0 ? { command, tests } : null;
}
