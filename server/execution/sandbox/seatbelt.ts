import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { commandEnvironment, MODULES, type Sandbox } from './sandbox.ts';
import { toolchain } from './toolchain.ts';

/** macOS: sandbox-exec through Anthropic's sandbox runtime. A step's network is all or nothing, as on Linux; agents reach their model. */
export async function detectSeatbelt(): Promise<Sandbox | null> {
  if (process.platform !== 'darwin') return null;
  try {
    const { SandboxManager } = await import('@anthropic-ai/sandbox-runtime');
    const { node, npm } = toolchain();
    const closed = { allowedDomains: [] as string[], deniedDomains: [] as string[] };
    const home = homedir();
    await SandboxManager.initialize({
      network: { ...closed, allowLocalBinding: true },
      filesystem: { denyRead: [home], allowRead: [], allowWrite: [], denyWrite: [] },
    });
    return {
      kind: 'seatbelt',
      isolates: true,
      egress: 'port',
      tools: null,
      note: 'sandbox-exec: commands write only their worktree, without network and home directory',
      async wrap(s) {
        const own = s.modules ? s.argv.map((a) => a.replace(MODULES, s.modules ?? '')) : s.argv;
        // Its own proxy opens tunnels by name; the port of the way out is on the loopback, which is open to it.
        const hosts = (s.egress?.hosts ?? []).map((h) => h.replace(/:443$/, ''));
        const command = own.map((a) => `'${a.replaceAll("'", `'\\''`)}'`).join(' ');
        const wrapped = await SandboxManager.wrapWithSandbox(command, '/bin/bash', {
          network: { ...closed, allowedDomains: s.network ? ['*'] : hosts, allowLocalBinding: true },
          filesystem: {
            denyRead: [home],
            allowRead: [
              s.root,
              s.tmp,
              ...(s.modules ? [s.modules] : []),
              ...(s.packages ? [s.packages] : []),
              ...(s.readable ?? []),
              dirname(node),
              ...(npm ? [npm] : []),
            ],
            allowWrite: s.readOnly ? [s.tmp] : [s.root, s.tmp],
            denyWrite: (s.protect ?? []).map((p) => join(s.root, p)),
          },
        });
        const path = [dirname(node), ...(npm ? [`${dirname(dirname(dirname(npm)))}/bin`] : [])].join(':');
        const env = commandEnvironment(`${path}:/usr/local/bin:/usr/bin:/bin`, s.tmp);
        return { argv: ['/bin/bash', '-c', wrapped], cwd: s.root, env: { ...s.env, ...env } };
      },
    };
  } catch {
    return null;
  }
}
