// Shared by every command: plain JS that any Node >= 20.9 runs. Installs what is missing and finds the Node 24 that
// runs the rest. Nothing may be imported here that npm has to install first.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Looked at before anything takes time. */
const startedBy = process.ppid;

const MINIMUM = [20, 9];
/** The rest is TypeScript that Node runs as it is, and uses import.meta.main. */
const FULL = [24, 2];
const version = process.versions.node.split('.').map(Number);
const atLeast = ([major, minor]) => version[0] > major || (version[0] === major && version[1] >= minor);

function fail(code, message, hint) {
  console.error(`\n${code}: ${message}\n${hint}`);
  process.exit(1);
}

if (!atLeast(MINIMUM)) {
  fail(
    'NODE_TOO_OLD',
    `This is Node ${process.versions.node}.`,
    'Install Node 20.9 or later from https://nodejs.org.',
  );
}

const STAMP = path.join(root, 'node_modules/.alai-installed');
const wantedStamp = () =>
  createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');

function isInstalled() {
  if (existsSync(STAMP)) return readFileSync(STAMP, 'utf8') === wantedStamp();
  // Installed by hand with npm ci or npm install: npm's own record is newer than the lock.
  const record = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  return (
    statSync(record).mtimeMs >= statSync(path.join(root, 'package-lock.json')).mtimeMs &&
    node24(false) !== null
  );
}

/** Installs the packages unless they are there. Shows how many of them are in place. */
export async function ensureInstalled() {
  if (isInstalled()) {
    if (!existsSync(STAMP)) writeFileSync(STAMP, wantedStamp());
    return;
  }
  const started = Date.now();
  const first = await npm(['ci'], started);
  if (first.code !== 0) {
    // A lock made on another platform may lack that platform's optional binaries; only this is worth another way.
    if (!/Missing: .* from lock file/.test(first.output)) installFailed(first.output);
    const second = await npm(['install', '--no-save', '--no-package-lock'], started);
    if (second.code !== 0) installFailed(second.output);
  }
  writeFileSync(STAMP, wantedStamp());
  line(`✓ Packages installed (${seconds(started)})`);
}

function installFailed(output) {
  const tail = output.trim().split('\n').slice(-15).join('\n');
  fail(
    'INTERNAL',
    `npm could not install the packages:\n${tail}`,
    'Check the network and free space, then start again.',
  );
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;
const tty = Boolean(process.stdout.isTTY);
const line = (text) => process.stdout.write(tty ? `\r\x1b[2K${text}\n` : `${text}\n`);

function npm(args, started) {
  const flags = [
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
  ];
  const total = topLevelPackages();
  if (!tty) line(`• Installing ${total} packages (npm ${args[0]}) …`);
  const timer = tty
    ? setInterval(() => {
        const done = Math.min(total, countInstalled());
        process.stdout.write(`\r\x1b[2K• Installing packages ${done}/${total}  ${seconds(started)}`);
      }, 250)
    : setInterval(() => line(`  ${countInstalled()}/${total} packages, ${seconds(started)}`), 20_000);
  return new Promise((resolve) => {
    const child = spawn('npm', [...args, ...flags], {
      cwd: root,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'development' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => (output += d));
    const end = (code, extra = '') => {
      clearInterval(timer);
      resolve({ code, output: output + extra });
    };
    child.on('error', (e) => end(1, `${e.message}: is npm installed?`));
    child.on('close', (code) => end(code ?? 1));
  });
}

function topLevelPackages() {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const fits = (p) => matches(p.os, process.platform) && matches(p.cpu, process.arch);
  return Object.entries(lock.packages).filter(
    ([name, p]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(name) && fits(p),
  ).length;
}
const matches = (list, value) => !list || list.includes(value);

function countInstalled() {
  const folder = path.join(root, 'node_modules');
  if (!existsSync(folder)) return 0;
  let n = 0;
  for (const name of readdirSync(folder)) {
    if (name.startsWith('.')) continue;
    n += name.startsWith('@')
      ? readdirSync(path.join(folder, name)).filter((x) => !x.startsWith('.')).length
      : 1;
  }
  return n;
}

/** The Node that runs the rest: the one npm brought, else this one when it is new enough. */
export function node24(mustExist = true) {
  const names = [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`];
  for (const name of names) {
    const bin = path.join(root, 'node_modules', name, 'bin/node');
    if (existsSync(bin)) return bin;
  }
  if (atLeast(FULL)) return process.execPath;
  if (!mustExist) return null;
  return fail(
    'NODE_TOO_OLD',
    `This is Node ${process.versions.node}, and npm brought no Node 24 for ${process.platform}-${process.arch}.`,
    'Install Node 24 from https://nodejs.org and start again.',
  );
}

/**
 * A signal to npm ends npm and the shell between us, and never reaches this process. Only npm is watched: whoever starts us by himself, in the
 * background of a shell that he then leaves, means us to stay.
 */
function whenOrphaned(then) {
  const watch = setInterval(() => {
    if (process.ppid === startedBy) return;
    clearInterval(watch);
    then();
  }, 500);
  watch.unref();
}

/**
 * Runs one of our TypeScript files on Node 24 and takes over its exit code. The child notices our death by its IPC
 * channel, so that even a kill -9 of this process stops it.
 */
export function run(file, args = [], env = {}) {
  const node = node24();
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', path.join(root, file), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  });
  // Ctrl-C reaches the whole foreground group: the child stops by itself and we wait for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event === 'start') whenOrphaned(() => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
