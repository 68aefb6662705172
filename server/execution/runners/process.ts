import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import type { Resume } from '#server/domain/memory.ts';
import { pipelines } from '#server/domain/pipelines.ts';
import { isCliProvider } from '#server/domain/providers.ts';
import { readOnlyReason } from '#server/domain/role-rules.ts';
import { NO_USAGE, type ToolCall, type Usage } from '#server/models/provider.ts';
import { givenTo, type InstalledAgent, installedAgent } from '../agents/detect.ts';
import { createRefusals } from '../agents/refusals.ts';
import { type Meter, runAgent } from '../agents/run.ts';
import { isScripted } from '../agents/scripted.ts';
import { Asked } from '../asked.ts';
import { escapeText } from '../escape.ts';
import { mayStillTell } from '../paid.ts';
import { answerSchema } from '../prompt/advice.ts';
import { tokensOf } from '../prompt/tokens.ts';
import { settle } from '../remember.ts';
import { preparePackages } from '../run-command.ts';
import { protectedPaths } from '../sandbox/protect.ts';
import { readAdvice } from './advice.ts';
import { agentEvents } from './agent-events.ts';
import { budgetWatch } from './budget-watch.ts';
import { carryOut } from './call.ts';
import { checkFiles, WRITTEN } from './changed-files.ts';
import { handIn } from './hand-in.ts';
import type { RunnerInput, StepRunner } from './runner.ts';
import { createToolCalls } from './tool-calls.ts';

/**
 * An agent with a process of its own, in the sandbox of the attempt. It works with its own tools; what it changed is
 * checked by path afterwards, and only the JSON object it ends with is taken for its word.
 */

/** One more try for an answer without its object. */
const MENDS = 1;
/** An agent is silent while its own commands run. */
const IDLE_FACTOR = 3;
/** It looks at more, and in smaller pieces, than our loop lets an agent do. */
const CALLS_PER_TURN = 3;
const MAX_ANSWER_TOKENS = 32_000;
/** Of what it said before it asked. */
const MOST_REMEMBERED = 4_000;

const saysUsage = (u: Usage): boolean =>
  u.tokensIn + u.tokensOut + u.tokensCacheRead + u.tokensCacheWrite > 0;

