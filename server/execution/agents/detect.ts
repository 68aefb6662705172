import { execFile } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join, sep } from 'node:path';
import { promisify } from 'node:util';
import type { FoundAgent } from '#server/domain/agents.ts';
import type { CliProvider } from '#server/domain/providers.ts';
import type { CliAgent } from './agent.ts';
import { cliAgents } from './registry.ts';

type Environment = Record<string, string | undefined>;

/** Where an agent's program is on this machine. */
export interface InstalledAgent {
  agent: CliAgent;
  program: string;
  /** The folder, or the one file, that has to be readable for it to run. */
  readable: string;
}

const VERSION_MS = 15_000;

/** The agent on this machine's PATH, or null. */
export function installedAgent(name: CliProvider, env: Environment = process.env): InstalledAgent | null {
  const agent = cliAgents[name];
  for (const dir of (env.PATH ?? '').split(delimiter)) {
    if (!isAbsolute(dir) || !existsSync(join(dir, agent.binary))) continue;
    const program = realpathSync(join(dir, agent.binary));
    return { agent, program, readable: readableFor(program) };
  }
  return null;
}

/** A package needs those beside it; a program in one file needs nothing else, and its folder may be a home folder. */
function readableFor(program: string): string {
  const parts = program.split(sep);
  const at = parts.indexOf('node_modules');
  return at > 0 ? parts.slice(0, at + 1).join(sep) : program;
}

/** The variables of this machine that an agent is given. */
export function givenTo(agent: CliAgent, env: Environment = process.env): Record<string, string> {
  return Object.fromEntries(agent.passes.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** The variables with which an agent asks a scripted server instead of its maker: no key of this machine is among them. */
export function rehearsedFor(agent: CliAgent, url: string): Record<string, string> {
  return { [agent.keys[0] ?? '']: 'scripted', [agent.address]: `${url}${agent.addressPath}` };
}

/** Why an agent that is installed cannot sign in, or null. Only whether a key is there is looked at, never the key. */
function keyProblem(agent: CliAgent, env: Environment = process.env): string | null {
  if (agent.keys.some((name) => env[name])) return null;
  return `no key: set ${agent.keys.join(' or ')} in the environment of the worker`;
}

/** Every agent of the registry as this machine has it; tried, not guessed. */
export async function detectAgents(env: Environment = process.env): Promise<FoundAgent[]> {
  return await Promise.all(
    (Object.keys(cliAgents) as CliProvider[]).map(async (name): Promise<FoundAgent> => {
      const found = installedAgent(name, env);
      if (!found) {
        const reason = `${cliAgents[name].binary} is not on the PATH of the worker`;
        return { name, version: null, usable: false, reason };
      }
      const version = await knownVersion(found.program, env);
      if (version === null)
        return { name, version, usable: false, reason: `${found.agent.binary} --version fails` };
      const problem = keyProblem(found.agent, env);
      return { name, version, usable: problem === null, reason: problem ?? '' };
    }),
  );
}

const versions = new Map<string, string | null>();

/** A program is asked again only when it changed. */
async function knownVersion(program: string, env: Environment): Promise<string | null> {
  const key = `${program} ${statSync(program).mtimeMs}`;
  const known = versions.get(key);
  if (known !== undefined) return known;
  const version = await versionOf(program, env);
  versions.set(key, version);
  return version;
}

async function versionOf(program: string, env: Environment): Promise<string | null> {
  // It is asked for its version only: no key, nothing of ours, and what it unpacks on its first run is thrown away.
  const home = await mkdtemp(join(tmpdir(), 'alai-agent-'));
  const bare = { PATH: env.PATH ?? '', HOME: home, NO_COLOR: '1' } as unknown as NodeJS.ProcessEnv;
  const options = { timeout: VERSION_MS, env: bare, cwd: home };
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], options);
    return /\d+\.\d+[\w.-]*/.exec(stdout)?.[0]?.replace(/\.$/, '').slice(0, 80) ?? null;
  } catch {
    return null;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
