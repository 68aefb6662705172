import { dirname } from 'node:path';
import { commandEnvironment, MODULES, type Sandbox } from './sandbox.ts';

/** No sandbox on this machine: a process group and a clean environment, and it says so everywhere. */
export const noSandbox: Sandbox = {
  kind: 'none',
  isolates: false,
  egress: 'port',
  tools: null,
  note:
    process.platform === 'linux'
      ? 'No sandbox: commands run with the rights of this user. Install one: apt-get install bubblewrap'
      : 'No sandbox: commands run with the rights of this user.',
  async wrap(s) {
    const path = `${dirname(process.execPath)}:${process.env.PATH ?? '/usr/bin:/bin'}`;
    const argv = s.modules ? s.argv.map((a) => a.replace(MODULES, s.modules ?? '')) : s.argv;
    return { argv, cwd: s.root, env: { ...s.env, ...commandEnvironment(path, s.tmp) } };
  },
};