export function createProcess(l: RunnerInput): StepRunner {
  const { step, messages, model } = l;
  const { config, transcript, workspace: ws, signal, work, ports } = l.context;
  const provider = pipelines[l.pipeline].provider;
  const spent = { turns: l.spent.turns, tokens: l.spent.tokens };
  const readOnly = readOnlyReason(l.rules) !== null;
  const waited = l.resume;
  const write = agentEvents(l);
  let current: ToolCall | null = null;
  let taken = false;
  const hold = (call: ToolCall | null) => {
    current = call;
  };

  async function run(): Promise<void> {
    l.tools.state.finished = null;
    const call = taken ? null : waited?.memory.waiting;
    if (waited && call && call.name !== WRITTEN) await answerCall(waited, call);
    else if (call) {
      // What waited for the human had been done: only his word was missing.
      taken = true;
      const kept = call.arguments as { said?: Record<string, unknown>; paths?: string[] };
      const problems = await take(kept.said ?? null, kept.paths ?? []);
      if (problems.length === 0) return;
      tell(problems.join('\n'));
    } else if (!taken && waited) tell('You were interrupted and go on now. The files are as you left them.');
    taken = true;
    for (let mends = 0; ; mends++) {
      const problems = await take(await ask(), []);
      if (problems.length === 0) return;
      if (mends >= MENDS)
        throw new AlaiError(
          'MODEL_GARBAGE',
          `${l.pipeline} ended without an answer that can be used: ${problems[0]}`,
          'See the transcript for what it said.',
          { transient: false },
        );
      tell(
        `Your answer was not taken:\n${problems.map((p) => `- ${p}`).join('\n')}\nThe files are as you left them.`,
      );
    }
  }

  /** It asked by a call, which ended its process: a new one is told what came of it. */
  async function answerCall(from: Resume, call: ToolCall): Promise<void> {
    current = call;
    const settled = settle(call, from);
    const { ok, output } = settled.do ? await carryOut(l, call, true) : settled;
    current = null;
    if (!settled.do)
      transcript.add(step.key, 'tool_result', { id: call.id, name: call.name, ok, output, ms: 0 });
    tell(
      `You were working on this and called ${call.name} ${JSON.stringify(call.arguments)}. What came of it:\n${output}\nYour process was ended meanwhile; the files are as you left them. Go on from there.`,
    );
  }

  /** One run of the program; answers with the object it ended with. */
  async function ask(): Promise<Record<string, unknown> | null> {
    const found = programOf();
    const given = config.agents ? config.agents.given(found.agent, work) : givenTo(found.agent);
    const secondsLeft = step.limits.seconds - (performance.now() - l.spent.since) / 1_000;
    if (secondsLeft <= 0 || spent.tokens >= step.limits.tokens || spent.turns >= step.limits.turns)
      throw new AlaiError(
        'LIMIT_REACHED',
        `the step "${step.key}" has used up its limits`,
        'Raise the limit in the blueprint, or make the task smaller.',
      );
    spent.turns++;
    const prompt = messages.map((m) => m.content).join('\n\n');
    const scripted = await isScripted(given[found.agent.address]);
    const root = readOnly && !config.sandbox.isolates ? await ws.scratch() : ws.root;
    const forbidden = [...l.rules.rules.forbiddenPaths, ...l.rules.paths.deny];
    const tokens = step.limits.tokens - spent.tokens;
    const asked = {
      provider,
      model,
      tokensIn: tokensOf(prompt),
      maxTokens: Math.min(MAX_ANSWER_TOKENS, tokens),
    };
    await ports.beforeCall({ ...asked, totalMs: secondsLeft * 1_000 });
    const meter: Meter = { usage: NO_USAGE };
    const heard = { calls: 0, text: '' };
    // Agents that say what they used only at their end, or not at all, are taken by their words.
    const used = (): Usage => {
      if (saysUsage(meter.usage) || (heard.calls === 0 && heard.text === '')) return meter.usage;
      const tokensIn = tokensOf(prompt) * (heard.calls + 1);
      return { ...NO_USAGE, tokensIn, tokensOut: tokensOf(heard.text) };
    };
    const watch = budgetWatch(() =>
      ports.beforeCall({ ...asked, totalMs: secondsLeft * 1_000, used: used() }),
    );
    const packages = await preparePackages(l.context, root);
    const refusals = createRefusals(
      (what) =>
        `${found.agent.title} wanted to reach ${what}, and was refused: the network of this step is closed but for its model.`,
    );
    const calls = createToolCalls(l, {
      most: step.limits.turns * CALLS_PER_TURN,
      id: (n) => `${step.key}-${spent.turns}-c${n}`,
      hold,
      // What it asked before is counted by the conversation, and what it said until then helps whoever goes on.
      begun: (call) => {
        if (call.name === 'ask_human')
          messages.push({
            role: 'assistant',
            content: heard.text.slice(-MOST_REMEMBERED),
            toolCalls: [call],
          });
      },
    });
    const from = performance.now();
    let errorCode: string | null = null;
    try {
      const protect = config.sandbox.isolates && !readOnly ? await protectedPaths(ws.root, forbidden) : [];
      const run = () =>
        runAgent(
          {
            found,
            prompt,
            model,
            schema: answerSchema(l.specs),
            given,
            seconds: secondsLeft,
            idleSeconds: step.limits.idleSeconds * IDLE_FACTOR,
            tokens,
            calls: step.limits.turns * CALLS_PER_TURN,
            sameCalls: step.limits.identicalCalls,
            network: step.network,
            tools: calls,
            place: {
              root,
              readOnly: readOnly && config.sandbox.isolates,
              ...(packages ? { packages } : {}),
              protect,
              sandbox: config.sandbox,
              hostDir: config.hostDir,
              attempt: work.attemptId,
              signal,
            },
            onEvent: (e, end) => {
              if (e.kind === 'call') heard.calls++;
              if (e.kind === 'text') heard.text += e.text;
              if (e.kind === 'refused') note(refusals.told(e.what));
              else write(e);
              if (e.kind === 'usage' || e.kind === 'call') watch(end);
            },
          },
          meter,
        ).catch((e: unknown) => {
          // It may fail with words of its own, which are read by people and stored.
          throw isAlaiError(e) ? new AlaiError(e.code, l.tools.mask(e.message), e.hint, e.data, e.cause) : e;
        });
      const guard = config.agents?.guard;
      const r = guard ? await guard(found.agent.provider, work, signal, run) : await run();
      await calls.settled();
      messages.push({ role: 'assistant', content: r.text });
      if (!saysUsage(meter.usage)) {
        heard.text ||= r.text;
        transcript.add(step.key, 'harness', {
          text: 'It does not say what it used: its tokens are estimated from its words.',
        });
      }
      return r.answer ?? readAdvice(r.text).said;
    } catch (e) {
      if (!(e instanceof Asked))
        errorCode = signal.aborted ? 'ABORTED' : isAlaiError(e) ? e.code : 'INTERNAL';
      throw e;
    } finally {
      const usage = used();
      note(refusals.summary());
      spent.tokens += usage.tokensIn + usage.tokensOut;
      // Behind an open breaker it was never asked.
      if (mayStillTell(signal) && errorCode !== 'MODEL_PAUSED')
        await l.recordCall({
          stepKey: step.key,
          provider,
          model,
          ...usage,
          ms: Math.round(performance.now() - from),
          ok: errorCode === null,
          errorCode,
          scripted,
        });
    }
  }

  function programOf(): InstalledAgent {
    const found = isCliProvider(provider) ? (config.agents?.find ?? installedAgent)(provider) : null;
    if (found) return found;
    throw new AlaiError(
      'MODEL_MISSING',
      `${provider} is not installed on ${work.host}`,
      `Install it there, then look at: npx alai agents`,
      { transient: false, kind: 'permanent' },
    );
  }

  /** Checks what was written, then takes its word. Forbidden files are put back, and end the step. */
  async function take(said: Record<string, unknown> | null, allowed: string[]): Promise<string[]> {
    if (!readOnly) await checkFiles(l, said, allowed, hold);
    const problems: string[] = [];
    let n = 0;
    await handIn(l, said, problems, async (name, args) => {
      current = { id: `${step.key}-${spent.turns}-${++n}`, name, arguments: args };
      const r = await carryOut(l, current, false);
      current = null;
      if (!r.ok) problems.push(r.output);
    });
    return problems;
  }

  function note(text: string | null): void {
    if (text !== null) transcript.add(step.key, 'harness', { text: escapeText(l.tools.mask(text)) });
  }

  function tell(text: string): void {
    const told = l.tools.mask(text);
    transcript.add(step.key, 'harness', { text: told });
    messages.push({ role: 'user', content: told });
  }

  return { run, tell, soFar: () => ({ messages, ...spent }), waiting: () => current };
}
