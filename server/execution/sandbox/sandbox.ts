import type { Egress } from './egress.ts';

/** How a command is kept inside its worktree on this machine. */

export interface SandboxSpec {
  argv: string[];
  /** The folder the command sees as its repository. */
  root: string;
  network: boolean;
  /** The one way out where the network is closed: what is mounted for it, and the hosts it may tunnel to. */
  egress?: { at: Egress['at']; hosts: readonly string[] };
  /** The command may read its repository and write only its temporary folder. */
  readOnly?: boolean;
  /** Places below the root that stay read-only although the rest may be written. */
  protect?: string[];
  /** A folder of packages that is readable at MODULES. */
  modules?: string;
  /** Installed packages of the project, readable at its node_modules. */
  packages?: string;
  /** Folders or files of the machine that it may read where they are: the program of an agent. */
  readable?: string[];
  /** Variables besides the usual ones; never on the command line, where others could read them. */
  env?: Record<string, string>;
  /** A private folder for temporary files of this command. */
  tmp: string;
}

export interface Wrapped {
  argv: string[];
  cwd: string;
  env: Record<string, string>;
}

export interface Sandbox {
  kind: 'bwrap' | 'seatbelt' | 'none';
  /** False: commands run with the rights of this user, so only where the human allowed it. */
  isolates: boolean;
  /** For the fleet page: what it is, or how to get one. */
  note: string;
  /** How a way out of a closed network is led into it. */
  egress: 'socket' | 'port';
  /** What starts the MCP server of the harness's tools inside, where there is a way out; null where there can be none. */
  tools: readonly [string, ...string[]] | null;
  wrap(spec: SandboxSpec): Promise<Wrapped>;
}

/** The descriptor on which a sandbox tells the number of its first process inside, where it has one. */
export const INFO_FD = 3;
/** The port of its own loopback on which a sandboxed process finds the way out, where that is a socket. */
export const EGRESS_PORT = 47_391;
/** The path under which a sandboxed command sees the worktree: evidence then holds no path of the machine. */
export const INSIDE = '/workspace';

/** Where a sandboxed MCP server finds the packages of the factory. */
export const MODULES = '/opt/alai/node_modules';

/** Folders among installed packages that tools write into; writable, and thrown away with the command. */
export const CACHES = ['.cache', '.vite', '.vite-temp'];

/** What every command gets and nothing more: no variable of the factory's own environment. */
export function commandEnvironment(path: string, home: string): Record<string, string> {
  return {
    PATH: path,
    HOME: home,
    TMPDIR: home,
    LANG: 'C.UTF-8',
    CI: '1',
    NO_COLOR: '1',
    // A project's .npmrc may not say what its scripts are run by.
    npm_config_script_shell: '/bin/sh',
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    npm_config_cache: `${home}/.npm`,
  };
}
