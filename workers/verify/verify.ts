import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CheckName, type CheckState, checkTitles, QA_GATE } from '#server/domain/checks.ts';
import { AlaiError } from '#server/domain/errors.ts';
import type { CheckInput, Checkout } from '#server/domain/seams.ts';
import { changesBetween, linesBetween } from '#server/execution/diff.ts';
import { packagesFor, placeFor } from '#server/execution/packages.ts';
import { runProcess } from '#server/execution/sandbox/process.ts';
import { detectSandbox } from '#server/execution/sandbox/registry.ts';
import type { Sandbox } from '#server/execution/sandbox/sandbox.ts';
import { fileAt, layOut, treeWith } from '#server/execution/trees.ts';
import { git, gitLine } from '#server/platform/git.ts';
import { runChecks } from '#server/quality/checks/registry.ts';
import { npmRegistry } from '../host/registry.ts';
import { type Archive, openArchive } from './archive.ts';

export interface Verified {
  taskId: number;
  title: string;
  /** What was looked at again, in order: the archive itself, then each check. */
  items: { name: string; ok: boolean; recorded: CheckState | null; now: CheckState | null; detail: string }[];
  passed: number;
  failed: number;
  ok: boolean;
}

const OUTPUT = 16_000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
/** The default branch has moved on, and gates are recorded runs whose commands the other checks repeat. */
const NOT_AGAIN: CheckName[] = ['merge', 'gates'];

/** Looks again at everything a proof of work claims, from its archive alone, in this machine's sandbox. */
export async function verifyProof(
  zip: Uint8Array,
  /** Whether its commands may run with the rights of this user where there is no sandbox. */
  unsandboxed = false,
): Promise<Verified> {
  const archive = openArchive(zip);
  const sandbox = await detectSandbox();
  if (!sandbox.isolates && !unsandboxed)
    throw new AlaiError(
      'SANDBOX_MISSING',
      'This machine has no sandbox, and a proof runs the commands of the project it is about.',
      `${sandbox.note} Or allow it with --unsandboxed.`,
    );
  const { manifest } = archive;
  const items: Verified['items'] = [];
  const look = (name: string, ok: boolean, detail: string) =>
    items.push({ name, ok, recorded: null, now: null, detail });
  look(
    'archive',
    archive.changed.length === 0,
    archive.changed.length === 0
      ? `${Object.keys(manifest.archive).length} files have the hashes of the manifest`
      : `changed or missing: ${archive.changed.join(', ')}`,
  );
  const home = await mkdtemp(path.join(tmpdir(), 'alai-verify-'));
  try {
    const commit = manifest.git.commit;
    const facts = manifest.inspected;
    look(
      'patch',
      sha256(archive.patch) === manifest.git.patchSha256,
      'change.patch is the one the manifest speaks of',
    );
    look(
      'checks',
      facts !== null && facts.tree === manifest.git.tree,
      facts === null
        ? 'The manifest does not say what the checks looked at, so they cannot be run again.'
        : `the checks looked at tree ${facts.tree.slice(0, 10)}`,
    );
    const gitDir = await unbundle(archive, home);
    if (!gitDir) {
      look('commit', false, 'The archive holds no repository, so nothing can be run again.');
    } else {
      const tree = await gitLine(['rev-parse', `${commit}^{tree}`], { gitDir });
      look(
        'commit',
        tree === manifest.git.tree,
        `commit ${commit.slice(0, 10)} has the tree ${tree.slice(0, 10)}`,
      );
      items.push(...(await checksAgain(archive, gitDir, home, sandbox)));
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  const failed = items.filter((i) => !i.ok).length;
  return {
    taskId: manifest.task.id,
    title: manifest.task.title,
    items,
    passed: items.length - failed,
    failed,
    ok: failed === 0,
  };
}

async function unbundle({ bundle, manifest }: Archive, home: string): Promise<string | null> {
  if (!bundle) return null;
  const file = path.join(home, 'source.bundle');
  const gitDir = path.join(home, 'source.git');
  await writeFile(file, bundle);
  await git(['init', '--quiet', '--bare', '--template=', gitDir]);
  // An archive may come from anywhere.
  await git(
    ['-c', 'fetch.fsckObjects=true', 'fetch', '--quiet', file, 'refs/alai/proof/*:refs/alai/proof/*'],
    { gitDir },
  );
  const there = await git(['cat-file', '-e', `${manifest.git.commit}^{commit}`], { gitDir, ok: [1, 128] });
  return there.code === 0 ? gitDir : null;
}

async function checksAgain(
  archive: Archive,
  gitDir: string,
  home: string,
  sandbox: Sandbox,
): Promise<Verified['items']> {
  const { manifest } = archive;
  const facts = manifest.inspected;
  if (!facts) return [];
  let folders = 0;
  const { signal } = new AbortController();
  const place = async (tree: string, withPackages = true): Promise<Checkout> => {
    const root = path.join(home, 'work', `tree-${++folders}`);
    await layOut({ gitDir, index: `${root}.index`, tree, place: root });
    const packages = withPackages ? await packagesOf(root, tree) : null;
    const placed = packages !== null && (await placeFor(root, packages, sandbox));
    const run: CheckInput['run'] = (argv, seconds) =>
      runProcess({
        ...{
          argv,
          root,
          seconds,
          outputBytes: OUTPUT,
          network: false,
          sandbox,
          hostDir: home,
          attempt: 0,
          signal,
        },
        ...(placed ? { packages } : {}),
      });
    return { root, run };
  };
  const registry = await npmRegistry();
  const packagesOf = (root: string, tree: string) =>
    packagesFor(root, {
      ...{ hostDir: home, sandbox, registry, attempt: 0, signal },
      layOut: async () => (await place(tree, false)).root,
      note: () => {},
    });
  const main = await place(facts.tree);
  const results = await runChecks({
    ...facts,
    ...main,
    changes: await changesBetween(gitDir, facts.base, facts.tree),
    addedLines: await linesBetween(gitDir, facts.base, facts.tree),
    // A gate that was seen on this tree is run again by the checks; what it said then is no evidence now.
    gates: manifest.gates
      .filter((g) => g.gate !== QA_GATE)
      .map((g) => ({
        stepKey: g.step,
        gate: g.gate,
        tryNumber: g.try,
        ok: g.ok,
        verdict: g.ok ? 'pass' : 'retry',
        detail: g.detail,
        command: g.command,
        exitCode: null,
        ms: 0,
        tree: null,
        output: '',
      })),
    findings: [],
    outside: (file) => facts.outside[file] ?? null,
    before: (file) => fileAt(gitDir, facts.base, file),
    clean: () => place(facts.tree),
    beforeWith: async (paths) =>
      place(
        await treeWith({
          gitDir,
          index: path.join(home, 'with.index'),
          from: facts.base,
          tree: facts.tree,
          paths,
        }),
      ),
    conflicts: async () => [],
    signal,
  });
  return results
    .filter((r) => !NOT_AGAIN.includes(r.name))
    .map((r) => {
      const recorded = manifest.checks.results.find((c) => c.name === r.name)?.state ?? null;
      return {
        name: checkTitles[r.name],
        ok: r.state === recorded,
        recorded,
        now: r.state,
        detail: r.detail,
      };
    });
}
