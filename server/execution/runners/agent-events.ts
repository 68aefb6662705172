import { type AgentEvent, OUR_SERVER } from '../agents/agent.ts';
import { capText, escapeText } from '../escape.ts';
import { maskDeep } from '../prompt/mask.ts';
import type { RunnerInput } from './runner.ts';
import { shown } from './transcribe.ts';

const SHOWN = 20_000;
/** A call of ours is written down by us. */
const OURS = new RegExp(`(^|_)${OUR_SERVER}[_.-]`);

/** Writes down what an agent says and calls while it runs. */
export function agentEvents(l: RunnerInput): (e: AgentEvent) => void {
  const { step } = l;
  const { transcript, ports } = l.context;
  const ours = new Set<string>();
  return (e) => {
    const { mask } = l.tools;
    ports.progress();
    switch (e.kind) {
      case 'text':
        transcript.add(step.key, 'assistant', { text: escapeText(mask(e.text)) });
        break;
      case 'call':
        if (OURS.test(e.name)) ours.add(e.id);
        if (ours.has(e.id)) break;
        transcript.add(step.key, 'tool_call', {
          id: e.id,
          name: e.name,
          arguments: maskDeep(shown(e.arguments), mask),
        });
        break;
      case 'result': {
        if (ours.has(e.id)) break;
        const output = capText(escapeText(mask(e.output)), SHOWN).text;
        transcript.add(step.key, 'tool_result', { id: e.id, name: '', ok: e.ok, output, ms: 0 });
        break;
      }
      default:
    }
  };
}
