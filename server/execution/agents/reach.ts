import { AlaiError } from '#server/domain/errors.ts';
import { type Egress, type EgressRules, openEgress, standIn } from '../sandbox/egress.ts';
import { EGRESS_PORT, type Sandbox, type SandboxSpec } from '../sandbox/sandbox.ts';
import type { CliAgent } from './agent.ts';

/** What an agent reaches from a sandbox without a network: its model, in our name, and nothing else. */

export interface Reach {
  /** What it is given instead of its own variables: stand-ins for its keys, and our address for its model's. */
  given: Record<string, string>;
  /** For its process, besides. */
  env: Record<string, string>;
  egress: NonNullable<SandboxSpec['egress']>;
  close: Egress['close'];
}

const whereOf = (p: { sandbox: Pick<Sandbox, 'egress'>; hostDir: string }) => ({
  by: p.sandbox.egress,
  hostDir: p.hostDir,
});

/** What a way out is told besides where it leads. */
type On = Pick<EgressRules, 'onRefused' | 'onAnswer' | 'own'>;

/** Opens the way to an agent's model for one run. Its keys stay outside. */
export async function openReach(
  agent: CliAgent,
  given: Record<string, string>,
  place: { sandbox: Pick<Sandbox, 'egress'>; hostDir: string },
  on: On,
): Promise<Reach> {
  const { rules, inside } = reachOf(agent, given);
  const way = await openEgress(whereOf(place), { ...rules, ...on });
  const server = `http://127.0.0.1:${'port' in way.at ? way.at.port : EGRESS_PORT}`;
  const path = rules.upstream ? rules.upstream.url.pathname.replace(/\/$/, '') : '';
  return {
    given: rules.upstream ? { ...inside, [agent.address]: server + path } : inside,
    env: proxyVariables(server),
    egress: { at: way.at, hosts: rules.tunnels },
    close: () => way.close(),
  };
}

/** The way to the harness alone, for an agent whose network is open. */
export async function openHarness(
  given: Record<string, string>,
  place: { sandbox: Pick<Sandbox, 'egress'>; hostDir: string },
  on: On,
): Promise<Reach> {
  const way = await openEgress(whereOf(place), { upstream: null, keys: {}, tunnels: [], ...on });
  return { given, env: {}, egress: { at: way.at, hosts: [] }, close: () => way.close() };
}

/** Where this agent may go with what it is given, and what stands for its keys. */
export function reachOf(
  agent: CliAgent,
  given: Record<string, string>,
): { rules: Omit<EgressRules, keyof On>; inside: Record<string, string> } {
  const address = given[agent.address];
  const tunnels = agent.reaches?.(given) ?? [];
  const wanted = address ?? agent.maker;
  const url = wanted === '' ? null : URL.parse(wanted);
  if (wanted !== '' && !(url && /^https?:$/.test(url.protocol)))
    throw new AlaiError(
      'ADDRESS_REFUSED',
      `${agent.address} is no address of a model server`,
      `Correct ${agent.address} in the environment of the worker.`,
      { kind: 'permanent', transient: false },
    );
  if (!url) return { rules: { upstream: null, keys: {}, tunnels }, inside: given };
  const keys: Record<string, string> = {};
  const inside = { ...given };
  for (const name of agent.keys) {
    const key = given[name];
    if (key === undefined) continue;
    const word = standIn();
    keys[word] = key;
    inside[name] = word;
  }
  return { rules: { upstream: { url, inner: address !== undefined }, keys, tunnels }, inside };
}

/** Whoever asks for another address than its model's asks us, so that it is refused and told instead of being lost. */
function proxyVariables(server: string): Record<string, string> {
  const here = '127.0.0.1,localhost,::1';
  return {
    ...{ HTTP_PROXY: server, http_proxy: server, HTTPS_PROXY: server, https_proxy: server },
    ...{ NO_PROXY: here, no_proxy: here, NODE_USE_ENV_PROXY: '1' },
  };
}
