import { createHash } from 'node:crypto';
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { lockEntriesSchema, NPM_REGISTRY, strangersIn } from '#server/domain/lockfile.ts';
import { runProcess } from './sandbox/process.ts';
import { CACHES, type Sandbox } from './sandbox/sandbox.ts';
import { alone, removeTree } from './workspace-files.ts';

/**
 * Packages of a Node project for the commands of its tasks: installed once per lockfile and host, by `npm ci` without
 * scripts, and mounted read-only. Without them a project with dependencies could be neither built nor tested.
 */

const SECONDS = 600;
const OUTPUT = 8_000;
/** A lockfile nobody used for so long is not kept installed. */
/** After a failure every command of the attempt would wait for the next one. */
const RETRY_MS = 10 * 60_000;
const KEEP_MS = 14 * 24 * 3_600_000;
const names = z.record(z.string(), z.string()).catch({});
const packageSchema = z.object({
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
  workspaces: z.unknown().optional(),
});
export interface PackagesContext {
  hostDir: string;
  sandbox: Sandbox;
  /** The operator's own registry, asked instead of the public one. */
  registry?: string | undefined;
  attempt: number;
  /** Lays the tree that holds this lockfile out in a folder of its own. */
  layOut: (name: string) => Promise<string>;
  note: (text: string) => void;
  signal: AbortSignal;
}

/** The folder of installed packages for the project at `root`; null where it needs none, or they cannot be had. */
export async function packagesFor(root: string, c: PackagesContext): Promise<string | null> {
  const wanted = await wantedBy(root, c.registry ?? NPM_REGISTRY);
  if (wanted === null) return null;
  if ('problem' in wanted) {
    c.note(wanted.problem);
    return null;
  }
  const folder = join(c.hostDir, 'packages', wanted.key);
  const modules = join(folder, 'node_modules');
  return await alone(folder, async () => {
    if (await stat(join(folder, 'complete')).catch(() => null)) {
      await utimes(folder, new Date(), new Date()).catch(() => {});
      return modules;
    }
    const failed = await stat(`${folder}.failed`).catch(() => null);
    if (failed && Date.now() - failed.mtimeMs < RETRY_MS) {
      c.note('These packages could not be installed a short while ago; commands run without them.');
      return null;
    }
    return (await install(folder, wanted.count, c)) ? modules : null;
  });
}

type Wanted = { key: string; count: number } | { problem: string };

async function wantedBy(root: string, registry: string): Promise<Wanted | null> {
  const [manifest, lock] = await Promise.all(
    ['package.json', 'package-lock.json'].map((f) => readFile(join(root, f), 'utf8').catch(() => null)),
  );
  if (!manifest) return null;
  const parsed = packageSchema.safeParse(parse(manifest));
  if (!parsed.success) return null;
  const { dependencies, devDependencies, optionalDependencies, workspaces } = parsed.data;
  const count = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).length;
  if (count === 0) return null;
  const at = await lstat(join(root, 'node_modules')).catch(() => null);
  if (at?.isDirectory() && (await readdir(join(root, 'node_modules'))).length > 0) return null;
  if (workspaces)
    return { problem: 'The packages of npm workspaces are not installed; commands run without them.' };
  if (!lock)
    return {
      problem: 'There is no package-lock.json, so no packages are installed; commands run without them.',
    };
  const known = lockEntriesSchema.safeParse(parse(lock));
  if (!known.success) return { problem: 'package-lock.json cannot be read, so no packages are installed.' };
  const [stranger] = strangersIn(known.data.packages, [NPM_REGISTRY, registry]);
  if (stranger)
    return {
      problem: `No packages are installed: ${stranger} does not come from ${registry} with an integrity.`,
    };
  const hash = createHash('sha256');
  for (const part of [manifest, lock, process.version, process.platform, process.arch])
    hash.update(part).update('\0');
  return { key: hash.digest('hex').slice(0, 32), count: Object.keys(known.data.packages).length - 1 };
}

async function install(folder: string, count: number, c: PackagesContext): Promise<boolean> {
  c.note(`Installing ${count} packages of package-lock.json, without their scripts.`);
  await sweep(join(c.hostDir, 'packages'));
  const place = await c.layOut('packages');
  try {
    // Both outweigh what was looked at: the one says where packages come from, the other is a lockfile of its own.
    for (const other of ['.npmrc', 'npm-shrinkwrap.json'])
      await rm(join(place, other), { recursive: true, force: true });
    const argv = [
      'npm',
      'ci',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--fetch-retries=2',
      '--fetch-timeout=60000',
      '--loglevel=error',
      `--registry=${c.registry ?? NPM_REGISTRY}`,
    ];
    const { hostDir, sandbox, attempt, signal } = c;
    const r = await runProcess({
      ...{
        argv,
        root: place,
        seconds: SECONDS,
        outputBytes: OUTPUT,
        network: true,
        env: wayOut(),
        sandbox,
        hostDir,
        attempt,
        signal,
      },
    });
    if (r.exitCode !== 0) {
      c.note(
        `npm ci ended with ${r.timedOut ? 'no end' : `exit ${r.exitCode}`}; commands run without packages.\n${r.output.slice(0, 2_000)}`,
      );
      await mkdir(join(c.hostDir, 'packages'), { recursive: true });
      await writeFile(`${folder}.failed`, '');
      return false;
    }
    const made = join(place, 'node_modules');
    await mkdir(made, { recursive: true });
    for (const cache of CACHES) await mkdir(join(made, cache), { recursive: true });
    await removeTree(folder, c.hostDir);
    await mkdir(folder, { recursive: true });
    await rename(made, join(folder, 'node_modules'));
    await writeFile(join(folder, 'complete'), '');
    c.note(`Installed in ${(r.ms / 1_000).toFixed(1)} s.`);
    return true;
  } finally {
    await removeTree(place, c.hostDir).catch(() => {});
  }
}

/** How this machine reaches the registry: its proxy and its own certificates, and no other variable of ours. */
function wayOut(): Record<string, string> {
  const names = [
    'NODE_EXTRA_CA_CERTS',
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'NO_PROXY',
    'https_proxy',
    'http_proxy',
    'no_proxy',
  ];
  return Object.fromEntries(names.flatMap((n) => (process.env[n] ? [[n, process.env[n]]] : [])));
}

async function sweep(all: string): Promise<void> {
  for (const name of await readdir(all).catch(() => [])) {
    const at = await stat(join(all, name)).catch(() => null);
    if (at && Date.now() - at.mtimeMs > KEEP_MS) await rm(join(all, name), { recursive: true, force: true });
  }
}

/** Makes the place where the packages appear: a folder to mount on, or a link where nothing can be mounted. False when it is taken. */
export async function placeFor(root: string, modules: string, sandbox: Sandbox): Promise<boolean> {
  const at = join(root, 'node_modules');
  const there = await lstat(at).catch(() => null);
  // Something of the work's own stands in the place: a file, or a link that leads who knows where.
  if (there && !there.isDirectory() && !(there.isSymbolicLink() && (await readlink(at)) === modules))
    return false;
  if (sandbox.kind === 'bwrap') await mkdir(at, { recursive: true });
  else if (!there) await symlink(modules, at);
  return true;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
