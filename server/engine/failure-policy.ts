import type { Route } from '#server/domain/views/routing.ts';

/** Failed attempts of one task before a human is asked, and losses that are nobody's fault. */
const MAX_FAILED_ATTEMPTS = 3;
const MAX_INFRA_LOSSES = 20;
/**
 * So many attempts in a row that ended at their model's server are no accident of the server where it
 * answers others meanwhile. It is this task that it does not answer.
 */
export const MAX_MODEL_LOSSES = 5;

export interface TaskFacts {
  tier: number;
  failedAttempts: number;
  infraLosses: number;
  route: Pick<Route, 'choices'>;
  /** This attempt and the one before it failed and changed nothing. */
  noDiffTwice?: boolean;
}
export type AfterFailure =
  | { kind: 'again'; tier: number; failedAttempts: number; infraLosses: number; because: string }
  | { kind: 'ask'; because: string; failedAttempts: number; infraLosses: number };

/** The next tier that has a host to run on; the same one when there is none above. */
function nextTier(route: Pick<Route, 'choices'>, tier: number): number {
  const above = route.choices.filter((c) => c.host !== null && c.tier > tier).map((c) => c.tier);
  return above.length ? Math.min(...above) : tier;
}

/** After an attempt failed at its work: one tier up, and the third failure asks the human. */
export function afterFailure(t: TaskFacts, message: string): AfterFailure {
  const failedAttempts = t.failedAttempts + 1;
  const counts = { failedAttempts, infraLosses: t.infraLosses };
  if (failedAttempts >= MAX_FAILED_ATTEMPTS)
    return { kind: 'ask', because: `It failed ${failedAttempts} times. Last: ${message}`, ...counts };
  if (t.noDiffTwice)
    return { kind: 'ask', because: `Two attempts in a row changed nothing. Last: ${message}`, ...counts };
  const tier = nextTier(t.route, t.tier);
  return {
    kind: 'again',
    tier,
    because:
      tier > t.tier
        ? `${message} Tier ${t.tier} to tier ${tier}.`
        : `${message} No higher tier has a model; tier ${tier} again.`,
    ...counts,
  };
}

/** After a loss that is not the agent's fault (a killed worker, a lost lease): same tier, burns no attempt. */
export function afterLoss(t: TaskFacts, message: string): AfterFailure {
  if (t.infraLosses >= MAX_INFRA_LOSSES)
    return {
      kind: 'ask',
      because: `It could not be worked on ${MAX_INFRA_LOSSES} times, through no fault of its agents. Last: ${message}`,
      failedAttempts: t.failedAttempts,
      infraLosses: t.infraLosses,
    };
  return {
    kind: 'again',
    tier: t.tier,
    failedAttempts: t.failedAttempts,
    infraLosses: t.infraLosses + 1,
    because: message,
  };
}
