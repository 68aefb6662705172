import { isDeepStrictEqual } from 'node:util';
import { AlaiError, isAlaiError } from '#server/domain/errors.ts';
import type { Message, ToolCall } from '#server/models/provider.ts';
import { placeToRead, readRegular } from '../policy.ts';
import { answerSchema } from '../prompt/advice.ts';
import { applyChange, readAdvice } from './advice.ts';
import { modelCalls } from './ask.ts';
import { carryOut } from './call.ts';
import { handIn } from './hand-in.ts';
import type { RunnerInput, StepRunner } from './runner.ts';
import { errorData } from './transcribe.ts';

/**
 * A model without tools: it answers in text, and the harness carries the answer out through the very tools an agent would
 * have called, under the same rules. What could not be carried out is fed back, at most twice.
 */

const MENDS = 2;
const MAX_READ = 1024 * 1024;

export function createAdvisory(l: RunnerInput): StepRunner {
  const { messages, step } = l;
  const { transcript, signal } = l.context;
  const calls = modelCalls(l);
  const writes = step.tools.includes('write') || step.tools.includes('edit');
  const format = writes ? undefined : answerSchema(l.specs);
  // Each answer is whole, so its findings take the place of those of the one before.
  const knownFindings = l.tools.state.findings.length - (l.resume?.memory.findings.length ?? 0);
  let resume = l.resume;
  let current: ToolCall | null = null;

  async function run(): Promise<void> {
    l.tools.state.finished = null;
    // An answer that waited for the human is taken up again with his word.
    const kept = resume ? messages.findLast((m) => m.role === 'assistant') : undefined;
    const waited = resume;
    resume = null;
    let problems = kept ? await apply(kept.content, waited) : null;
    for (let mends = 0; ; mends++) {
      if (problems?.length === 0 && l.tools.state.finished !== null) return;
      if (problems) {
        if (mends > MENDS)
          throw new AlaiError(
            'MODEL_GARBAGE',
            `${l.model} gave nothing that could be carried out: ${problems[0]}`,
            'A model that can use tools may do better.',
            { transient: false },
          );
        tell(
          `Your answer was not taken whole:\n${problems.map((p) => `- ${p}`).join('\n')}\nAnswer again, whole.`,
        );
      }
      const text = await answer();
      problems = text === null ? ['nothing of it could be read'] : await apply(text, null);
    }
  }

  async function answer(): Promise<string | null> {
    try {
      const reply = await calls.ask(messages, { tools: [], format });
      messages.push({ role: 'assistant', content: reply.text });
      return reply.text;
    } catch (e) {
      signal.throwIfAborted();
      if (!isAlaiError(e) || e.code !== 'MODEL_GARBAGE') throw e;
      transcript.add(step.key, 'error', errorData(e));
      return null;
    }
  }

  /** Carries an answer out, in its order: files, changes, then what it says. Answers with what was not taken. */
  async function apply(text: string, waited: RunnerInput['resume']): Promise<string[]> {
    const advice = readAdvice(text);
    const problems = [...advice.problems];
    if (problems.length > 0) return problems;
    l.tools.state.findings.splice(knownFindings);
    const was = waited?.memory.waiting;
    const answer = waited?.answer;
    let n = 0;
    const call = async (name: string, args: unknown) => {
      const asked = was?.name === name && isDeepStrictEqual(was.arguments, args);
      if (asked && answer?.answer !== 'approve') {
        problems.push(`REFUSED: ${answer?.by ?? 'nobody'} does not allow this. ${answer?.note ?? ''}`.trim());
        return;
      }
      current = { id: `${step.key}-${calls.turns}-${++n}`, name, arguments: args };
      const r = await carryOut(l, current, asked);
      current = null;
      if (!r.ok) problems.push(r.output);
    };
    if (writes) {
      for (const f of advice.files) await call('write', { path: f.path, content: f.content });
      for (const c of advice.changes) {
        const made = applyChange(await textOf(c.path), c);
        if ('problem' in made) problems.push(made.problem);
        else await call('write', { path: c.path, content: made.text });
      }
    } else if (advice.files.length + advice.changes.length > 0)
      problems.push('this step writes no files: leave them out');
    await handIn(l, advice.said, problems, call);
    return problems;
  }

  async function textOf(path: string): Promise<string | null> {
    try {
      const place = await placeToRead(l.tools.root, path);
      return (await readRegular(place, path, MAX_READ)).toString();
    } catch {
      return null;
    }
  }

  function tell(said: string): void {
    const text = l.tools.mask(said);
    transcript.add(step.key, 'harness', { text });
    messages.push({ role: 'user', content: text } satisfies Message);
  }

  return {
    run,
    tell,
    soFar: () => ({ messages, turns: calls.turns, tokens: calls.tokens }),
    waiting: () => current,
  };
}
