import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { AlaiError } from '#server/domain/errors.ts';
import { sleep } from './clock.ts';
import { readText, writeAtomic } from './files.ts';
import { freePort, portIsFree } from './ports.ts';
import { canEnter, canRun, nativeFolder, type RunAs, runAs } from './postgres-binaries.ts';
import { commandOf, startTimeOf } from './processes.ts';

export interface EmbeddedPostgres {
  url: string;
  port: number;
  /** It was running already: left behind by a start that was killed. */
  reused: boolean;
  /** Whether the server still lives; it may have been killed. */
  alive(): boolean;
  stop(): void;
}

interface Options {
  /** $ALAI_HOME; the cluster lives in its `postgres` folder. */
  home: string;
  password: string;
  database?: string;
  /** Extra server settings, for tests that may lose data. */
  settings?: Record<string, string>;
}

const USER = 'alai';
const SETTINGS = [
  "listen_addresses = '127.0.0.1'",
  // The default directory for sockets may not exist or not be ours; TCP on loopback is enough.
  "unix_socket_directories = ''",
  'max_connections = 200',
  'shared_buffers = 256MB',
  'jit = off',
  // As durable as the default, with one system call for a commit's write and flush instead of two: half the latency here.
  'wal_sync_method = open_datasync',
  // Parallel workers want /dev/shm, which containers keep at 64 MB.
  'max_parallel_workers_per_gather = 0',
];

const urlFor = (port: number, password: string, database: string) =>
  `postgresql://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

/**
 * Starts the PostgreSQL that npm brought, in `$ALAI_HOME/postgres`, on a free loopback port that is remembered. Finds
 * it running after a kill -9 of its parent and takes it over; never trusts `pg_ctl status`, which says "running" of a
 * dead one. As root it runs as an ordinary user.
 */
export async function startEmbeddedPostgres(options: Options): Promise<EmbeddedPostgres> {
  const { home, password, database = 'alai' } = options;
  mkdirSync(home, { recursive: true });
  const as = runAs();
  const folder = clusterFolder(home, as);
  const data = path.join(folder, 'data');
  const native = runnableBinaries(folder, as);
  const run = (bin: string, args: string[]) =>
    spawnSync(path.join(native, 'bin', bin), args, {
      ...as,
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
  if (!existsSync(path.join(data, 'PG_VERSION'))) initialise(folder, data, password, as, run);

  const portFile = path.join(home, 'postgres.port');
  let port = Number(readText(portFile)) || (await freePort());
  let admin = await connect(urlFor(port, password, 'postgres'));
  const reused = admin !== null;
  for (let n = 0; !admin; n++) {
    if (!(await portIsFree(port)) && n % 8 === 0) port = await freePort(); // somebody else took the remembered port
    removeStalePid(data);
    const settings = Object.entries(options.settings ?? {}).map(([k, v]) => ` -c ${k}=${v}`);
    const log = path.join(folder, 'postgres.log');
    const started = spawnSync(
      path.join(native, 'bin/pg_ctl'),
      ['start', '-w', '-t', '60', '-D', data, '-l', log, '-o', `-p ${port}${settings.join('')}`],
      // Its own pipes would be inherited by the server and keep them open for ever.
      { ...as, cwd: folder, stdio: 'ignore' },
    );
    admin = await connect(urlFor(port, password, 'postgres'));
    if (admin) break;
    if (n >= 40) throw notStarted(log, started.status);
    await sleep(250);
  }
  writeAtomic(portFile, `${port}\n`, 0o644);
  await createDatabase(admin, database);
  await admin.end();
  return {
    url: urlFor(port, password, database),
    port,
    reused,
    alive: () => {
      const pid = Number(readText(path.join(data, 'postmaster.pid'))?.split('\n')[0]);
      return pid > 0 && startTimeOf(pid) !== undefined;
    },
    stop: () => {
      run('pg_ctl', ['stop', '-m', 'fast', '-w', '-t', '20', '-D', data]);
    },
  };
}

/** `$ALAI_HOME/postgres`, or a folder of the system when root's home is closed to the user PostgreSQL runs as. */
function clusterFolder(home: string, as: RunAs): string {
  const own = (folder: string) => {
    mkdirSync(folder, { recursive: true });
    if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid);
    return folder;
  };
  const inside = own(path.join(home, 'postgres'));
  if (canEnter(inside, as)) return inside;
  const name = createHash('sha256').update(home).digest('hex').slice(0, 12);
  mkdirSync('/var/lib/alai', { recursive: true });
  const outside = own(path.join('/var/lib/alai', name));
  writeFileSync(path.join(home, 'postgres', 'MOVED'), `${outside}\n`);
  return outside;
}

function runnableBinaries(folder: string, as: RunAs): string {
  const native = nativeFolder();
  if (canRun(native, as)) return native;
  const copy = path.join(folder, 'native');
  if (!canRun(copy, as)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true, force: true });
  return copy;
}

type Run = (bin: string, args: string[]) => { status: number | null; stderr: string; error?: Error };

function initialise(folder: string, data: string, password: string, as: RunAs, run: Run): void {
  // Left by an initdb that was killed half-way: nothing of value can be in it yet.
  rmSync(data, { recursive: true, force: true });
  const passwordFile = path.join(folder, 'initdb-password');
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, password, { mode: 0o600, flag: 'wx' });
  if (as.uid !== undefined && as.gid !== undefined) chownSync(passwordFile, as.uid, as.gid);
  try {
    const flags = ['-U', USER, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-instructions'];
    const made = run('initdb', ['-D', data, '--pwfile', passwordFile, ...flags]);
    if (made.status !== 0) {
      rmSync(data, { recursive: true, force: true });
      throw new AlaiError(
        'DATABASE_UNREACHABLE',
        `The embedded PostgreSQL could not be set up: ${made.stderr?.trim() || made.error?.message}`,
        'Check free space and rights of ALAI_HOME, or set DATABASE_URL in .env.',
      );
    }
    appendFileSync(path.join(data, 'postgresql.conf'), `\n${SETTINGS.join('\n')}\n`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * After a reboot the process id in postmaster.pid may belong to another program, and PostgreSQL then refuses to start.
 * It is removed only when that process is certainly no PostgreSQL.
 */
function removeStalePid(data: string): void {
  const file = path.join(data, 'postmaster.pid');
  const pid = Number(readText(file)?.split('\n')[0]);
  if (!pid) return;
  const command = commandOf(pid);
  if (command !== undefined && !command.includes('postgres')) rmSync(file, { force: true });
}

async function connect(url: string): Promise<pg.Client | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch {
    await client.end().catch(() => {});
    return null;
  }
}

async function createDatabase(admin: pg.Client, name: string): Promise<void> {
  const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (!rowCount) await admin.query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
}

function notStarted(log: string, status: number | null): AlaiError {
  let tail = '';
  try {
    tail = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
  } catch {
    // no log was written: pg_ctl itself failed
  }
  return new AlaiError(
    'DATABASE_UNREACHABLE',
    `The embedded PostgreSQL did not start (pg_ctl ${status}). ${tail}`,
    `Its log is ${log}. You can set DATABASE_URL in .env to another PostgreSQL.`,
  );
}
