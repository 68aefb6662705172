import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CACHES,
  commandEnvironment,
  EGRESS_PORT,
  INFO_FD,
  INSIDE,
  MODULES,
  type Sandbox,
} from './sandbox.ts';
import { toolchain } from './toolchain.ts';

const BIN = '/opt/alai/bin';
const HOME = '/tmp/home';
const FORWARDER = '/opt/alai/egress.mjs';
const TOOLS = '/opt/alai/tools.mjs';
const WAY_OUT = '/opt/alai/egress.sock';

/**
 * Counted inside the sandbox's own user namespace, so other work of this user is not touched; soft limits a system
 * refuses are left out. The harness's own watch (process.ts) holds where the kernel counts nothing, as for root.
 */
const LIMITS = '{ ulimit -u 4096 || ulimit -p 4096; ulimit -c 0; ulimit -f 8388608; } 2>/dev/null; exec "$@"';

/** Temporary files live in memory; older versions of bubblewrap cannot bound them. */
const TMP_BYTES = String(2 * 1024 ** 3);

/** Folders of the system that commands may read; everything else of the machine does not exist for them. */
const READABLE = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/nix/store', '/etc/alternatives'];
const FILES = [
  '/etc/ld.so.cache',
  '/etc/ssl',
  '/etc/ca-certificates',
  '/etc/passwd',
  '/etc/group',
  '/etc/localtime',
];
const NETWORK = ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf'];

function base(network: boolean, sized: boolean): string[] {
  const { node, npm } = toolchain();
  const binds = [...READABLE, ...FILES, ...(network ? NETWORK : [])].flatMap((p) => ['--ro-bind-try', p, p]);
  return [
    'bwrap',
    '--unshare-all',
    ...(network ? ['--share-net'] : []),
    '--die-with-parent',
    '--new-session',
    '--cap-drop',
    'ALL',
    '--hostname',
    'alai',
    '--clearenv',
    ...binds,
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    ...(sized ? ['--size', TMP_BYTES] : []),
    '--tmpfs',
    '/tmp',
    '--dir',
    HOME,
    '--ro-bind',
    node,
    `${BIN}/node`,
    ...(npm
      ? [
          ...['--ro-bind', npm, '/opt/alai/npm'],
          ...['--symlink', '/opt/alai/npm/bin/npm-cli.js', `${BIN}/npm`],
          ...['--symlink', '/opt/alai/npm/bin/npx-cli.js', `${BIN}/npx`],
        ]
      : []),
  ];
}

/** bubblewrap, when it works here: being installed is not enough, because containers often forbid namespaces. */
export async function detectBwrap(): Promise<Sandbox | null> {
  if (process.platform !== 'linux') return null;
  const sized = await works(true);
  if (!sized && !(await works(false))) return null;
  const env = commandEnvironment(`${BIN}:/usr/local/bin:/usr/bin:/bin`, HOME);
  return {
    kind: 'bwrap',
    isolates: true,
    egress: 'socket',
    tools: [`${BIN}/node`, TOOLS, WAY_OUT],
    note: 'bubblewrap: commands see only their worktree, without network and home directory',
    async wrap(s) {
      const set = Object.entries(env).flatMap(([k, v]) => ['--setenv', k, v]);
      const closed = (s.protect ?? []).flatMap((p) => ['--ro-bind', join(s.root, p), `${INSIDE}/${p}`]);
      const tree = [s.readOnly ? '--ro-bind' : '--bind', s.root, INSIDE, ...closed];
      // A folder of the host below the worktree would be part of the work; this one is mounted for the command alone.
      const installed = s.packages
        ? [
            ...['--ro-bind', s.packages, `${INSIDE}/node_modules`],
            ...CACHES.flatMap((name) => ['--tmpfs', `${INSIDE}/node_modules/${name}`]),
          ]
        : [];
      const place = [...tree, ...installed, '--remount-ro', '/', '--chdir', INSIDE];
      const readable = (s.readable ?? []).flatMap((p) => ['--ro-bind', p, p]);
      const packages = s.modules ? ['--ro-bind', s.modules, MODULES] : [];
      const socket = s.egress && 'socket' in s.egress.at ? s.egress.at.socket : null;
      const wayOut = socket
        ? [
            ...['--ro-bind', socket, WAY_OUT],
            ...['--ro-bind', join(import.meta.dirname, 'egress-inside.mjs'), FORWARDER],
            ...['--ro-bind', join(import.meta.dirname, 'tools-inside.mjs'), TOOLS],
          ]
        : [];
      const forwarder = socket && !s.network ? [`${BIN}/node`, FORWARDER, WAY_OUT, String(EGRESS_PORT)] : [];
      // A variable with a value worth hiding is inherited; as an argument everybody on the machine could read it.
      const all = base(s.network, sized);
      const own = s.env ? all.filter((a) => a !== '--clearenv') : all;
      const inside = ['--info-fd', String(INFO_FD)];
      const argv = [
        ...own,
        ...packages,
        ...readable,
        ...wayOut,
        ...set,
        ...place,
        ...inside,
        ...['--', '/bin/sh', '-c', LIMITS, 'sh', ...forwarder, ...s.argv],
      ];
      return { argv, cwd: s.root, env: { ...s.env, PATH: process.env.PATH ?? '/usr/bin:/bin' } };
    },
  };
}

async function works(sized: boolean): Promise<boolean> {
  const args = [...base(false, sized).slice(1), '--remount-ro', '/', '--', `${BIN}/node`, '-e', '0'];
  const env = { PATH: process.env.PATH ?? '' } as unknown as NodeJS.ProcessEnv;
  return promisify(execFile)('bwrap', args, { timeout: 10_000, env }).then(
    () => true,
    () => false,
  );
}
