import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AlaiError } from '#server/domain/errors.ts';
import { NO_USAGE, type Provider, type Usage } from '#server/models/provider.ts';
import { tokensOf } from '../prompt/tokens.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { InstalledAgent } from './detect.ts';
import { createRefusals } from './refusals.ts';
import { type Meter, runAgent } from './run.ts';
import { isScripted } from './scripted.ts';

/** One question to one agent, outside of any task: in an empty folder that is thrown away. */

export const TRIAL_SECONDS = 180;
export const TRIAL_TOKENS = 2_048;
export const TRIAL_AGENT_TOKENS = 60_000;
const CALLS = 20;

export interface TrialAsk {
  model: string;
  prompt: string;
  /** All that was said until now. */
  onText: (whole: string) => void;
  /** All that it used until now, where it says so while it runs: it is paid for also when it fails. */
  onUse?: (used: Pick<TrialAnswer, 'usage' | 'scripted'>) => void;
  signal: AbortSignal;
}
export interface TrialAnswer {
  text: string;
  usage: Usage;
  ms: number;
  scripted: boolean;
  /** Counted by the text, because nobody said what it used. */
  estimated?: boolean;
}

/** What a question used by its text alone. */
export const guessUsage = (prompt: string, said: string): Usage => ({
  ...NO_USAGE,
  tokensIn: tokensOf(prompt),
  tokensOut: tokensOf(said),
});

/** Asks a model over HTTP. */
export async function tryModel(provider: Provider, t: TrialAsk): Promise<TrialAnswer> {
  let said = '';
  const r = await provider.chat({
    model: t.model,
    messages: [{ role: 'user', content: t.prompt }],
    tools: [],
    maxTokens: TRIAL_TOKENS,
    idleMs: 60_000,
    totalMs: TRIAL_SECONDS * 1_000,
    signal: t.signal,
    onText: (d) => {
      said += d;
      t.onText(said);
    },
  });
  const { tokensIn, tokensOut, tokensCacheRead, tokensCacheWrite, tokensThinking } = r;
  const usage = { tokensIn, tokensOut, tokensCacheRead, tokensCacheWrite, tokensThinking };
  return { text: r.text, usage, ms: r.ms, scripted: r.scripted };
}

/** Asks an agent with a program of its own. Only in a sandbox: nobody is there to allow it something. */
export async function tryAgent(
  o: { found: InstalledAgent; given: Record<string, string>; sandbox: Sandbox; hostDir: string },
  t: TrialAsk,
): Promise<TrialAnswer> {
  if (!o.sandbox.isolates)
    throw new AlaiError('SANDBOX_MISSING', 'there is no sandbox on this machine', o.sandbox.note);
  const folder = join(o.hostDir, 'trials');
  await mkdir(folder, { recursive: true });
  const root = await mkdtemp(join(folder, 'trial-'));
  const scripted = await isScripted(o.given[o.found.agent.address]);
  const meter: Meter = { usage: NO_USAGE };
  const started = performance.now();
  let said = '';
  const refusals = createRefusals((what) => `(not reached: ${what})\n`);
  try {
    const r = await runAgent(
      {
        found: o.found,
        prompt: t.prompt,
        model: t.model,
        schema: null,
        given: o.given,
        seconds: TRIAL_SECONDS,
        idleSeconds: TRIAL_SECONDS,
        tokens: TRIAL_AGENT_TOKENS,
        calls: CALLS,
        sameCalls: 5,
        network: false,
        tools: null,
        place: { root, sandbox: o.sandbox, hostDir: o.hostDir, attempt: 0, signal: t.signal },
        onEvent: (e) => {
          if (e.kind === 'text') said += `${e.text}\n`;
          if (e.kind === 'call') said += `(${e.name})\n`;
          if (e.kind === 'usage' || e.kind === 'total') t.onUse?.({ usage: meter.usage, scripted });
          if (e.kind === 'refused') said += refusals.told(e.what) ?? '';
          t.onText(said);
        },
      },
      meter,
    );
    const untold = meter.usage === NO_USAGE;
    return {
      text: r.text,
      usage: untold ? guessUsage(t.prompt, r.text) : meter.usage,
      estimated: untold,
      ms: performance.now() - started,
      scripted,
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
