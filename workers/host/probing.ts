import type { ProbeFacts } from '#server/domain/host.ts';
import type { Timing } from '#server/domain/timing.ts';
import { writeProbe } from '#server/engine/hosts.ts';
import type { InstalledModel, LoadedModel, Probe, Provider } from '#server/models/provider.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { every } from '../conductor/every.ts';

const gone = (ms: number): ProbeFacts => ({
  reachable: false,
  version: null,
  ms: Math.round(ms),
  problem: {
    code: 'MODEL_TIMEOUT',
    message: 'The model server does not answer in time',
    hint: 'Look whether it hangs, and at the load of the machine.',
  },
  models: null,
  loaded: [],
  scripted: null,
});

/**
 * Asks a model server what it is and has. Never throws, and never takes longer than `deadlineMs`, whatever the server does: a
 * promise that ignores its signal is left behind.
 */
export async function probeServer(
  server: Pick<Provider, 'probe' | 'admin'>,
  deadlineMs: number,
): Promise<ProbeFacts> {
  const started = performance.now();
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      abort.abort();
      resolve(null);
    }, deadlineMs);
  });
  const asked = Promise.all([
    server.probe(abort.signal).catch(() => null),
    // A server that cannot say what is loaded can still be worked with.
    server.admin?.loaded(abort.signal).catch(() => []) ?? [],
  ]);
  const answer = await Promise.race([asked, late]);
  clearTimeout(timer);
  const ms = performance.now() - started;
  if (!answer?.[0]) return gone(ms);
  const [probe, loaded]: [Probe, LoadedModel[]] = [answer[0], answer[1]];
  return {
    reachable: probe.reachable,
    version: probe.version,
    ms: Math.round(ms),
    problem: probe.problem,
    models: probe.reachable ? probe.models.map(factsOf) : null,
    loaded: probe.reachable ? loaded : [],
    scripted: probe.reachable ? probe.scripted : null,
  };
}

const factsOf = ({ name, bytes, capabilities, contextLength }: InstalledModel) => ({
  name,
  bytes,
  capabilities,
  context: contextLength,
});

/** What of a look is worth a write: not how long it took, and of a lease in memory only that it is there. */
function probeDigest(f: ProbeFacts): string {
  return JSON.stringify([
    f.reachable,
    f.version,
    f.problem?.message,
    f.models,
    f.scripted,
    f.loaded.map((m) => [m.model, m.bytes]),
  ]);
}

/** A look that finds nothing new is written down every so many rounds, so that the page can say when it was. */
const SLOW = 6;

/** Looks at the host's model server again and again, and writes down what changed. */
export function watchServer(c: {
  db: Db;
  host: string;
  server: () => Pick<Provider, 'probe' | 'admin'>;
  timing: Timing;
  log: Logger;
}): { look(): Promise<ProbeFacts>; stop(): void } {
  let known = '';
  let round = 0;
  const look = async () => {
    const facts = await probeServer(c.server(), c.timing.probe);
    const digest = probeDigest(facts);
    if (digest !== known || ++round >= SLOW) {
      await writeProbe(c.db, c.host, facts);
      if (digest !== known)
        c.log.info(
          {
            reachable: facts.reachable,
            models: facts.models?.map((m) => m.name),
            problem: facts.problem?.message,
          },
          'the model server',
        );
      known = digest;
      round = 0;
    }
    return facts;
  };
  const loop = every(
    c.timing.heartbeat,
    async () => void (await look()),
    (err) => c.log.warn({ err }, 'probe failed'),
  );
  return { look, stop: () => loop.stop() };
}
