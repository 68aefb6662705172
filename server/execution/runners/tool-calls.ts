import type { ToolCall } from '#server/models/provider.ts';
import type { HarnessTools } from '../agents/bridge.ts';
import { Asked } from '../asked.ts';
import { carryOut } from './call.ts';
import type { RunnerInput } from './runner.ts';

/**
 * The calls of our tools that an agent with a process of its own makes while it runs: the question to the human, and the
 * tools of the company's MCP servers. By the same code as a call of our own loop, and one after the other.
 */
export function createToolCalls(
  l: RunnerInput,
  o: {
    most: number;
    id: (n: number) => string;
    /** The call that is carried out now; it stays when the human is asked about it. */
    hold: (call: ToolCall | null) => void;
    /** It is about to be carried out. */
    begun: (call: ToolCall) => void;
  },
): HarnessTools & {
  /** When no call runs any more. Throws what ended the run, which may be over by itself before it could be stopped. */
  settled(): Promise<void>;
} {
  const own = l.specs.filter((s) => s.name === 'ask_human');
  const specs = [...own, ...l.tools.extra.map((t) => t.spec)];
  let before: Promise<unknown> = Promise.resolve();
  let over: Error | null = null;
  let n = 0;

  async function one(name: string, args: unknown, end: (why: Error) => void) {
    if (over) return { ok: false, output: 'FAILED: this run ends here; its question is with the human.' };
    if (!specs.some((s) => s.name === name))
      return { ok: false, output: `REFUSED: there is no tool "${name.slice(0, 60)}" here.` };
    if (++n > o.most) return { ok: false, output: `REFUSED: ${o.most} calls were made in this run.` };
    const call = { id: o.id(n), name, arguments: args };
    o.hold(call);
    o.begun(call);
    try {
      const { ok, output } = await carryOut(l, call, false);
      o.hold(null);
      return { ok, output };
    } catch (e) {
      // Only the human, an end from outside or our own fault comes here: each ends the run.
      over = e instanceof Error ? e : new Error(String(e));
      if (!(e instanceof Asked)) o.hold(null);
      end(over);
      return { ok: false, output: 'This run ends here. It goes on with the answer.' };
    }
  }

  return {
    specs,
    call(name, args, end) {
      const answer = before.then(() => one(name, args, end));
      before = answer;
      return answer;
    },
    async settled() {
      await before;
      if (over) throw over;
    },
  };
}
