import { readCatalogue } from '#server/catalogue/data.ts';
import type { Timing } from '#server/domain/timing.ts';
import { serviceOf } from '#server/models/registry.ts';
import { changeBreaker, writeBreaker } from '#server/models/resilience/commands.ts';
import { dueServices, readBreaker } from '#server/models/resilience/data.ts';
import { afterAnswer, afterFailure, mayAsk } from '#server/models/resilience/policy.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';

const BY = 'conductor';
const PROBE_MS = 10_000;

/** Asks services that could not be reached whether they are back, by what costs no tokens: nobody else may come by for hours. */
export async function probeServices(db: Db, t: Timing, log: Logger): Promise<void> {
  const { providers } = readCatalogue().providers;
  for (const key of await dueServices(db.pool)) {
    const account = providers[key.model];
    if (!account) continue;
    const { breaker, now } = await readBreaker(db.pool, key);
    const may = mayAsk(breaker, now, BY, t);
    if (may.kind !== 'probe' || !(await writeBreaker(db, key, breaker, may.next, BY))) continue;
    const found = await serviceOf(key.model, account, process.env)
      .probe(AbortSignal.timeout(PROBE_MS))
      .catch((e: unknown) => ({ reachable: false, problem: { code: 'PROVIDER_KEY', message: String(e) } }));
    const { problem } = found;
    if (found.reachable) await changeBreaker(db, key, BY, (b) => afterAnswer(b));
    else
      await changeBreaker(db, key, BY, (b, at) =>
        afterFailure(
          b,
          {
            code: problem?.code ?? 'MODEL_UNREACHABLE',
            error: problem?.message ?? 'No answer',
            offline: b.offline,
          },
          true,
          at,
          t,
        ),
      );
    log.info(
      { service: key.model, reachable: found.reachable, problem: problem?.message },
      'probed a service',
    );
  }
}
