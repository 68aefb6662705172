import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commandEnvironment, INSIDE, type Sandbox } from './sandbox.ts';
import { toolchain } from './toolchain.ts';

const BIN = '/opt/alai/bin';
const HOME = '/tmp/home';

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

function base(network: boolean): string[] {
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
  const args = [...base(false).slice(1), '--remount-ro', '/', '--', `${BIN}/node`, '-e', '0'];
  try {
    await promisify(execFile)('bwrap', args, {
      timeout: 10_000,
      env: { PATH: process.env.PATH ?? '' } as unknown as NodeJS.ProcessEnv,
    });
  } catch {
    return null;
  }
  const env = commandEnvironment(`${BIN}:/usr/local/bin:/usr/bin:/bin`, HOME);
  return {
    kind: 'bwrap',
    isolates: true,
    note: 'bubblewrap: commands see only their worktree, without network and home directory',
    async wrap(s) {
      const set = Object.entries(env).flatMap(([k, v]) => ['--setenv', k, v]);
      const place = ['--bind', s.root, INSIDE, '--remount-ro', '/', '--chdir', INSIDE];
      const argv = [...base(s.network), ...set, ...place, '--', ...s.argv];
      return { argv, cwd: s.root, env: { PATH: process.env.PATH ?? '/usr/bin:/bin' } };
    },
  };
}
