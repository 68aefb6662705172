import { readCatalogue } from '#server/catalogue/data.ts';
import type { Account } from '#server/domain/accounts.ts';
import { isAlaiError } from '#server/domain/errors.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { Probe } from '#server/models/provider.ts';
import { serviceOf } from '#server/models/registry.ts';
import { changeBreaker, writeBreaker } from '#server/models/resilience/commands.ts';
import { dueServices, readBreaker } from '#server/models/resilience/data.ts';
import { afterFailure, afterListing, type Breaker, mayAsk } from '#server/models/resilience/policy.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';

const BY = 'conductor';
const PROBE_MS = 10_000;

/** What its probe said; without a usable key there is nothing to ask by. */
async function ask(name: string, account: Account): Promise<Pick<Probe, 'reachable' | 'problem'>> {
  try {
    return await serviceOf(name, account, process.env).probe(AbortSignal.timeout(PROBE_MS));
  } catch (e) {
    if (!isAlaiError(e)) throw e;
    return { reachable: false, problem: { code: e.code, message: e.message, hint: e.hint } };
  }
}

/**
 * Asks services that could not be reached whether they are back, by what costs no tokens: nobody else may come by for hours. One that lists
 * its models is let have the next call, whose answer closes its breaker: it may list them and answer nobody.
 */
export async function probeServices(
  db: Db,
  t: Timing,
  log: Logger,
  providers: Record<string, Account> = readCatalogue().providers.providers,
): Promise<void> {
  for (const key of await dueServices(db.pool)) {
    const account = providers[key.model];
    if (!account) continue;
    const { breaker, now } = await readBreaker(db.pool, key);
    const may = mayAsk(breaker, now, BY, t);
    if (may.kind !== 'probe' || !(await writeBreaker(db, key, breaker, may.next, BY))) continue;
    const found = await ask(key.model, account);
    const { problem } = found;
    // A call may have decided meanwhile.
    const mine = (b: Breaker) => b.state === 'HALF_OPEN' && b.probeBy === BY;
    if (found.reachable) await changeBreaker(db, key, BY, (b, at) => (mine(b) ? afterListing(b, at) : b));
    else
      await changeBreaker(db, key, BY, (b, at) => {
        if (!mine(b)) return b;
        return afterFailure(
          b,
          {
            code: problem?.code ?? 'MODEL_UNREACHABLE',
            error: problem?.message ?? 'No answer',
            offline: b.offline,
          },
          true,
          at,
          t,
        );
      });
    log.info(
      { service: key.model, reachable: found.reachable, problem: problem?.message },
      'probed a service',
    );
  }
}
