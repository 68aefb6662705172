import { allowOutside, recordOutside } from '#server/budget/outside.ts';
import { readCatalogue } from '#server/catalogue/data.ts';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import { isCliProvider, isLocalProvider } from '#server/domain/providers.ts';
import type { Timing } from '#server/domain/timing.ts';
import type { Asking } from '#server/domain/work.ts';
import { killSwitch } from '#server/engine/factory.ts';
import {
  guessUsage,
  TRIAL_AGENT_TOKENS,
  TRIAL_SECONDS,
  TRIAL_TOKENS,
  type TrialAnswer,
  type TrialAsk,
  tryAgent,
  tryModel,
} from '#server/execution/agents/trial.ts';
import type { RunnerConfig } from '#server/execution/ports.ts';
import type { Mask } from '#server/execution/prompt/mask.ts';
import { tokensOf } from '#server/execution/prompt/tokens.ts';
import type { Sandbox } from '#server/execution/sandbox/sandbox.ts';
import { dropTrials, endTrial, isRehearsed, noteTrial, type Trial, takeTrial } from '#server/fleet/trials.ts';
import { NO_USAGE, type Provider } from '#server/models/provider.ts';
import type { Db } from '#server/platform/db.ts';
import type { Logger } from '#server/platform/logger.ts';
import { every } from '../conductor/every.ts';
import { agentAnswered } from './agent-breaker.ts';

const LOOK_MS = 500;
const NOTE_MS = 300;
const KILL_LOOK_MS = 1_000;
/** A server that ends so was working on the question; one that refuses it was not. */
const BROKEN_OFF: readonly string[] = ['MODEL_TIMEOUT', 'MODEL_GARBAGE', 'FACTORY_STOPPED', 'ABORTED'];

interface Context {
  db: Db;
  worker: { id: string; host: string };
  sandbox: Sandbox;
  hostDir: string;
  provider: (asking: Asking) => Provider;
  timing: Timing;
  agents: NonNullable<RunnerConfig['agents']>;
  /** Who asks is a person, and who reads it may be another: no key of this machine is in it. */
  mask: Mask;
  log: Logger;
}

/** Answers the questions people ask single agents on the fleet page and by `alai test-agent`, beside the host's work. */
export async function tendTrials(c: Context): Promise<{ stop(): void }> {
  await dropTrials(c.db, c.worker.host);
  const leaving = new AbortController();
  const loop = every(
    LOOK_MS,
    async () => {
      const trial = await takeTrial(c.db, c.worker);
      if (trial) await answer(c, trial, leaving.signal);
    },
    (err) => c.log.warn({ err }, 'a trial could not be answered'),
  );
  return {
    stop() {
      loop.stop();
      leaving.abort(new AlaiError('ABORTED', 'Its worker leaves.', 'Ask again.'));
    },
  };
}

async function answer(c: Context, t: Trial, leaving: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, leaving]);
  // The kill switch leaves no agent alive, whoever asked it.
  const watch = every(
    KILL_LOOK_MS,
    async () => {
      if ((await killSwitch(c.db)).engaged)
        stop.abort(
          new AlaiError('FACTORY_STOPPED', 'The factory was stopped.', 'Resume it, then ask again.'),
        );
    },
    () => {},
  );
  let said = '';
  let written = '';
  const notes = every(
    NOTE_MS,
    async () => {
      if (said === written) return;
      written = said;
      await noteTrial(c.db, t.id, written);
    },
    () => {},
  );
  const started = performance.now();
  const { prices } = readCatalogue();
  const where = { provider: t.provider, model: t.model, host: c.worker.host };
  const pay = (a: Pick<TrialAnswer, 'usage' | 'ms' | 'scripted' | 'estimated'>, ok: boolean) =>
    recordOutside(c.db, prices, {
      ...where,
      ...a.usage,
      ms: a.ms,
      scripted: a.scripted,
      estimated: a.estimated ?? false,
      purpose: 'trial',
      ok,
    });
  let used: Pick<TrialAnswer, 'usage' | 'scripted' | 'estimated'> | null = null;
  let asked = false;
  let paid: number | null = null;
  try {
    await allowOutside(c.db, prices, where, { ...where, ...most(t) });
    asked = true;
    const r = await ask(c, t, {
      model: t.model,
      prompt: t.prompt,
      signal,
      onText: (text) => (said = c.mask(text)),
      onUse: (u) => (used = u),
    });
    paid = await pay(r, true);
    await endTrial(c.db, t.id, { ...r, answer: c.mask(r.text), eur: paid, error: null });
  } catch (e) {
    const why = signal.aborted ? signal.reason : e;
    const error = isAlaiError(why)
      ? { code: why.code, message: c.mask(why.message), hint: why.hint }
      : { code: 'INTERNAL', message: c.mask(String(why)), hint: 'See the log of the worker.' };
    const ms = performance.now() - started;
    // Broken off before it said what it used: what was read and written is paid for all the same.
    if (used === null && asked && (said !== '' || BROKEN_OFF.includes(error.code)))
      used = {
        usage: guessUsage(t.prompt, said),
        scripted: isLocalProvider(t.provider) && (await isRehearsed(c.db, t.host)),
        estimated: true,
      };
    const spent = used ?? { usage: NO_USAGE, scripted: false };
    if (used && paid === null) paid = await pay({ ...spent, ms }, false).catch(() => null);
    await endTrial(c.db, t.id, { answer: said, ...spent, ms, eur: paid, error });
  } finally {
    watch.stop();
    notes.stop();
  }
}

async function ask(c: Context, t: Trial, asked: TrialAsk): Promise<TrialAnswer> {
  // It is nobody's project: where only the sample is rehearsed, this asks the real one.
  const asking: Asking = {
    project: { isSample: false },
    model: { provider: t.provider, account: t.account },
  };
  if (!isCliProvider(t.provider)) return await tryModel(c.provider(asking), asked);
  const found = c.agents.find(t.provider);
  if (!found)
    throw new AlaiError(
      'MODEL_MISSING',
      `${t.provider} is not installed on ${c.worker.host}.`,
      'Install it there.',
    );
  const given = c.agents.given(found.agent, asking);
  const answer = await tryAgent({ found, given, sandbox: c.sandbox, hostDir: c.hostDir }, asked);
  // Asked past its breaker: this is how a person finds out, and lets the factory know.
  await agentAnswered({ db: c.db, host: c.worker.host, timing: c.timing }, t.provider);
  return answer;
}

/** The most that a trial can use. */
const most = (t: Trial) => ({
  tokensIn: tokensOf(t.prompt),
  maxTokens: isCliProvider(t.provider) ? TRIAL_AGENT_TOKENS : TRIAL_TOKENS,
  totalMs: TRIAL_SECONDS * 1_000,
});
